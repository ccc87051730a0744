#!/bin/sh
# SPDX-License-Identifier: MIT
#
# doctor.sh - tries whatever the build and the tests rely on, instead of
# reading version numbers: a line each, and how to mend what fails. Ends with
# a failure when something fails that the kit can't do without.
set -u
tools=$(dirname "$0")
. "$tools/needs.sh"
manager=$(manager) || manager=

trial=$(mktemp -d) || exit
trap 'rm -rf "$trial"' EXIT
sick=0

# try NEED "what works" COMMAND...: the packages of NEED mend it.
try() {
    need=$1
    what=$2
    shift 2
    if "$@" > "$trial/words" 2>&1 < /dev/null; then
        echo "  ok    $what"
        return
    fi
    case " $more " in
    *" $need "*) ;;                     # only some targets and tests have it
    *) sick=1 ;;
    esac
    echo "  FAIL  $what"
    sed -n '/^$/!s/^/          /p' "$trial/words" | head -n 3
    list=$(packages "$need" "$manager")
    if [ -n "$manager" ] && [ -n "$list" ]; then
        echo "        to mend it: $(install_command "$list" "$manager")"
    fi
}

# ---- The compilers --------------------------------------------------------

cat > "$trial/guest.c" << 'END'
#include <stdint.h>
_Static_assert(sizeof(void *) == 8, "a 64-bit target");
__attribute__((naked)) void entry(void) { __asm__("hlt"); }
int sum(const uint8_t *p) { volatile char room[64] = { 0 }; return *p + *room; }
END
guest_object() {
    "${cross}gcc" -std=c11 -O2 -g -ffreestanding -nostdinc -isystem \
        "$("${cross}gcc" -print-file-name=include)" -m64 -mno-red-zone \
        -mgeneral-regs-only -fno-pic -mcmodel=small -fcf-protection=none \
        -fstack-protector-strong -mstack-protector-guard=global -Werror \
        -c -o "$trial/guest.o" "$trial/guest.c"
}
guest_image() {
    echo 'long __stack_chk_guard; void __stack_chk_fail(void) {}' \
        > "$trial/guard.c" &&
        "${cross}gcc" -ffreestanding -m64 -fno-pic -c -o "$trial/guard.o" \
            "$trial/guard.c" &&
        "${cross}ld" -m elf_x86_64 -static -nostdlib --build-id=none \
            -e entry -o "$trial/guest.elf" "$trial/guest.o" \
            "$trial/guard.o" &&
        "${cross}objcopy" --strip-all "$trial/guest.elf" "$trial/guest.img" &&
        "${cross}addr2line" -f -e "$trial/guest.elf" 0x401000
}
try compiler 'the compiler makes freestanding x86-64 objects' guest_object
try compiler 'the linker, objcopy and addr2line handle them' guest_image

host_program() {
    echo 'int main(void) { return 0; }' > "$trial/host.c" &&
        gcc -g -fsanitize=address,undefined -o "$trial/host" "$trial/host.c" &&
        "$trial/host"
}
try libc 'the compiler makes host programs with sanitizers' host_program

# ---- The machines ---------------------------------------------------------

arm_object() {
    "${cross_arm}gcc" -std=c11 -O2 -ffreestanding -mgeneral-regs-only \
        -mstrict-align -fno-pic -c -xc -o "$trial/arm.o" - <<'END' &&
int one(void) { __asm__ volatile("dmb ish"); return 1; }
END
        "${cross_arm}objcopy" --strip-all "$trial/arm.o"
}

# Makes the machine with all the devices that we use, and doesn't start it.
machine() {
    bus=$1
    shift
    echo quit | timeout 20 qemu-system-x86_64 "$@" -accel tcg -cpu max -m 16 \
        -nodefaults -no-user-config -display none -S -monitor stdio \
        -netdev user,id=net0 -device "virtio-net-$bus,netdev=net0" \
        -object rng-random,id=rng0,filename=/dev/urandom \
        -device "virtio-rng-$bus,rng=rng0" \
        -blockdev driver=null-co,size=65536,node-name=blk0 \
        -device "virtio-blk-$bus,drive=blk0" \
        -chardev null,id=debug \
        -device isa-debugcon,iobase=0xe9,chardev=debug \
        -device isa-debug-exit,iobase=0x501,iosize=2
}
arm_machine() {
    echo quit | timeout 20 qemu-system-aarch64 -M virt,gic-version=2 \
        -accel tcg -cpu max -m 16 -nodefaults -no-user-config -display none \
        -S -monitor stdio -device virtio-net-device,netdev=net0 \
        -netdev user,id=net0 -chardev null,id=debug \
        -semihosting-config enable=on,target=native,chardev=debug
}
try qemu 'QEMU has the machine q35' machine pci -M q35
try qemu 'QEMU has the machine pc' machine pci -M pc
try qemu 'QEMU has the machine microvm' machine device \
    -M microvm,acpi=off,rtc=off,auto-kernel-cmdline=off \
    -global virtio-mmio.force-legacy=false
try aarch64 'the compiler makes aarch64 objects (for ARCH=aarch64)' arm_object
try aarch64 'QEMU has the machine virt (for ARCH=aarch64)' arm_machine
echo "        the faster accelerator here is $(sh "$tools/accel.sh")"

# ---- The rest -------------------------------------------------------------

page() {
    printf '| a |\n|---|\n| `b` |\n' > "$trial/page.md" &&
        cmark-gfm -e table "$trial/page.md" > "$trial/page.html" &&
        grep '<table>' "$trial/page.html"
}
disk() {
    mkdir "$trial/files" && echo hi > "$trial/files/hi" &&
        truncate -s 1M "$trial/disk.img" &&
        in_sbin mke2fs -q -F -t ext2 -d "$trial/files" "$trial/disk.img" &&
        in_sbin debugfs -R 'cat /hi' "$trial/disk.img" | grep hi
}
try pages 'cmark-gfm makes pages of documents, tables too' page
try disks 'mke2fs makes an ext2 disk of a folder, debugfs reads it' disk

gcc -o "$trial/plain" "$trial/host.c" 2> /dev/null

python=$(sh "$tools/python.sh")
try python "$python has pytest and pexpect" "$python" -c \
    'import pytest, pexpect'
try git 'git is here' git --version
try gdb 'gdb knows x86-64 (to look into a guest; not needed otherwise)' \
    gdb -nx -batch -ex 'set architecture i386:x86-64'
try valgrind 'valgrind runs programs (for tests; not needed otherwise)' \
    valgrind --quiet "$trial/plain"

lwip=${BUILD:-build}/lwip-2.2.1
fetched() {
    [ -e "$lwip/.verified" ] && sh "$tools/fetch-lwip.sh" "$lwip"
}
try lwip "lwIP is in $lwip (if not: make setup)" fetched

[ $sick = 0 ] || echo 'Mend what fails, or let make setup try.'
exit $sick
