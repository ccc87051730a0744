#!/bin/sh
# SPDX-License-Identifier: MIT
#
# layers.sh [--check] - draws the picture of the layers in kernel/README.md
# anew, between its two marks; with --check only says whether it is right.
set -eu
LC_ALL=C
export LC_ALL

page=kernel/README.md
tools=$(dirname "$0")
new=$(mktemp)
trap 'rm -f "$new" "$new.lists"' EXIT

make --silent --no-print-directory -f "$tools/modules.mk" > "$new.lists"
draw="awk -f $tools/layers-graph.awk -f $tools/layers.awk"
awk -v lists="$new.lists" -v draw="$draw" '
    /^<!-- layers end -->/ { inside = 0; ended++ }
    !inside { print }
    /^<!-- layers begin/ {
        inside = 1
        print "```"
        fflush()
        system(draw " " lists)
        print "```"
    }
    END { exit !(ended == 1 && !inside) }' "$page" > "$new" || {
    echo "layers.sh: $page lacks the marks between which to draw" >&2
    exit 1
}

if cmp -s "$new" "$page"; then
    exit 0
elif [ "${1-}" = --check ]; then
    echo "$page shows other layers than NEEDS has: make layers"
    exit 1
fi
cat "$new" > "$page"
echo "  LAYERS  $page"
