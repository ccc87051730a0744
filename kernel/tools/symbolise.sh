#!/bin/sh
# SPDX-License-Identifier: MIT
#
# symbolise.sh KERNEL.ELF - a filter: passes its input on, and says of each
# line "  at 0x00100abc" of a backtrace which function that is, and where in
# the source. A function that the compiler has put into its caller is shown
# above it.
#
#     at 0x00100abc virtq_add solutions/05-virtqueue/virtqueue.c:71
#
# ADDR2LINE names the program that knows.
elf=${1:?"usage: symbolise.sh KERNEL.ELF < log"}
[ -r "$elf" ] || { echo "symbolise.sh: can't read $elf" >&2; exit 1; }

carriage_return=$(printf '\r')
while IFS= read -r line || [ -n "$line" ]; do
    plain=${line%"$carriage_return"}
    digits=${plain#"  at 0x"}
    case $digits in
    "$plain" | *[!0-9a-f]* | "") printf '%s\n' "$line" ;;
    *)
        "${ADDR2LINE:-addr2line}" -p -f -i -e "$elf" "0x$digits" |
            sed -e "s/^ (inlined by) //" -e "s| at \./| |" -e "s/ at / /" \
                -e "s/ (discriminator [0-9]*)//" -e "s/^/  at 0x$digits /"
        ;;
    esac
done
