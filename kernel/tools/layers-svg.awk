# SPDX-License-Identifier: MIT
#
# layers-svg.awk - draws the layers as a picture, applications at the top. What
# is in `linked` (names of modules) is filled, and so is told apart from what
# is there for other applications.
#
#   awk -v linked="http fs ..." -f layers-graph.awk -f layers-svg.awk LISTS
#
# A row is one layer, or a part of one that is too wide. In each, modules are
# moved towards the middle of what they stand on and of what stands on them,
# a few times over, so that lines cross little.

function width_of(m) { return 7.9 * length(m) + 26 }

# ---- Rows ----

function add_row(d) {
    row_depth[++rows] = d
    members[rows] = 0
    used = 0
}

# How wide the parts of layer d are, so that they are alike.
function share(d,    i, total, parts) {
    for (i = 1; i <= count; i++)
        if (layer(name[i]) == d)
            total += width_of(name[i]) + GAP
    parts = int(total / (WIDTH - 2 * EDGE)) + 1
    return total / parts
}

# Those that are filled in the lowest part of their layer, if there are parts.
function make_rows(top,    d, i, m, last, part) {
    for (d = top; d >= 0; d--) {
        add_row(d)
        part = share(d)
        for (last = 0; last <= 1; last++) {
            for (i = 1; i <= count; i++) {
                m = name[i]
                if (layer(m) != d || (m in filled) != last)
                    continue
                if (used + width_of(m) / 2 > part)
                    add_row(d)
                used += GAP + width_of(m)
                member[rows, ++members[rows]] = m
                row[m] = rows
            }
        }
    }
}

# Where each module of row r stands, from left to right, the row centred.
function place(r,    i, total, x, m) {
    for (i = 1; i <= members[r]; i++)
        total += width_of(member[r, i]) + (i > 1 ? GAP : 0)
    x = (WIDTH - total) / 2
    for (i = 1; i <= members[r]; i++) {
        m = member[r, i]
        middle[m] = x + width_of(m) / 2
        x += width_of(m) + GAP
    }
}

# The mean place of the neighbours of `m`.
function pull(m,    i, sum, n) {
    for (i = 1; i <= edges; i++) {
        if (from[i] == m) {
            sum += middle[to[i]]
            n++
        } else if (to[i] == m) {
            sum += middle[from[i]]
            n++
        }
    }
    return n ? sum / n : middle[m]
}

function sort_row(r,    i, j, m, wish) {
    for (i = 1; i <= members[r]; i++)
        wish[member[r, i]] = pull(member[r, i])
    for (i = 2; i <= members[r]; i++) {
        m = member[r, i]
        for (j = i - 1; j >= 1 && wish[member[r, j]] > wish[m]; j--)
            member[r, j + 1] = member[r, j]
        member[r, j + 1] = m
    }
    place(r)
}

# ---- Ink ----

function kind_of(m) {
    if (m ~ /^(apps|drivers)\//)
        return substr(m, 1, index(m, "/") - 1)
    return m ~ /^(fs|block|net|http)/ ? "waist" : "ground"
}

function top_of(m) { return y[row[m]] }

function draw_edge(a, b, class,    y1, y2, half) {
    y1 = top_of(a) + HEIGHT
    y2 = top_of(b)
    half = (y2 - y1) / 2
    printf "<path class=\"%s\" d=\"M%.1f %.1fc0 %.1f %.1f %.1f %.1f %.1f\"/>\n", \
           class, middle[a], y1, half, middle[b] - middle[a], half, \
           middle[b] - middle[a], y2 - y1
}

function draw_box(m,    w) {
    w = width_of(m)
    printf "<g class=\"%s%s\"><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" " \
           "height=\"%d\" rx=\"7\"/><text x=\"%.1f\" y=\"%.1f\">%s</text></g>\n", \
           kind_of(m), m in filled ? " in" : "", middle[m] - w / 2, top_of(m), \
           w, HEIGHT, middle[m], top_of(m) + HEIGHT / 2 + 4.5, m
}

function draw_head(height) {
    print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " WIDTH \
          " " height "\" role=\"img\">"
    print "<title>The modules in layers, each above what it needs</title>"
    print "<style>"
    print "text { font: 13px ui-monospace, Menlo, Consolas, \"DejaVu Sans" \
          " Mono\", monospace; text-anchor: middle; fill: #5f554c }"
    print "rect { fill: #fffdf9; stroke: #d8cdc0 }"
    print "path { fill: none; stroke: #e6ddd2; stroke-width: 1.2 }"
    print "path.in { stroke: #d79a74; stroke-width: 1.6 }"
    print ".in text { fill: #2b2622 }"
    print ".apps.in rect { fill: #f8d9c3; stroke: #b9541a }"
    print ".waist.in rect { fill: #f9e6c4; stroke: #b98a2a }"
    print ".drivers.in rect { fill: #d9e8dc; stroke: #5b8f68 }"
    print ".ground.in rect { fill: #dbe3ee; stroke: #6682a8 }"
    print "@media (prefers-color-scheme: dark) {"
    print "text { fill: #a99d91 } rect { fill: #231f1c; stroke: #443c35 }"
    print "path { stroke: #37302a } path.in { stroke: #9c5f3a }"
    print ".in text { fill: #f4ede4 }"
    print ".apps.in rect { fill: #5a2f17; stroke: #f0935a }"
    print ".waist.in rect { fill: #4a3a17; stroke: #d3a84e }"
    print ".drivers.in rect { fill: #21402a; stroke: #77b487 }"
    print ".ground.in rect { fill: #26364b; stroke: #86a5cf }"
    print "}"
    print "</style>"
}

END {
    WIDTH = 1080
    EDGE = 20
    GAP = 14
    HEIGHT = 34
    n = split(linked, list, " ")
    for (i = 1; i <= n; i++)
        filled[list[i]] = 1

    make_rows(top_layer())
    for (i = 1; i <= count; i++) {
        n = split(shortest(name[i]), list, " ")
        for (j = 1; j <= n; j++) {
            from[++edges] = name[i]
            to[edges] = list[j]
        }
    }
    for (r = 1; r <= rows; r++)
        place(r)
    for (sweep = 1; sweep <= 6; sweep++) {
        for (r = rows; r >= 1; r--)
            sort_row(r)
        for (r = 1; r <= rows; r++)
            sort_row(r)
    }

    at = EDGE
    for (r = 1; r <= rows; r++) {
        y[r] = at
        at += HEIGHT
        if (r < rows)
            at += row_depth[r] == row_depth[r + 1] ? GAP : 46
    }
    draw_head(at + EDGE)
    for (i = 1; i <= edges; i++)
        if (!(from[i] in filled && to[i] in filled))
            draw_edge(from[i], to[i], "out")
    for (i = 1; i <= edges; i++)
        if (from[i] in filled && to[i] in filled)
            draw_edge(from[i], to[i], "in")
    for (i = 1; i <= count; i++)
        draw_box(name[i])
    print "</svg>"
}
