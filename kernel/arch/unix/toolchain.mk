# SPDX-License-Identifier: MIT
# The host's own compiler, which links the host's C library as well. Our files
# see nothing of it but for those of HOSTED modules.
CC      := gcc
OBJCOPY := objcopy

ifneq ($(SANITIZE),)
ARCH_CFLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif
LINK = $(CC) $(ARCH_CFLAGS) -Wl,--gc-sections -Wl,-Map=$(OUT)/kernel.map \
       -o $@ $(OBJECTS)
