# SPDX-License-Identifier: MIT
# The host's own compiler, which links the host's C library as well. Our files
# see nothing of it but for those of HOSTED modules.
CC      := gcc
OBJCOPY := objcopy

# At the addresses that were linked, as on a machine: a backtrace's numbers can
# be looked up in the ELF, and are the same in the next run.
ARCH_CFLAGS := -fno-pie -mstack-protector-guard=global
ifneq ($(SANITIZE),)
ARCH_CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif
LINK = $(CC) $(CFLAGS) -no-pie -Wl,--gc-sections \
       -Wl,-Map=$(OUT)/kernel.map -o $@ $(OBJECTS)
