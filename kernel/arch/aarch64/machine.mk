# SPDX-License-Identifier: MIT
# QEMU's board for Arm that copies no real one.
QEMU     ?= qemu-system-aarch64
MACHINES := virt
BUS.virt := device
MACHINE_ARGS.virt := -M virt,gic-version=2 \
                     -global virtio-mmio.force-legacy=false

# Where a guest's last words go, and how it ends: semihosting, which is QEMU's
# answer to an instruction of its own.
EXIT_ARGS := -semihosting-config enable=on,target=native,chardev=debug
