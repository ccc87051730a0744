# SPDX-License-Identifier: MIT
SRCS  := main.c
NEEDS := arch/offences console core arch lib
READY := no such offence
