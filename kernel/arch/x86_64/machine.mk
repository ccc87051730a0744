# SPDX-License-Identifier: MIT
# QEMU's PCs, and its small machine without PCI.
QEMU     ?= qemu-system-x86_64
MACHINES := q35 pc microvm
BUS.q35     := pci
BUS.pc      := pci
BUS.microvm := device
MACHINE_ARGS.q35     := -M q35
MACHINE_ARGS.pc      := -M pc
MACHINE_ARGS.microvm := -M microvm,acpi=off,rtc=off,auto-kernel-cmdline=off \
                        -global virtio-mmio.force-legacy=false

# Where a guest's last words go, and how it ends. With STAYS it does not: what
# is done stands still, for its screen to be looked at.
EXIT_ARGS := -device isa-debugcon,iobase=0xe9,chardev=debug \
             $(if $(STAYS),,-device isa-debug-exit,iobase=0x501,iosize=2)
