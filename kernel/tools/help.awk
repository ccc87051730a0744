# SPDX-License-Identifier: MIT
#
# help.awk - prints the comments "## target [ARGUMENTS]: what it does" of the
# makefiles given, aligned; "## : more" goes on with the line before.
BEGIN { FS = ": " }
/^## / {
    name = substr($0, 4, index($0, ": ") - 4)
    text = substr($0, index($0, ": ") + 2)
    if (length(name) > 28)
        printf "  make %s\n%36s%s\n", name, "", text
    else
        printf "  %-34s%s\n", (name ~ /^ *$/) ? "" : "make " name, text
}
END {
    print ""
    print "What an application is made of is said by kernel/rules.mk (APP, MINE,"
    print "BUILD, V=1 ...), on what machine it runs by kernel/machine.mk (MACHINE,"
    print "MEM, APPEND, PORT, QEMU_ARGS ...): see the heads of both."
}
