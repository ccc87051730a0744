# SPDX-License-Identifier: MIT
SRCS      := keyboard_setup.c keyboard_map.c
EXERCISES := 04-events/keyboard.c
NEEDS     := event core arch lib
ARCHS     := x86_64
