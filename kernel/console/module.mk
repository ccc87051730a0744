# SPDX-License-Identifier: MIT
SRCS      := consoles.c print.c log.c
EXERCISES := 02-print/format.c 02-print/console.c
NEEDS     := arch lib core
