# SPDX-License-Identifier: MIT
SRCS      := listen.c address.c streams.c linger.c borrowed.c
EXERCISES := 13-retarget/sockets.c
NEEDS     := net event mem console core arch lib
ARCHS     := unix
HOSTED    := yes
