# SPDX-License-Identifier: MIT
# What ISO C's library has too; in a Unix process the host's is used.
LIBC  := memmove.c memcmp.c strings.c atoi.c
SRCS  := number.c crc32.c $(if $(filter-out unix,$(ARCH)),$(LIBC))
APART := memmove.c memcmp.c
NEEDS :=
