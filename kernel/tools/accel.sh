#!/bin/sh
# SPDX-License-Identifier: MIT
#
# accel.sh [ARCH] - prints the accelerator with which QEMU is faster here for a
# guest of that kind (x86_64): kvm or tcg.
#
# KVM has guests of the host's own kind alone. And on Arm it knows nothing of
# semihosting, by which our guests there say their last words and how they
# ended: whoever can do without says ACCEL=kvm.
#
# A /dev/kvm is not enough. Where the host's KVM is itself nested in software
# (module kvm_pvm, no vmx or svm) a guest runs many times slower under it than
# under plain emulation.
if [ "${1:-x86_64}" = x86_64 ] && [ "$(uname -m)" = x86_64 ] &&
    [ -w /dev/kvm ] && ! [ -d /sys/module/kvm_pvm ] &&
    { grep -qwE 'vmx|svm' /proc/cpuinfo ||
        [ -d /sys/module/kvm_intel ] || [ -d /sys/module/kvm_amd ]; }; then
    echo kvm
else
    echo tcg
fi
