# SPDX-License-Identifier: MIT
#
# layers.awk - draws the layers from what modules.mk prints: a module stands
# one layer above the highest of those that it needs. Behind the bar are those
# needs, less what comes with another of them anyway. Applications stand above
# all others.

$2 == "SRCS" { name[++count] = $1 }
$2 == "NEEDS" {
    for (i = 3; i <= NF; i++)
        needs[$1] = needs[$1] " " $i
}

function layer(m,    list, n, i, high) {
    if (!(m in depth)) {
        depth[m] = 0                # also ends a circle; the lint reports it
        n = split(needs[m], list, " ")
        for (i = 1; i <= n; i++) {
            high = layer(list[i]) + 1
            if (high > depth[m])
                depth[m] = high
        }
    }
    return depth[m]
}

# Does `m` need `what`, directly or through others?
function rests_on(m, what,    list, n, i) {
    if ((m, what) in known)
        return known[m, what]
    known[m, what] = 0
    n = split(needs[m], list, " ")
    for (i = 1; i <= n; i++)
        if (list[i] == what || rests_on(list[i], what))
            known[m, what] = 1
    return known[m, what]
}

function shortest(m,    list, n, i, j, text, through) {
    n = split(needs[m], list, " ")
    for (i = 1; i <= n; i++) {
        through = 0
        for (j = 1; j <= n; j++)
            if (i != j && rests_on(list[j], list[i]))
                through = 1
        if (!through)
            text = text " " list[i]
    }
    return text
}

END {
    for (i = 1; i <= count; i++) {
        if (name[i] !~ /^apps\// && layer(name[i]) >= top)
            top = layer(name[i]) + 1
        if (length(name[i]) > width)
            width = length(name[i])
    }
    for (i = 1; i <= count; i++)
        if (name[i] ~ /^apps\//)
            depth[name[i]] = top
    for (d = top; d >= 0; d--)
        for (i = 1; i <= count; i++)
            if (layer(name[i]) == d) {
                line = sprintf("%4s  %-*s |%s", d == shown ? "" : d, width, \
                               name[i], shortest(name[i]))
                sub(/ +\|$/, "", line)
                print line
                shown = d
            }
}
