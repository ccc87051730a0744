#!/bin/sh
# SPDX-License-Identifier: MIT
#
# accel.sh - prints the accelerator with which QEMU is faster here: kvm or tcg.
#
# A /dev/kvm is not enough. Where the host's KVM is itself nested in software
# (module kvm_pvm, no vmx or svm) a guest runs many times slower under it than
# under plain emulation.
if [ -w /dev/kvm ] && ! [ -d /sys/module/kvm_pvm ] &&
    { grep -qwE 'vmx|svm' /proc/cpuinfo ||
        [ -d /sys/module/kvm_intel ] || [ -d /sys/module/kvm_amd ]; }; then
    echo kvm
else
    echo tcg
fi
