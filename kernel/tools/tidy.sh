#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tidy.sh APPLICATION... - has clang-tidy (see .clang-tidy) and cppcheck read
# every C file of ours that is linked into these on any target, as it is
# compiled there, and says what they find. Nothing found: nothing said, status 0.
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
: > "$work/list"
for target in x86_64/lwip aarch64/lwip unix/lwip unix/sockets; do
    arch=${target%/*}
    for app; do
        make --silent --no-print-directory -f "$tools/tidy.mk" APP="$app" \
            ARCH="$arch" NET="${target#*/}" SANITIZE= HEAP=lodge MINE= LAB= \
            BUILD="${BUILD:-build}" >> "$work/all" 2> "$work/why" && continue
        grep -q "can't be built with" "$work/why" || {
            cat "$work/why" >&2
            exit 1
        }
    done
    # What an earlier target has as well is read there.
    awk 'FILENAME == ARGV[1] { read[$1] = 1; next } !read[$1]++' \
        "$work/list" "$work/all" > "$work/more"
    cut -d' ' -f1 "$work/more" > "$work/sources-$arch-${target#*/}"
    cat "$work/more" >> "$work/list"
    : > "$work/all"
done
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
for sources in "$work"/sources-*; do
    [ -s "$sources" ] || continue
    arch=${sources#"$work/sources-"}
    cppcheck --quiet --std=c11 --platform=unix64 --language=c \
        -j "${JOBS:-2}" --enable=warning,performance,portability \
        --inline-suppr --suppressions-list="$tools/cppcheck.txt" \
        --error-exitcode=1 -Ikernel -Ikernel/arch/"${arch%-*}" \
        --file-list="$sources" || touch "$work/bad"
done

[ ! -e "$work/bad" ] || {
    echo 'tidy: the lines above say what to mend, or to explain where it stands'
    exit 1
}
