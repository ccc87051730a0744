#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tidy.sh APPLICATION... - has clang-tidy (see .clang-tidy) and cppcheck read
# every C file of ours that is linked into these, as it is compiled there, and
# says what they find. Nothing found: nothing said, status 0.
#
#   BUILD   where lwIP is
#   JOBS    how many at a time
set -u
tools=$(dirname "$0")
. "$tools/needs.sh"
met tidy || {
    echo "tidy: there is no clang-tidy or no cppcheck here: make tidy" >&2
    exit 1
}

work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
for app; do
    make --silent --no-print-directory -f "$tools/tidy.mk" APP="$app" MINE= \
        LAB= BUILD="${BUILD:-build}" || exit
done | sort -u -k1,1 > "$work/list"
[ -s "$work/list" ] || exit

# A process for each file; its words in a file of its own, so that those of two
# don't mingle.
cat > "$work/one" <<'END'
work=$1
shift
source=$1
shift
words=$work/$(echo "$source" | tr / _)
clang-tidy --quiet "$source" -- "$@" > "$words" 2> "$words.counts" ||
    touch "$work/bad"
END
xargs -P "${JOBS:-2}" -L 1 sh "$work/one" "$work" < "$work/list"
cat "$work"/kernel_* "$work"/solutions_* 2> /dev/null |
    grep -v -e '^[0-9]* warnings\? ' -e '^Suppressed ' -e '^Use -header-filter'

# What it can't know alone: functions that are called from elsewhere, headers
# that it need not see.
cut -d' ' -f1 "$work/list" > "$work/sources"
cppcheck --quiet --std=c11 --platform=unix64 --language=c -j "${JOBS:-2}" \
    --enable=warning,performance,portability --inline-suppr \
    --suppressions-list="$tools/cppcheck.txt" --error-exitcode=1 \
    -Ikernel -Ikernel/arch/x86_64 --file-list="$work/sources" ||
    touch "$work/bad"

[ ! -e "$work/bad" ] || {
    echo 'tidy: the lines above say what to mend, or to explain where it stands'
    exit 1
}
