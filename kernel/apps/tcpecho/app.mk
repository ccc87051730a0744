# SPDX-License-Identifier: MIT
# Lab 11's: what comes is sent back, as fast as it is taken.
SRCS    := main.c echo.c home.c
NEEDS   := net/stack event mem console core lib
DEVICES := net0
READY   := tcpecho: listening on port 7
