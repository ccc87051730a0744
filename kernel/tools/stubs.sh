#!/bin/sh
# SPDX-License-Identifier: MIT
#
# stubs.sh [--alone] FOLDER [NUMBER...] - writes the students' edition of every
# exercise file of solutions/ into FOLDER; with numbers (5.2 6.1) only those
# regions are blank, and --alone leaves out labs that have none of them. Says
# which files it wrote, and leaves alone those that are right.
#
# Writes all or nothing: not when a region is malformed, and not over work that
# git could not bring back.
set -eu

alone=
[ "$1" != --alone ] || {
    alone=1
    shift
}
folder=$1
shift
track=$*
tools=$(dirname "$0")
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT

# Is file $1 of a lab that has work for a student?
visited() {
    lab=${1%%-*}
    case " $track" in
    *" ${lab#0}."*) ;;
    *) [ -z "$alone" ] ;;
    esac
}

# Could what stands in file $1 be had back?
safe() {
    [ -z "$(git status --porcelain --ignored -- "$1" 2>&1)" ]
}

failed=0
changed=
for solution in solutions/*/*.c; do
    file=${solution#solutions/}
    visited "$file" || continue
    mkdir -p "$new/${file%/*}"
    awk -f "$tools/stubs.awk" -v track="$track" "$solution" \
        > "$new/$file" || { failed=1 && continue; }
    stub=$folder/$file
    if [ -e "$stub" ]; then
        cmp -s "$new/$file" "$stub" && continue
        safe "$stub" || {
            echo "$stub holds work that is not committed:" \
                'commit it or move it away, then ask again' >&2
            failed=1
        }
    fi
    changed="$changed $file"
done

for number in $track; do
    grep -q "TODO $number " solutions/*/*.c || {
        echo "solutions/ has no region $number" >&2
        failed=1
    }
done
[ $failed = 0 ] || exit 1

for file in $changed; do
    mkdir -p "$folder/${file%/*}"
    cp "$new/$file" "$folder/$file"
    echo "  STUB  $folder/$file"
done
