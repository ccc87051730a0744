# SPDX-License-Identifier: MIT
SRCS  := netdev.c address.c
NEEDS := lib
