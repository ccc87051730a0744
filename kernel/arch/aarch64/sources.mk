# SPDX-License-Identifier: MIT
# The port's own sources, in the order of start-up.
PORT_SRCS := boot.S start.c canary.c random.c hardware_random.c traps.S \
             traps.c backtrace.c device_tree.c board.c paging.c gic.c \
             clock.c rtc.c fw_cfg.c fw_cfg_registers.c psci.c \
             debug.c no_pc.c memcpy.c memset.c
