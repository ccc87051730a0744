#!/bin/sh
# SPDX-License-Identifier: MIT
#
# disk.sh IMAGE - a disk of 2048 sectors, each of which says which one it is.
set -eu
awk 'BEGIN {
    for (sector = 0; sector < 2048; sector++) {
        line = sprintf("this is sector %d of 2048\n", sector)
        for (room = 512; room >= length(line); room -= length(line))
            printf "%s", line
        printf "%*s", room, "\n"
    }
}' > "$1.new"
mv "$1.new" "$1"
