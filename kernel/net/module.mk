# SPDX-License-Identifier: MIT
SRCS  := netdev.c
NEEDS := lib
