# SPDX-License-Identifier: MIT
SRCS      := uart_console.c
EXERCISES := 01-hi/uart.c
NEEDS     := console core arch lib
ARCHS     := x86_64
