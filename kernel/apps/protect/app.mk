# SPDX-License-Identifier: MIT
SRCS  := main.c processor.c
NEEDS := console core arch lib
READY := no such offence
