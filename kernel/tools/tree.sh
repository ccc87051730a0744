#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tree.sh DIR - prints DIR as assembly: the image that fs/mem serves.
#
# The layout is drawn in kernel/fs/mem/mem.h. Contents are taken in by
# .incbin, so the assembler must run where the path DIR leads to the same
# folder. Files and folders only (symbolic links are followed); a name may
# hold any character but a line break.
set -eu
LC_ALL=C
export LC_ALL

fail() {
    echo "tree.sh: $1" >&2
    exit 1
}

[ $# -eq 1 ] || fail "give it one folder: tree.sh DIR"
dir=${1%/}
[ -d "$dir" ] || fail "$1 is not a folder; see TREE in the app.mk"
newline='
'
[ -z "$(find -L "$dir" -name "*$newline*" -print)" ] ||
    fail "a name under $dir has a line break in it"

odd=$(find -L "$dir" ! -type f ! -type d -print | sed 1q)
[ -z "$odd" ] || fail "$odd is neither a file nor a folder"

# One path a line, in the order in which fs/mem searches; the first is DIR.
paths() {
    find -L "$dir" -print | sort
}

# A C string's inside.
quote() {
    printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}

cat <<END
    .section .rodata.fs_mem_tree, "a"
    .globl fs_mem_tree
    .balign 16
fs_mem_tree:
    .long $(paths | wc -l), 0
END

# struct fs_mem_entry: path, path_len, data, type; size, mtime.
n=0
paths | while IFS= read -r path; do
    [ -d "$path" ] && type=1 || type=0
    echo "    .long path$n - fs_mem_tree, path${n}_end - path$n"
    echo "    .long data$n - fs_mem_tree, $type"
    echo "    .quad data${n}_end - data$n, $(stat -L -c %Y "$path")"
    n=$((n + 1))
done

# Not echo: some shells' takes backslashes for its own.
n=0
paths | while IFS= read -r path; do
    printf 'path%d: .ascii "%s"\n' $n "$(quote "${path#"$dir"}")"
    printf 'path%d_end:\n' $n
    n=$((n + 1))
done

n=0
paths | while IFS= read -r path; do
    if [ -d "$path" ]; then
        printf 'data%d:\n' $n
    else
        printf '    .balign 16\ndata%d: .incbin "%s"\n' $n "$(quote "$path")"
    fi
    printf 'data%d_end:\n' $n
    n=$((n + 1))
done

echo '    .section .note.GNU-stack, "", %progbits'
