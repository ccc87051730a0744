# SPDX-License-Identifier: MIT
#
# machine.mk - what a built application runs on: the command line, for `make
# run`, for the grader (which asks for it with `make -s run-cmd`) and for
# anyone who wants to type it. What only one port has is said in
# arch/$(ARCH)/machine.mk; a port that is no machine has a RUN_CMD of its own.
#
#   MACHINE    one of the port's MACHINES: the same ELF runs on each
#   MEM        memory in MiB
#   SMP        processors, as QEMU's -smp has it; our guests use the first
#   ACCEL      tcg or kvm; by default the faster one (tools/accel.sh)
#   APPEND     the kernel's command line: ip=10.0.2.15/24 gw=10.0.2.2
#   PORT,HOST  the address on this host that leads to the guest's port 80
#   NETDEV     another network behind net0, as QEMU's -netdev has it, less id=
#   RNG        where rng0 takes its bytes from
#   DISK       the file that is blk0, sector for sector
#   DISK_ARGS  more about it: read-only=on
#   DISK1, ... more disks, up to DISK9: blk1 and on, none left out; also
#              DISK1_ARGS
#   DISK_ON    virtio-blk or virtio-scsi: what they are disks of
#   BLOCKDEV   another disk behind blk0, as QEMU's -blockdev has it, less
#              node-name=; BLOCKDEV1 behind blk1
#   VIRTIO     modern or legacy: the one interface that devices on PCI offer;
#              by default both, as QEMU has it
#   CHALLENGE  this run's challenge (core/challenge.h)
#   SERIAL     where the serial line goes, as QEMU's -serial has it
#   DEBUG      the debug console's output, as a chardev less id=
#   SCREEN     none (no display adapter), vga (an adapter, no window), or
#              window
#   STAYS      1: what is done stands still, for its screen to be looked at
#   QEMU_ARGS  anything else

include kernel/arch/$(ARCH)/machine.mk  # MACHINES, MACHINE_ARGS.*, BUS.*, ...

MACHINE ?= $(firstword $(MACHINES))
MEM     ?= 64
# For a machine that can have one processor only, QEMU 7.2 translates memory
# barriers into nothing, though its devices run in a thread of their own: now
# and then one side misses what the other has told it. So a second processor
# may be added, and none is.
SMP     ?= 1,maxcpus=2
HOST    ?= 127.0.0.1
RNG     ?= /dev/urandom
DISK    ?= $(OUT)/disk.img
# The disk that was built is nobody's to write, so that several may have it.
DISK_ARGS ?= $(if $(filter $(APP_DISK),$(DISK)),read-only=on)
DISK_ON ?= virtio-blk
SCREEN  ?= none
SERIAL  ?= mon:stdio
DEBUG   ?= file,path=$(OUT)/debug.log
ACCEL   ?= $(shell sh kernel/tools/accel.sh $(ARCH))
NETDEV  ?= user$(if $(PORT),$(comma)hostfwd=tcp:$(HOST):$(PORT)-:80)
quote   = '$(subst ','\'',$(1))'
# $(1) a file, $(2) more about it.
file_disk = driver=raw,file.driver=file,file.filename=$(subst \
    $(comma),$(comma)$(comma),$(1))$(if $(2),$(comma)$(2))
BLOCKDEV  ?= $(call file_disk,$(DISK),$(DISK_ARGS))
MORE_DISKS := $(foreach n,1 2 3 4 5 6 7 8 9,$(if \
    $(DISK$(n))$(BLOCKDEV$(n)),$(n)))
$(if $(filter-out $(wordlist 1,$(words $(MORE_DISKS)),1 2 3 4 5 6 7 8 9), \
    $(MORE_DISKS)),$(error There is DISK$(lastword $(MORE_DISKS)), but one \
    before it is missing))
# 1 -> the -blockdev of blk1.
blockdev = $(or $(BLOCKDEV$(1:0=)), \
    $(call file_disk,$(DISK$(1)),$(DISK$(1)_ARGS)))

$(call one_of,MACHINE,$(MACHINES),$(with))
$(call one_of,DISK_ON,$(or $(DISKS_ON),virtio-blk virtio-scsi),$(with))
$(call only_for,RUN_UNDER,$(filter process,$(MACHINES)))

# How virtio devices are named and told which interface to offer. Option ROMs
# only cost time: we boot by -kernel, never from the card.
BUS := $(BUS.$(MACHINE))
$(if $(VIRTIO),$(call one_of,VIRTIO,modern legacy)$(if $(filter \
    pci,$(BUS)),,$(error There is no VIRTIO=$(VIRTIO) with MACHINE=$(MACHINE): \
    it is for machines whose devices are on PCI$(comma) which are q35 and pc)))
NO_ROM.pci := ,romfile=
VIRTIO_ARGS.modern := ,disable-legacy=on,disable-modern=off
VIRTIO_ARGS.legacy := ,disable-legacy=off,disable-modern=on
virtio = virtio-$(1)-$(BUS)$(if $(filter pci,$(BUS)),$(VIRTIO_ARGS.$(VIRTIO)))

DEVICE_ARGS.net = -netdev $(NETDEV),id=net0 \
    -device $(call virtio,net),netdev=net0$(NO_ROM.$(BUS))
DEVICE_ARGS.rng = -object rng-random,id=rng0,filename=$(RNG) \
    -device $(call virtio,rng),rng=rng0
# The guest counts disks in the order in which its bus has them. QEMU gives its
# windows of memory to devices from the last one down, so there blk0 comes last.
DISK_ORDER.pci    = 0 $(MORE_DISKS)
DISK_ORDER.device = $(filter $(MORE_DISKS),9 8 7 6 5 4 3 2 1) 0
# Left to itself, QEMU makes one request of several that lie side by side, and
# one bad sector fails them all.
DISK_DEVICE.virtio-blk = \
    -device $(call virtio,blk),drive=blk$(1),request-merging=off
DISK_DEVICE.virtio-scsi = -device scsi-hd,bus=scsi0.0,scsi-id=$(1),drive=blk$(1)
CONTROLLER.virtio-scsi = -device $(call virtio,scsi),id=scsi0
DEVICE_ARGS.blk = $(CONTROLLER.$(DISK_ON)) $(foreach n,$(DISK_ORDER.$(BUS)), \
    -blockdev $(call quote,$(call blockdev,$(n))$(comma)node-name=blk$(n)) \
    $(call DISK_DEVICE.$(DISK_ON),$(n)))
SCREEN_ARGS.none   := -display none
SCREEN_ARGS.vga    := -display none $(if $(filter pci,$(BUS)),-vga std)
SCREEN_ARGS.window := $(if $(filter pci,$(BUS)),-vga std)

CHALLENGE_FILE = name=opt/lodge/challenge,string=$(CHALLENGE)
QEMU_CMD = $(QEMU) $(MACHINE_ARGS.$(MACHINE)) -accel $(ACCEL) -cpu max \
    -smp $(SMP) -m $(MEM) -nodefaults -no-user-config -no-reboot \
    -kernel $(OUT)/kernel.img $(if $(APPEND),-append $(call quote,$(APPEND))) \
    -serial $(SERIAL) $(SCREEN_ARGS.$(SCREEN)) \
    -chardev $(DEBUG),id=debug $(EXIT_ARGS) \
    $(foreach d,$(APP_DEVICES),$(DEVICE_ARGS.$(call kind,$(d)))) \
    $(if $(CHALLENGE),-fw_cfg $(call quote,$(CHALLENGE_FILE))) \
    $(QEMU_ARGS)
RUN_CMD ?= $(QEMU_CMD)
RUNS    ?= guest

## -s run-cmd [APP=web]: print the command line that runs it
.PHONY: run-cmd
run-cmd:
	@printf '%s\n' $(call quote,$(RUN_CMD))
