#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint.sh - holds the sources here against what the house asks of them, and
# says where they differ: see includes.awk and lengths.awk.
set -u
LC_ALL=C
export LC_ALL

tools=$(dirname "$0")
lists=$(mktemp) || exit
trap 'rm -f "$lists"' EXIT
for port in kernel/arch/*/sources.mk; do
    port=${port#kernel/arch/}
    echo "ARCH ${port%/*}"
    make --silent --no-print-directory -f "$tools/modules.mk" \
        ARCH="${port%/*}" || exit
done > "$lists" || exit

# Names of ours hold no spaces; lists of them may be split.
here() {
    find kernel labs solutions grader Makefile .ci "$@" 2>/dev/null |
        grep -v -e __pycache__ -e /mutants/ | sort
}

bad=0
awk -f "$tools/includes.awk" "$lists" \
    $(here -name '*.[chS]' | grep -v '^grader/') || bad=1
awk -f "$tools/lengths.awk" $(here -type f '(' -name '*.[chS]' \
    -o -name '*.mk' -o -name Makefile -o -name '*.sh' -o -name '*.awk' \
    -o -name '*.py' -o -name '*.ld' -o -path .ci/run ')') || bad=1

[ $bad = 0 ] || echo 'lint: the lines above say what to mend'
exit $bad
