# SPDX-License-Identifier: MIT
#
# needs.sh - what the kit needs of a machine, how to tell whether it is there,
# and what each package manager calls it. Read in by setup.sh and doctor.sh.

needs='compiler libc qemu python archives download pages disks'

# Those that only some targets have, and what all tests together need.
more='aarch64 gdb valgrind ip'

case $(uname -m) in
x86_64) cross= ;;
*) cross=x86_64-linux-gnu- ;;
esac
case $(uname -m) in
aarch64) cross_arm= ;;
*) cross_arm=aarch64-linux-gnu- ;;
esac

# Where programs are that root alone was thought to need.
in_sbin() (
    PATH=$PATH:/usr/sbin:/sbin
    "$@"
)

# Is need $1 met here?
met() {
    case $1 in
    compiler) command -v "${cross}gcc" && command -v "${cross}objcopy" ;;
    libc) echo '#include <stdio.h>' | gcc -fsyntax-only -xc - ;;
    qemu) command -v qemu-system-x86_64 ;;
    python) "$(sh "$tools/python.sh")" -c 'import pytest, pexpect' ;;
    archives) command -v xz ;;
    download) command -v curl || command -v wget ;;
    pages) command -v cmark-gfm ;;
    disks) in_sbin command -v mke2fs && in_sbin command -v debugfs ;;
    tidy) command -v clang-tidy && command -v cppcheck ;;
    bench) command -v wrk && in_sbin command -v nginx ;;
    aarch64)
        command -v "${cross_arm}gcc" && command -v "${cross_arm}objcopy" &&
            command -v qemu-system-aarch64
        ;;
    gdb | valgrind) command -v "$1" ;;
    ip) in_sbin command -v ip ;;
    esac > /dev/null 2>&1
}

# This machine's package manager.
manager() {
    for m in apt-get dnf pacman zypper apk; do
        if command -v $m > /dev/null; then
            echo $m
            return
        fi
    done
    return 1
}

# What is to be installed for need $1 by manager $2.
packages() {
    case $1/$2/$cross in
    compiler/apt-get/?*) echo gcc-x86-64-linux-gnu gcc ;;
    compiler/*) echo gcc ;;
    libc/apt-get/*) echo libc6-dev ;;
    libc/dnf/*) echo glibc-devel libasan libubsan ;;
    libc/zypper/*) echo glibc-devel ;;
    libc/apk/*) echo musl-dev ;;
    libc/*) echo gcc ;;
    qemu/dnf/*) echo qemu-system-x86-core ;;
    qemu/zypper/*) echo qemu-x86 ;;
    qemu/apk/*) echo qemu-system-x86_64 ;;
    qemu/*) echo qemu-system-x86 ;;
    python/pacman/*) echo python-pytest python-pexpect ;;
    python/apk/*) echo py3-pytest py3-pexpect ;;
    python/*) echo python3 python3-pytest python3-pexpect ;;
    archives/apt-get/*) echo xz-utils ;;
    archives/*) echo xz ;;
    download/*) echo curl ca-certificates ;;
    pages/*) echo cmark-gfm ;;
    disks/apk/*) echo e2fsprogs e2fsprogs-extra ;;
    disks/*) echo e2fsprogs ;;
    bench/*) echo wrk nginx ;;
    tidy/dnf/*) echo clang-tools-extra cppcheck ;;
    tidy/pacman/*) echo clang cppcheck ;;
    tidy/*) echo clang-tidy cppcheck ;;
    aarch64/apt-get/*)
        echo ${cross_arm:+gcc-aarch64-linux-gnu} qemu-system-arm
        ;;
    aarch64/dnf/*) echo gcc-aarch64-linux-gnu qemu-system-aarch64-core ;;
    aarch64/pacman/*) echo aarch64-linux-gnu-gcc qemu-system-aarch64 ;;
    aarch64/zypper/*) echo cross-aarch64-gcc13 qemu-arm ;;
    aarch64/apk/*) echo qemu-system-aarch64 ;;
    gdb/*) echo gdb ;;
    ip/dnf/*) echo iproute ;;
    ip/*) echo iproute2 ;;
    valgrind/*) echo valgrind ;;
    git/*) echo git ;;
    esac
}

# The command that installs packages $1 by manager $2.
install_command() {
    case $2 in
    pacman) echo "pacman -S --needed $1" ;;
    apk) echo "apk add $1" ;;
    *) echo "$2 install $1" ;;
    esac
}
