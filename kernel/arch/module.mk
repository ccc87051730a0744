# SPDX-License-Identifier: MIT
# What every port has, and the port's own sources in the order in which they
# are best read.
include kernel/arch/$(ARCH)/sources.mk
SRCS      := $(PORT_SRCS) map.c
EXERCISES := $(PORT_EXERCISES)
HOSTED    := $(PORT_HOSTED)
APART     := canary.c memcpy.c memset.c
NEEDS     := lib
