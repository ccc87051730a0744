# SPDX-License-Identifier: MIT
#
# layers-graph.awk - reads what modules.mk prints, and knows which module
# stands on which: for layers.awk, which draws them as text, and layers-svg.awk,
# which draws them as a picture. A module stands one layer above the highest of
# those that it needs; applications stand above all others.

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

# The needs of `m`, less what comes with another of them anyway.
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

# Lifts the applications above everything else; the highest layer.
function top_layer(    i, top) {
    for (i = 1; i <= count; i++)
        if (name[i] !~ /^apps\// && layer(name[i]) >= top)
            top = layer(name[i]) + 1
    for (i = 1; i <= count; i++)
        if (name[i] ~ /^apps\//)
            depth[name[i]] = top
    return top
}
