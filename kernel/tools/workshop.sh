#!/bin/sh
# SPDX-License-Identifier: MIT
#
# workshop.sh FOLDER - writes the students' files of the three-hour edition
# (tracks/workshop) into FOLDER: of the labs that it visits, with only the
# regions blank that it has time for. Says what to do with them.
#
# FOLDER/track lists those regions, for the tools that ask.
set -eu

folder=$1
tools=$(dirname "$0")
track=$(sed 's/#.*//' "$tools/tracks/workshop" |
    grep -oE '[0-9]+\.[0-9]+' | tr '\n' ' ')
track=${track% }

case $folder in
labs | labs/* | ./labs | */../*)
    echo "DIR=$folder is not for an edition: labs/ has all of the labs." \
        "Another name, please, as in: make workshop DIR=workshop" >&2
    exit 1
    ;;
esac

# Numbers of regions, to be split.
sh "$tools/stubs.sh" --alone "$folder" $track
printf '%s\n' "$track" > "$folder/track"

cat << END

The three-hour edition is in $folder/: these files are yours to write, and
in them only what still says lab_todo(). All else is given, and complete.

Say once, in each terminal that you work in:

  export LABS=$folder

and then, lab by lab, with the handouts in labs/:

  make next                       what to write now, and where
  make grade LAB=1 STEP=1.3       is it right? Then 1.4 and 1.5
  make screen LAB=1               your screen, as a picture
  make grade LAB=5 STEP=5.2       virtq_add, then 5.4, virtq_poll
  make run LAB=5                  dice, rolled through your ring
  make grade LAB=12 STEP=12.1     the request line, then 12.7, the path
  make run APP=web MINE="1 5 12"  the page, over all three
  make progress                   how far you are

The checks of what is given pass from the beginning. docs/workshop.md has the
timetable.
END
