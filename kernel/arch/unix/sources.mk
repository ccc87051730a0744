# SPDX-License-Identifier: MIT
# The port's own sources, in the order of start-up.
PORT_SRCS   := start.c config.c memory.c clock.c wait.c random.c debug.c \
               absent.c
PORT_HOSTED := yes
