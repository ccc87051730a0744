# SPDX-License-Identifier: MIT
SRCS      := event.c
EXERCISES := 04-events/loop.c
NEEDS     := arch core lib
