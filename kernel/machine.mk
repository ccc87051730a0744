# SPDX-License-Identifier: MIT
#
# machine.mk - the machine on which a built kernel runs: the QEMU command line,
# for `make run`, for the grader (which asks for it with `make -s qemu-cmd`)
# and for anyone who wants to type it.
#
#   MACHINE    q35, pc or microvm: the same ELF runs on each
#   MEM        memory in MiB
#   ACCEL      tcg or kvm; by default the faster one (tools/accel.sh)
#   APPEND     the kernel's command line: ip=10.0.2.15/24 gw=10.0.2.2
#   PORT,HOST  the address on this host that leads to the guest's port 80
#   NETDEV     another network behind net0, as QEMU's -netdev has it, less id=
#   RNG        where rng0 takes its bytes from
#   DISK       the file that is blk0, sector for sector
#   DISK_ARGS  more about it: read-only=on
#   BLOCKDEV   another disk behind blk0, as QEMU's -blockdev has it, less
#              node-name=
#   CHALLENGE  this run's challenge (core/challenge.h)
#   SERIAL     where the serial line goes, as QEMU's -serial has it
#   DEBUG      the debug console's output, as a chardev less id=
#   SCREEN     none (no display adapter), vga (an adapter, no window), or
#              window
#   QEMU_ARGS  anything else

MACHINE ?= q35
MEM     ?= 64
HOST    ?= 127.0.0.1
RNG     ?= /dev/urandom
DISK    ?= $(OUT)/disk.img
# The disk that was built is nobody's to write, so that several may have it.
DISK_ARGS ?= $(if $(filter $(APP_DISK),$(DISK)),read-only=on)
SCREEN  ?= none
SERIAL  ?= mon:stdio
DEBUG   ?= file,path=$(OUT)/debug.log
ACCEL   ?= $(shell sh kernel/tools/accel.sh)
NETDEV  ?= user$(if $(PORT),$(comma)hostfwd=tcp:$(HOST):$(PORT)-:80)
QEMU    ?= qemu-system-x86_64
comma   := ,
BLOCKDEV ?= driver=raw,file.driver=file,file.filename=$(subst \
    $(comma),$(comma)$(comma),$(DISK))$(if $(DISK_ARGS),$(comma)$(DISK_ARGS))

MACHINE_ARGS.q35     := -M q35
MACHINE_ARGS.pc      := -M pc
MACHINE_ARGS.microvm := -M microvm,acpi=off,rtc=off,auto-kernel-cmdline=off \
                        -global virtio-mmio.force-legacy=false
ifeq ($(MACHINE_ARGS.$(MACHINE)),)
$(error MACHINE=$(MACHINE) is not one of q35, pc, microvm)
endif

# Option ROMs only cost time: we boot by -kernel, never from the card.
BUS := $(if $(filter microvm,$(MACHINE)),device,pci)
NO_ROM.pci := ,romfile=
DEVICE_ARGS.net = -netdev $(NETDEV),id=net0 \
    -device virtio-net-$(BUS),netdev=net0$(NO_ROM.$(BUS))
DEVICE_ARGS.rng = -object rng-random,id=rng0,filename=$(RNG) \
    -device virtio-rng-$(BUS),rng=rng0
# Left to itself, QEMU makes one request of several that lie side by side, and
# one bad sector fails them all.
DEVICE_ARGS.blk = -blockdev $(call quote,$(BLOCKDEV)$(comma)node-name=blk0) \
    -device virtio-blk-$(BUS),drive=blk0,request-merging=off
SCREEN_ARGS.none   := -display none
SCREEN_ARGS.vga    := -display none $(if $(filter pci,$(BUS)),-vga std)
SCREEN_ARGS.window := $(if $(filter pci,$(BUS)),-vga std)

quote = '$(subst ','\'',$(1))'
CHALLENGE_FILE = name=opt/lodge/challenge,string=$(CHALLENGE)
QEMU_CMD = $(QEMU) $(MACHINE_ARGS.$(MACHINE)) -accel $(ACCEL) -cpu max \
    -m $(MEM) -nodefaults -no-user-config -no-reboot \
    -kernel $(OUT)/kernel.img $(if $(APPEND),-append $(call quote,$(APPEND))) \
    -serial $(SERIAL) $(SCREEN_ARGS.$(SCREEN)) \
    -chardev $(DEBUG),id=debug -device isa-debugcon,iobase=0xe9,chardev=debug \
    -device isa-debug-exit,iobase=0x501,iosize=2 \
    $(foreach d,$(APP_DEVICES),$(DEVICE_ARGS.$(call kind,$(d)))) \
    $(if $(CHALLENGE),-fw_cfg $(call quote,$(CHALLENGE_FILE))) \
    $(QEMU_ARGS)

## -s qemu-cmd [APP=web]: print the QEMU command line
.PHONY: qemu-cmd
qemu-cmd:
	@printf '%s\n' $(call quote,$(QEMU_CMD))
