# SPDX-License-Identifier: MIT
# Lab 09's: frames as they come from the card, without a stack.
SRCS    := main.c answer.c
NEEDS   := net/frames net event console core lib
DEVICES := net0
READY   := sniff: listening
