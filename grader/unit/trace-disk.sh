#!/bin/sh
# SPDX-License-Identifier: MIT
#
# trace-disk.sh IMAGE - the disk of the recorded visit (trace.txt): always the
# same bytes.
set -eu
image=$1
id=6c6f6467-6500-4000-8000-747261636500
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/deep/er"
awk 'BEGIN { for (i = 0; i < 64; i++) printf "%015d\n", i }' > "$tree/1k.txt"
awk 'BEGIN { for (i = 0; i < 1024; i++) printf "%015d\n", i }' > "$tree/16k.bin"
echo '<p>hello localhost :)' > "$tree/index.html"
echo '<p>deeper' > "$tree/deep/er/page.html"
find "$tree" -exec touch -d '2009-02-13 23:31:30 UTC' {} +
rm -f "$image"
E2FSPROGS_FAKE_TIME=1234567890 mke2fs -q -F -t ext2 -d "$tree" -b 1024 -I 128 \
    -m 0 -O none,filetype -E "root_owner=0:0,hash_seed=$id" -U "$id" \
    "$image" 256
