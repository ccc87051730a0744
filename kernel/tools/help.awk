# SPDX-License-Identifier: MIT
#
# help.awk - prints the comments "## target [ARGUMENTS]: what it does" of the
# makefiles given, aligned; "## : more" goes on with the line before, and
# "## == To teach" says to which group those that follow belong: a student's
# come first. Each file begins in the group of the kit's own.
BEGIN {
    FS = ": "
    groups = split("To begin|To work on a lab|To teach|To work on the kit|" \
                   "To measure", group, "|")
}

FNR == 1 { at = "To work on the kit" }
/^## == / {
    at = substr($0, 7)
    next
}

/^## / {
    name = substr($0, 4, index($0, ": ") - 4)
    what = substr($0, index($0, ": ") + 2)
    if (length(name) > 28)
        line = sprintf("  make %s\n%36s%s\n", name, "", what)
    else
        line = sprintf("  %-34s%s\n", \
                       (name ~ /^ *$/) ? "" : "make " name, what)
    text[at] = text[at] line
}

END {
    for (i = 1; i <= groups; i++)
        printf "%s\n\n%s\n", group[i], text[group[i]]
    print "What an application is made of is said by kernel/rules.mk (APP, MINE,"
    print "BUILD, V=1 ...), on what machine it runs by kernel/machine.mk (MACHINE,"
    print "MEM, APPEND, PORT, QEMU_ARGS ...): see the heads of both."
}
