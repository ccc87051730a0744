# SPDX-License-Identifier: MIT
SRCS  := main.c
NEEDS := mem console core arch lib
