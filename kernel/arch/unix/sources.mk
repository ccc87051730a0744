# SPDX-License-Identifier: MIT
# The port's own sources, in the order of start-up. What a signal tells of the
# processor is all that differs between hosts.
HOST_CPU    := $(shell uname -m)
PORT_SRCS   := start.c backtrace.c output.c debug.c canary.c config.c \
               traps.c context_$(HOST_CPU).c memory.c sanitizers.c clock.c \
               wait.c stop.c random.c absent.c no_pc.c
PORT_HOSTED := yes
