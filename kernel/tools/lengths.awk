# SPDX-License-Identifier: MIT
#
# lengths.awk - the form of a source file: its licence line, the length of its
# lines and functions and of the file itself, and no conditional compilation
# in a .c file (another machine is another file, picked by make).
#
#   awk -f lengths.awk FILE...
#
# Run it with LC_ALL=C: columns are counted from bytes. A file of tests may be
# long, and a module.mk is too short for a licence line.

function complain(at, what) {
    print file ":" at ": " what
    bad = 1
}

function finish_file() {
    if (file == "")
        return
    if (!licence && file !~ /\/(module|app)\.mk$/)
        complain(1, "has no line \"SPDX-License-Identifier: MIT\" at its top")
    if (body && lines > 300)
        complain(lines, "has " lines " lines; a file is one idea of at most 300")
}

FNR == 1 {
    finish_file()
    file = FILENAME
    licence = opened = 0
    code = (file ~ /\.[ch]$/)
    body = code && file !~ /^grader\//
}

{ lines = FNR }

FNR <= 3 && /SPDX-License-Identifier: MIT/ { licence = 1 }

code || file ~ /\.mk$/ {
    line = $0
    gsub(/[\200-\277]/, "", line)    # all but the first byte of a character
    if (length(line) > 80)
        complain(FNR, "is " length(line) " columns wide; at most 80")
}

/[ \t]$/ { complain(FNR, "ends in a space") }

file ~ /\.c$/ && body && /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)/ {
    complain(FNR, "conditional compilation in a .c file: make it two files")
}

# Functions have their braces in the first column, and nothing else has.
code && /^\{/ { opened = FNR }
code && /^\}/ && opened {
    if (FNR - opened - 1 > 60)
        complain(opened, "this function has " FNR - opened - 1 \
                 " lines; at most 60")
    opened = 0
}

END {
    finish_file()
    exit bad
}
