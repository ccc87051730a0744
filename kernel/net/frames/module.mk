# SPDX-License-Identifier: MIT
SRCS      := describe.c
EXERCISES := 09-frames/arp.c
NEEDS     := net console core lib
WITH_NET  := lwip
