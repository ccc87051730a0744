# SPDX-License-Identifier: MIT
# The compiler for x86_64, and what it must know of the machine: no red zone,
# as interrupts use the stack they meet; no vector registers, as interrupts
# don't save them; and a frame of several pages touches each, so that it can't
# step over the guard below the stack. A small struct is cleared or copied by
# plain moves: `rep stos`, gcc's choice, takes its time to begin, and under
# emulation for every word.
CROSS   := $(if $(filter x86_64,$(shell uname -m)),,x86_64-linux-gnu-)
CC      := $(CROSS)gcc
OBJCOPY := $(CROSS)objcopy

ARCH_CFLAGS  := -m64 -march=x86-64 -mno-red-zone -mgeneral-regs-only \
                -mcmodel=small -mstack-protector-guard=global -fno-pic \
                -fcf-protection=none -fno-asynchronous-unwind-tables \
                -fstack-clash-protection \
                -mmemset-strategy=unrolled_loop:128:noalign,libcall:-1:noalign \
                -mmemcpy-strategy=unrolled_loop:128:noalign,libcall:-1:noalign
LINK = $(CC) $(CFLAGS) -static -no-pie -nostdlib \
       -Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096,--gc-sections \
       -Wl,-T,kernel/arch/$(ARCH)/kernel.ld,-Map=$(OUT)/kernel.map \
       -o $@ $(OBJECTS)
