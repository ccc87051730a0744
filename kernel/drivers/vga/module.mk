# SPDX-License-Identifier: MIT
SRCS      := vga_console.c
EXERCISES := 01-hi/vga.c
NEEDS     := console core arch lib
ARCHS     := x86_64
