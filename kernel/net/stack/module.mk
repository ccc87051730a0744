# SPDX-License-Identifier: MIT
# The network library of this build, whichever it is (NET): what stands behind
# net/up.h and net/stream.h.
SRCS  :=
NEEDS := net net/$(NET)
