# SPDX-License-Identifier: MIT
# A process of this host: its devices are named in its environment, and its
# command line (APPEND) is its arguments.
#
#   LODGE_MEM        mebibytes
#   LODGE_BLK0       the file that is blk0; LODGE_BLK0_READ_ONLY=on; DISK1 is
#                    LODGE_BLK1
#   LODGE_NET0       what is at the other end of net0's wire (drivers/host/net)
#   LODGE_ADDRESS    HOST:PORT that the host's sockets have for port 80
#   LODGE_CHALLENGE  this run's challenge
#   LODGE_CONSOLE, LODGE_DEBUG
#                    where the console and last words go: a file, or fd:N
#   WIRE             what LODGE_NET0 says, if not that NETDEV is there
#   RUN_UNDER        a program to run it under, with arguments of its own:
#                    valgrind, gdb --args, strace -f, perf record
MACHINES := process
RUNS     := process
# Its disk is a file and nothing else.
DISK_ON  := file
DISKS_ON := file

# SERIAL and DEBUG here: fd:N, or a file.
override SERIAL := $(if $(filter command line environment,$(origin \
                     SERIAL)),$(SERIAL))
DEBUG   ?= $(OUT)/debug.log

# The same user network that a guest has: QEMU without a machine, at the other
# end of the wire.
LINK_CMD = $(or $(QEMU),qemu-system-x86_64) -M none -nodefaults -display none \
    -no-user-config \
    -netdev $(NETDEV),id=net0 -netdev hubport,hubid=0,id=hub0,netdev=net0 \
    -netdev dgram,id=wire,local.type=fd,local.str=@fd@ \
    -netdev hubport,hubid=0,id=hub1,netdev=wire $(QEMU_ARGS)
# Who has an open socket needs no QEMU between.
OPEN_SOCKET := dgram$(comma)local.type=fd$(comma)local.str=
WIRE ?= $(or $(patsubst $(OPEN_SOCKET)%,fd:%,$(filter $(OPEN_SOCKET)%, \
            $(NETDEV))),run:$(LINK_CMD))
ENVIRONMENT = LODGE_MEM=$(call quote,$(MEM)) \
    LODGE_DEBUG=$(call quote,$(DEBUG)) \
    $(if $(SERIAL),LODGE_CONSOLE=$(call quote,$(SERIAL))) \
    $(if $(filter blk%,$(APP_DEVICES)),LODGE_BLK0=$(call quote,$(DISK)) \
        $(if $(filter read-only=on,$(DISK_ARGS)),LODGE_BLK0_READ_ONLY=on) \
        $(foreach n,$(MORE_DISKS),LODGE_BLK$(n)=$(call quote,$(DISK$(n))) \
            $(if $(filter read-only=on,$(DISK$(n)_ARGS)), \
                LODGE_BLK$(n)_READ_ONLY=on))) \
    $(if $(filter net%,$(APP_DEVICES)),$(if $(filter sockets,$(NET)), \
        LODGE_ADDRESS=$(call quote,$(HOST):$(or $(PORT),8080)), \
        LODGE_NET0=$(call quote,$(WIRE)))) \
    $(if $(CHALLENGE),LODGE_CHALLENGE=$(call quote,$(CHALLENGE)))
RUN_CMD = env $(ENVIRONMENT) $(RUN_UNDER) $(OUT)/kernel.elf \
    $(if $(APPEND),$(call quote,$(APPEND)))
