# SPDX-License-Identifier: MIT
SRCS  := without.c
NEEDS := core console lib
