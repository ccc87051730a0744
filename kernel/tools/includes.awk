# SPDX-License-Identifier: MIT
#
# includes.awk - does every file include only what its module NEEDS?
#
#   awk -f includes.awk LISTS FILE...
#
# LISTS is what modules.mk prints for each port, behind a line "ARCH port"; the
# files are the headers and sources of kernel/, labs/ and solutions/. A file may
# include headers of its own module and of those that the module needs, directly
# or through others. arch and core count as needed by all but those on which
# they rest themselves. An exercise file belongs to the module that lists it.
# NEEDS must not go round in circles: there would be no lowest layer.
#
# A file is a port's own when it lies in a folder of the port's name, when it is
# an exercise of that port alone, or when its module says ARCHS := port. Only
# such files may include a port's headers; and such folders are found under
# arch/ and drivers/, and nowhere else.

function complain(where, what) {
    print where ": " what
    bad = 1
}

# The module whose folder holds `file`, a path under kernel/.
function module_of(file) {
    while (sub(/\/[^\/]*$/, "", file))
        if (file in module)
            return file
    return ""
}

function owner(file) {
    if (file ~ /^kernel\//)
        return module_of(substr(file, 8))
    sub(/^[^\/]*\//, "", file)      # labs/ or solutions/
    return exercise[file]
}

# The port whose own `file` is, or "".
function port_of(file,    part, n, i) {
    if (file in only)
        return port_named[only[file]]
    n = split(file, part, "/")
    for (i = 2; i < n; i++)
        if (part[i] in port)
            return part[i]
    return port_named[archs[owner(file)]]
}

# Has every port of `ports` (or all, if there is none) such a header?
function in_ports(ports, header,    p) {
    for (p in port)
        if ((ports == "" || p == ports) &&
            !(("kernel/arch/" p "/" header) in known))
            return 0
    return 1
}

# Marks in reach[top, ...] what `top` gets by needing `m`.
function walk(top, m,    list, n, i) {
    if ((top, m) in reach)
        return
    reach[top, m] = 1
    n = split(needs[m], list, " ")
    for (i = 1; i <= n; i++)
        walk(top, list[i])
}

function finish_lists(    m, given, i, list, n) {
    for (m in module) {
        n = split(needs[m], list, " ")
        for (i = 1; i <= n; i++) {
            if (list[i] in module)
                walk(m, list[i])
            else
                complain("kernel/" m, "needs " list[i] ", but kernel/" \
                         list[i] " has no module.mk")
        }
        if ((m, m) in reach)
            complain("kernel/" m, "needs itself, through others: see NEEDS")
    }
    split("arch core", given, " ")
    for (i in given) {
        if (!(given[i] in module))
            continue
        for (m in module)
            if (m != given[i] && !((given[i], m) in reach))
                extra[m] = extra[m] " " given[i]
    }
    for (m in extra) {
        n = split(extra[m], list, " ")
        for (i = 1; i <= n; i++)
            walk(m, list[i])
    }
}

# The first argument: "module LIST words..."
FNR == NR && $1 == "ARCH" {
    arch = $2
    port[arch] = 1
    port_named[arch] = arch
    next
}
FNR == NR {
    name = $1
    list = $2
    module[name] = 1
    if (list == "ARCHS")
        archs[name] = $3 (NF > 3 ? " and others" : "")
    for (i = 3; i <= NF; i++) {
        if (list == "NEEDS")
            needs[name] = needs[name] " " $i
        else if (list == "INCLUDES")
            foreign[name] = 1
        else if (list == "EXERCISES") {
            exercise[$i] = name
            if (name == "arch")
                listed[$i] = listed[$i] arch
        }
    }
    next
}

FNR == 1 && !ready {
    ready = 1
    finish_lists()
    for (i = 2; i < ARGC; i++)
        known[ARGV[i]] = 1
    for (file in listed) {
        only["solutions/" file] = listed[file]
        only["labs/" file] = listed[file]
    }
}

FNR == 1 {
    me = owner(FILENAME)
    if (me == "")
        complain(FILENAME, FILENAME ~ /^kernel\// ? \
                 "no folder above it has a module.mk" : \
                 "no module.mk lists it under EXERCISES")
    mine = port_of(FILENAME)
    split(FILENAME, part, "/")
    if (mine != "" && index(FILENAME, "/" mine "/") && part[2] != "arch" &&
        part[2] != "drivers")
        complain(FILENAME, "what differs from port to port belongs under " \
                 "kernel/arch or kernel/drivers")
}

me != "" && /^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    header = part[2]
    where = FILENAME ":" FNR
    if (("kernel/" header) in known) {
        them = module_of(header)
        if (them == "")
            complain(where, "includes \"" header "\", which is in no module")
        else if (them != me && !((me, them) in reach))
            complain(where, "includes \"" header "\", but " me \
                     " does not need " them ": see NEEDS in its module.mk")
        split(header, part, "/")
        if (part[1] == "arch" && part[2] in port && part[2] != mine)
            complain(where, "includes \"" header "\", which only port " \
                     part[2] " has")
    } else if (me == "arch" && in_ports(mine, header)) {
        # A port's own header: its folder is an include root.
    } else if (!(me in foreign)) {
        complain(where, "includes \"" header "\", which is not under kernel/")
    }
}

END { exit bad }
