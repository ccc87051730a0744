# SPDX-License-Identifier: MIT
#
# stubs.awk - makes an exercise file into what a student finds.
#
#   awk -f stubs.awk [-v track="5.2 6.1"] SOLUTION > STUB
#
# A region opens with a comment that begins TODO NUMBER NAME: and tells the
# student what to write, and closes with the comment END NUMBER. What stands
# between the two makes way for lab_todo("NUMBER NAME"). With a track only the
# regions of those numbers are blank; the others stay, marked GIVEN.

function fail(at, what) {
    print FILENAME ":" at ": " what > "/dev/stderr"
    failed = 1
    exit 1
}

BEGIN {
    n = split(track, list, " ")
    for (i = 1; i <= n; i++)
        wanted[list[i]] = 1
}

/\/\* *TODO/ {
    if (opened)
        fail(FNR, "region " number " of line " opened " is still open: END " \
             number " is missing")
    if (!match($0, /^ *\/\* TODO [0-9A-Z]+\.[0-9]+ [a-z_0-9]+:/))
        fail(FNR, "a region opens like this: /* TODO 5.2 virtq_add: ...")
    split(substr($0, 1, RLENGTH - 1), word, "TODO ")
    indent = word[1]
    sub(/\/.*/, "", indent)
    step = word[2]
    number = step
    sub(/ .*/, "", number)
    opened = FNR
    comment = 1
    blank = (track == "" || number in wanted)
    if (!blank)
        sub(/TODO/, "GIVEN")
}

/\/\* *END / {
    closes = $0
    sub(/.*\/\* *END */, "", closes)
    sub(/ *\*\/.*/, "", closes)
    if (!opened)
        fail(FNR, "END " closes " closes no region")
    if (comment || closes != number)
        fail(FNR, "END " closes " stands in region " number " of line " opened)
    opened = 0
}

!opened || !blank || comment { print }

comment && /\*\// {
    comment = 0
    if (!/\*\/ *$/)
        fail(FNR, "code stands behind the comment of region " number)
    if (blank)
        print indent "lab_todo(\"" step "\");"
}

END {
    if (!failed && opened)
        fail(opened, "region " number " is not closed: END " number \
             " is missing")
}
