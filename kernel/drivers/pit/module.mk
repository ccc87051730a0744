# SPDX-License-Identifier: MIT
SRCS      := pit.c
EXERCISES := 04-events/timer.c
NEEDS     := arch core lib
ARCHS     := x86_64
