# SPDX-License-Identifier: MIT
#
# porting.awk - what is linked for one target and not for another, side by side.
#
#   awk -v one=x86_64 -v two=aarch64 [-v form=text] -f porting.awk ONE TWO
#
# ONE and TWO are what porting.mk printed, for any number of applications. Files
# of the same name in the same module are each other's counterpart, and share a
# row. Between two processors all that differs must belong to a module under
# arch/ or drivers/: what does not is named, and the status is 1. (A process
# differs in more: where it has no drivers, it has the host's.)

function lines_of(file,    n, line) {
    while ((getline line < file) > 0)
        n++
    close(file)
    return n + 0
}

# The file without its module's folder and its port's.
function short(file, module, port) {
    sub("^kernel/" module "/", "", file)
    sub("^" port "/", "", file)
    sub(/^solutions\//, "", file)
    return file
}

function port_of(target) {
    sub(/-.*/, "", target)
    return target
}

{
    side = FILENAME == ARGV[1] ? 1 : 2
    if ((side, $2) in seen)
        next
    seen[side, $2] = 1
    module[$2] = $1
    if (!($2 in files)) {
        files[$2] = 1
        name[++count] = $2
    }
}

function note(side, file, target,    row) {
    row = module[file] " " short(file, module[file], port_of(target))
    if (!(row in rows)) {
        rows[row] = 1
        sorted[++differing] = row
    }
    shown[side, row] = short(file, module[file], port_of(target))
    length_of[side, row] = lines_of(file)
    total[side] += length_of[side, row]
    number[side]++
    if (one !~ /^unix/ && two !~ /^unix/ && module[file] !~ /^(arch|drivers)(\/|$)/)
        astray = astray file " is linked for " target \
                 " alone; what differs between processors belongs under" \
                 " kernel/arch or kernel/drivers\n"
}

function sort_rows(    i, j, row) {
    for (i = 2; i <= differing; i++) {
        row = sorted[i]
        for (j = i - 1; j > 0 && sorted[j] > row; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = row
    }
}

function print_row(first, a, m, b, n) {
    printf form == "text" ? "%-21s %-26s %5s  %-26s %5s\n" \
                          : "| %s | %s | %s | %s | %s |\n", first, a, m, b, n
}

END {
    for (i = 1; i <= count; i++) {
        file = name[i]
        if (((1, file) in seen) && ((2, file) in seen)) {
            common++
            common_lines += lines_of(file)
        } else if ((1, file) in seen) {
            note(1, file, one)
        } else {
            note(2, file, two)
        }
    }
    sort_rows()
    print_row("module", one, "lines", two, "lines")
    if (form != "text")
        print "|---|---|--:|---|--:|"
    for (i = 1; i <= differing; i++) {
        row = sorted[i]
        split(row, part, " ")
        print_row(part[1] == last ? "" : part[1], \
                  shown[1, row], length_of[1, row], \
                  shown[2, row], length_of[2, row])
        last = part[1]
    }
    print_row("together", number[1] + 0 " files", total[1] + 0, \
              number[2] + 0 " files", total[2] + 0)
    printf "\nThe same for both: %d files, of %s lines.\n", common, \
           form == "text" ? common_lines : \
           "some " int((common_lines + 500) / 1000) ",000"
    if (astray != "") {
        printf "%s", astray > "/dev/stderr"
        exit 1
    }
}
