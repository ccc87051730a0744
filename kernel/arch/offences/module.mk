# SPDX-License-Identifier: MIT
SRCS  := processor.c
NEEDS := console core arch lib $(if $(filter unix,$(ARCH)),mem)
ARCHS := x86_64 aarch64 unix
