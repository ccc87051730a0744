# SPDX-License-Identifier: MIT
# The port's own sources, in the order of start-up.
PORT_SRCS := boot.S start.c canary.c random.c hardware_random.c segments.c \
             traps.S traps.c backtrace.c loader.c screen.c paging.c \
             local_apic.c io_apic.c i8259.c vectors.c clock.c rtc.c \
             pci_config.c microvm.c fw_cfg.c fw_cfg_registers.c debug.c \
             memcpy.c memset.c
# The 8259s, as lab 04 learns to talk to them: pic.h.
PORT_EXERCISES := 04-events/pic.c
