# SPDX-License-Identifier: MIT
# What the processor is at, looked at many times a second.
SRCS  := sample.c $(if $(filter x86_64,$(ARCH)),sample_entry.S)
NEEDS := core arch lib
ARCHS := x86_64 aarch64
