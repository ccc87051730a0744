# SPDX-License-Identifier: MIT
# The compiler for aarch64, and what it must know of the machine: no vector
# registers, as interrupts don't save them; no word where it may not be
# aligned, but where a file says so (memcpy.c); a frame in every function, for
# backtraces; no atomic functions of a library that is not there; and a stack
# frame of several pages touches each, so that it can't step over the guard
# below the stack.
CROSS   := $(if $(filter aarch64,$(shell uname -m)),,aarch64-linux-gnu-)
CC      := $(CROSS)gcc
LD      := $(CROSS)ld
OBJCOPY := $(CROSS)objcopy

ARCH_CFLAGS  := -march=armv8-a -mgeneral-regs-only -mstrict-align \
                -mcmodel=small -fno-pic -mno-outline-atomics \
                -mbranch-protection=none \
                -mno-omit-leaf-frame-pointer -fno-asynchronous-unwind-tables \
                -fstack-clash-protection \
                --param=stack-clash-protection-guard-size=12
ARCH_LDFLAGS := -m aarch64elf -static -nostdlib --build-id=none \
                -z noexecstack -z max-page-size=4096
LINK = $(LD) $(ARCH_LDFLAGS) -T kernel/arch/$(ARCH)/kernel.ld --gc-sections \
       -Map=$(OUT)/kernel.map -o $@ $(OBJECTS)
