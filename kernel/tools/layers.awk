# SPDX-License-Identifier: MIT
#
# layers.awk - draws the layers as text, a module a line; behind the bar are
# its needs, less what comes with another of them anyway.
#
#   awk -f layers-graph.awk -f layers.awk LISTS

END {
    top = top_layer()
    for (i = 1; i <= count; i++)
        if (length(name[i]) > width)
            width = length(name[i])
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
