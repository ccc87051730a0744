# SPDX-License-Identifier: MIT
SRCS      := start.c panic.c irq.c clock.c challenge.c cmdline.c
EXERCISES := 04-events/irq.c
NEEDS     := arch lib
