# SPDX-License-Identifier: MIT
SRCS   := setup.c card.c wire.c program.c
NEEDS  := net event mem console core arch lib
ARCHS  := unix
HOSTED := yes
