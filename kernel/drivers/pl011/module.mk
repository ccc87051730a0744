# SPDX-License-Identifier: MIT
# Arm's serial line. Where it is, is said by the port's device tree.
SRCS  := pl011_console.c
NEEDS := console core arch lib
ARCHS := aarch64
