# SPDX-License-Identifier: MIT
# The compiler for aarch64, and what it must know of the machine: no vector
# registers, as interrupts don't save them; no word where it may not be
# aligned, but where a file says so (memcpy.c); a frame in every function, for
# backtraces; no atomic functions of a library that is not there; and a stack
# frame of several pages touches each, so that it can't step over the guard
# below the stack.
CROSS   := $(if $(filter aarch64,$(shell uname -m)),,aarch64-linux-gnu-)
CC      := $(CROSS)gcc
OBJCOPY := $(CROSS)objcopy

ARCH_CFLAGS  := -march=armv8-a -mgeneral-regs-only -mstrict-align \
                -mcmodel=small -fno-pic -mno-outline-atomics \
                -mbranch-protection=none \
                -mno-omit-leaf-frame-pointer -fno-asynchronous-unwind-tables \
                -fstack-clash-protection \
                --param=stack-clash-protection-guard-size=12
LINK = $(CC) $(CFLAGS) -static -no-pie -nostdlib \
       -Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096,--gc-sections \
       -Wl,-T,kernel/arch/$(ARCH)/kernel.ld,-Map=$(OUT)/kernel.map \
       -o $@ $(OBJECTS)
