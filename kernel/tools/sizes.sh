#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sizes.sh FOLDER APPLICATION... - a table of what the applications that were
# built in FOLDER cost, in bytes: code and constants, variables with a value,
# variables without, and the stripped image that is booted.
set -eu
folder=$1
shift

printf '%-12s %9s %9s %9s %9s\n' application text data bss image
for app; do
    "${SIZE:-size}" "$folder/$app/kernel.elf" | awk -v app="$app" \
        -v image="$(wc -c < "$folder/$app/kernel.img")" \
        'NR == 2 { printf "%-12s %9d %9d %9d %9d\n", app, $1, $2, $3, image }'
done
