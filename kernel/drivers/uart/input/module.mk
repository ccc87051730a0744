# SPDX-License-Identifier: MIT
SRCS  := uart_input.c
NEEDS := drivers/uart event core arch lib
