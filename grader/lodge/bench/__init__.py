# SPDX-License-Identifier: MIT
"""What the web server costs, beside Linux with nginx on the same machine and
nginx on the host itself.

    link          the cable between this host and a guest
    guest         a QEMU, or a process, that has been started and is watched
    ours          our guest: its images and its command lines
    packages      what the distribution has, unpacked, with nothing installed
    archive       an initramfs, written without root
    linux         the Linux guest: its kernel, its initramfs, its command line
    native        nginx on this host, behind a cable of the same kind
    wrk           load, and what its author says of it
    fair          several downloads at once, each watched
    instructions  guest instructions, counted by a plugin of QEMU's
    figures       medians, spreads and ratios
    boots         from the start to the first byte, and the floor
    growth        how a request's cost grows, in instructions
    rounds        a whole run: what is measured, in which order
    criteria      what was promised, and whether it is kept
    report        the tables that a person reads
    chart         the same as a picture
    ladder        our guest with what makes it fast withheld, rung by rung

`python -m lodge.bench BUILD` is `make bench`, and with --ladder `make ladder`.
"""
