# SPDX-License-Identifier: MIT
# What stands behind an application's DEVICES in a Unix process. With the
# host's sockets there is no card.
DEVICE_KINDS := net rng blk
NETS  := sockets lwip
SANITIZERS := address undefined
# A sanitizer understands the C library's heap.
HEAPS := $(if $(SANITIZE),host lodge,lodge host)

DRIVERS.console := drivers/host/console
DRIVERS.net     := $(if $(filter lwip,$(NET)),drivers/host/net)
DRIVERS.blk     := drivers/host/blk
