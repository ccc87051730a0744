#!/bin/sh
# SPDX-License-Identifier: MIT
#
# porting.sh - holds what the engine links for one target against what it links
# for another, and says which files differ, with their lines.
#
#   porting.sh                  writes the tables in docs/porting.md anew,
#                               between their marks
#   porting.sh --check          only says whether they are right
#   porting.sh APP ONE TWO      for one application, to be read on a terminal
#
# A target is x86_64, aarch64, unix-lwip or unix-sockets. In the page's tables
# are all applications that can be built for both.
set -eu
LC_ALL=C
export LC_ALL

page=docs/porting.md
tools=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What application $1 is made of for target $2: into $work/$2/$1, or why it
# can't be, into $1.not.
list() {
    mkdir -p "$work/$2"
    net=${2#"${2%%-*}"}
    make --silent --no-print-directory -f "$tools/porting.mk" APP="$1" \
        ARCH="${2%%-*}" ${net:+NET="${net#-}"} HOST_CPU=x86_64 MINE= LAB= \
        > "$work/$2/$1" 2> "$work/$2/$1.not" && rm "$work/$2/$1.not" && return
    rm "$work/$2/$1"
    grep -q "can't be built with" "$work/$2/$1.not" || {
        cat "$work/$2/$1.not" >&2
        exit 1
    }
}

# The table for targets $1 and $2, of those applications that both have; and
# which has which alone.
table() {
    : > "$work/one"
    : > "$work/two"
    for app in $apps; do
        if [ -f "$work/$1/$app" ] && [ -f "$work/$2/$app" ]; then
            cat "$work/$1/$app" >> "$work/one"
            cat "$work/$2/$app" >> "$work/two"
        fi
    done
    awk -v one="$1" -v two="$2" -f "$tools/porting.awk" "$work/one" "$work/two"
    for app in $apps; do
        [ -f "$work/$1/$app.not" ] && [ -f "$work/$2/$app.not" ] ||
            cat "$work/$1/$app.not" "$work/$2/$app.not" 2> "$work/none" || :
    done | sed -n "s/.*\*\*\* \([^ ]*\) can't be built with ARCH=\([^:]*\): \(.*\)\.  Stop\.\$/- \`\1\` is not for \2: \3./p" > "$work/not"
    [ ! -s "$work/not" ] || { echo; cat "$work/not"; }
}

if [ $# = 3 ]; then
    list "$1" "$2"
    list "$1" "$3"
    if cat "$work"/*/*.not >&2 2> "$work/none"; then
        exit 1
    fi
    awk -v form=text -v one="$2" -v two="$3" -f "$tools/porting.awk" \
        "$work/$2/$1" "$work/$3/$1"
    exit
fi

apps=$(echo kernel/apps/*/app.mk | sed 's,kernel/apps/,,g; s,/app.mk,,g')
for app in $apps; do
    for target in x86_64 aarch64 unix-lwip unix-sockets; do
        list "$app" "$target"
    done
done

# A mark is <!-- ports begin ONE TWO ... -->, and <!-- ports end --> below it.
while IFS= read -r line; do
    case $line in
    '<!-- ports end -->'*) inside= ;;
    esac
    [ -n "${inside-}" ] || printf '%s\n' "$line"
    case $line in
    '<!-- ports begin '*)
        inside=1
        rest=${line#'<!-- ports begin '}
        one=${rest%% *}
        rest=${rest#* }
        table "$one" "${rest%%[: ]*}"
        ;;
    esac
done < "$page" > "$work/page"

if cmp -s "$work/page" "$page"; then
    exit 0
elif [ "${1-}" = --check ]; then
    echo "$page shows other files than the engine links: make ports"
    exit 1
fi
cat "$work/page" > "$page"
echo "  PORTS  $page"
