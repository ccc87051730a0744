#!/bin/sh
# SPDX-License-Identifier: MIT
#
# site.sh IMAGE - makes the disk of the demo site: an ext2 image of the
# repository's own documents as pages, of its source, and of a few files that
# are there to be looked at.
#
#   MODULES       what the application is linked from, for the picture
#   SITE_EPOCH    the date of every file on it, in seconds since 1970; by
#                 default that of the newest of what it was made of
#
# Beside IMAGE it leaves IMAGE.d, which tells make what it was made of, and
# IMAGE.tree, the same files in a folder. Two that are made of the same files
# are the same, byte by byte, when SITE_EPOCH is.
set -eu
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin      # where mke2fs is
export LC_ALL PATH

tools=$(dirname "$0")
pages=kernel/apps/web/site          # ours: the template, the front page, ...
image=${1:?"usage: site.sh IMAGE"}
tree=$image.tree
uuid=6c6f6467-6500-4000-8000-68656c6c6f21

for program in cmark-gfm mke2fs debugfs gzip; do
    command -v $program > /dev/null || {
        echo "site.sh: there is no $program here. To install it: make setup" >&2
        exit 1
    }
done

# ---- What it is made of ---------------------------------------------------

# What there is of these: names of ours hold no spaces.
sources() {
    for place in README.md docs grader kernel labs slides solutions; do
        [ ! -e $place ] || echo $place
    done
}
trap 'rm -rf "$tree.new" "$image.list" "$image.new"' EXIT
find $(sources) -name __pycache__ -prune -o -name '.*' -prune -o -type f -print |
    sort > "$image.list"

# Folders too: a file that is new or gone changes theirs. What is gone itself is
# no error.
{
    find $(sources) -name __pycache__ -prune -o -name '.*' -prune -o -type d \
        -print
    cat "$image.list"
} | awk -v image="$image" '
    BEGIN { printf "%s:", image }
    { printf " \\\n%s", $0; rules = rules $0 ":\n" }
    END { printf "\n%s", rules }' > "$image.d"

rm -rf "$tree.new"
mkdir -p "$tree.new"
grep -v "^$pages/" "$image.list" | tar -cf - -T - | tar -xf - -C "$tree.new"

# ---- Pages ----------------------------------------------------------------

# HTML on stdin becomes the page $1, with title $2 and footnote $3, in our
# template.
page() {
    awk -v title="$2" -v foot="$3" '
        function put(line, mark, text,    at) {
            at = index(line, mark)
            print substr(line, 1, at - 1) text substr(line, at + length(mark))
        }
        FNR == NR { body[++n] = $0; next }
        /@TITLE@/ { put($0, "@TITLE@", title); next }
        /@FOOT@/ { put($0, "@FOOT@", foot); next }
        /@BODY@/ { for (i = 1; i <= n; i++) print body[i]; next }
        { print }' - "$pages/page.html" > "$tree.new/$1"
}

# A document's first heading, without marks.
title_of() {
    sed -n '/^# /{s/^# //;s/`//g;p;q;}' "$1"
}

# Links from page to page, and to a heading of one, as GitHub names it.
links() {
    awk '
        match($0, /^<h[1-6]>/) {
            id = tolower($0)
            gsub(/<[^>]*>|&[a-z]+;/, "", id)
            gsub(/[^a-z0-9 _-]/, "", id)
            gsub(/ /, "-", id)
            if (seen[id]++)
                id = id "-" (seen[id] - 1)
            sub(/>/, " id=\"" id "\">")
        }
        { print }' | sed 's/\(href="[^":]*\)\.md\([#"]\)/\1.html\2/g'
}

documents() {
    first='README.md labs/README.md kernel/README.md docs/architecture.md'
    for document in $first $(grep '\.md$' "$image.list"); do
        case " ${done_already-} " in
        *" $document "*) continue ;;
        esac
        done_already="${done_already-} $document"
        [ ! -e "$document" ] || echo "$document"
    done
}

documents > "$tree.new/documents"
while IFS= read -r document; do
    cmark-gfm -e table -e autolink -e strikethrough "$document" | links |
        page "${document%.md}.html" "$(title_of "$document")" \
            "From <a href=\"/$document\">$document</a>."
    printf '<li><a href="%s.html">%s<small>%s</small></a></li>\n' \
        "${document%.md}" "$(title_of "$document")" "$document"
done < "$tree.new/documents" > "$tree.new/cards"

sed -e "/@PAGES@/{r $tree.new/cards" -e 'd;}' "$pages/index.html" |
    page index.html 'hello localhost :)' ''
page live.html 'How this guest is doing' '' < "$pages/live.html"
rm "$tree.new/documents" "$tree.new/cards"
cp "$pages/style.css" "$pages/favicon.svg" "$pages/screen.png" "$tree.new/"

# ---- Picture and numbers --------------------------------------------------

make --silent --no-print-directory -f "$tools/modules.mk" |
    awk -v linked="${MODULES-}" -f "$tools/layers-graph.awk" \
        -f "$tools/layers-svg.awk" > "$tree.new/layers.svg"

# 2^20 lines of 16 bytes: line n begins at byte 16 n, and says n.
awk 'BEGIN { for (n = 0; n < 1048576; n++) printf "%015d\n", n }' \
    > "$tree.new/numbers.txt"

# For clients that accept it. Not for the source, whose folders are to be read.
find "$tree.new" -name '*.html' -o -name '*.css' -o -name '*.svg' |
    xargs gzip -n -9 -k

# ---- The disk -------------------------------------------------------------

epoch=${SITE_EPOCH-$(xargs stat -c %Y < "$image.list" | sort -n | tail -n 1)}
find "$tree.new" -exec chmod u=rwX,go=rX {} + -exec touch -d "@$epoch" {} +

kib=$(du -sk --apparent-size "$tree.new" | cut -f1)
files=$(find "$tree.new" | wc -l)
rm -f "$image.new"
truncate -s $(((kib + files * 4) / 1024 + 3))M "$image.new"

# What mke2fs takes from the folder and is not to be seen on the disk: owners,
# and when a file was last read or came to be.
export E2FSPROGS_FAKE_TIME="$epoch"
mke2fs -q -F -t ext2 -d "$tree.new" -b 4096 -I 256 -m 0 -N $((files + 64)) \
    -O none,filetype,sparse_super \
    -E "root_owner=0:0,hash_seed=$uuid" -U "$uuid" -L lodge "$image.new"
awk -v last=$((files + 10)) -v now="@$epoch" 'BEGIN {
    for (i = 12; i <= last; i++) {
        print "sif <" i "> atime " now
        print "sif <" i "> ctime " now
        print "sif <" i "> uid 0"
        print "sif <" i "> gid 0"
    }
}' > "$image.list"
debugfs -w -f "$image.list" "$image.new" > /dev/null 2>&1

rm -rf "$tree"
mv "$tree.new" "$tree"
mv "$image.new" "$image"
