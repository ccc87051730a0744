# SPDX-License-Identifier: MIT
SRCS  := uart_input.c
NEEDS := drivers/uart event core arch lib
ARCHS := x86_64
