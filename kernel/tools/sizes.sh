#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sizes.sh FOLDER APPLICATION... - a table of what the applications that were
# built in FOLDER cost, in bytes: code and constants, variables with a value,
# variables without, the stripped image that is booted, and the smallest memory
# in which it runs, in MiB, where FOLDER/APPLICATION/smallest says it.
set -eu
folder=$1
shift

printf '%-12s %9s %9s %9s %9s %9s\n' application text data bss image memory
for app; do
    memory=-
    [ ! -e "$folder/$app/smallest" ] || read -r memory < "$folder/$app/smallest"
    "${SIZE:-size}" "$folder/$app/kernel.elf" | awk -v app="$app" \
        -v image="$(wc -c < "$folder/$app/kernel.img")" \
        -v memory="$memory" \
        'NR == 2 { printf "%-12s %9d %9d %9d %9d %9s\n", \
                   app, $1, $2, $3, image, memory }'
done
