# SPDX-License-Identifier: MIT
# The network library of this build, whichever it is (NET): what stands behind
# net/up.h and net/stream.h.
SRCS  := up.c
NEEDS := net net/$(NET)
