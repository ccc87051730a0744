# SPDX-License-Identifier: MIT
# Where the time goes. No application needs it: WITH=profile adds it to one.
SRCS  := profile.c
NEEDS := arch/sample console core arch lib
ARCHS := x86_64 aarch64
