# SPDX-License-Identifier: MIT
# Which drivers stand behind an application's DEVICES on a PC. Both virtio
# transports are always linked: the same ELF runs on q35, pc and microvm.
DEVICE_KINDS := net rng blk
NETS := lwip
VIRTIO_BUSES := drivers/virtio/pci drivers/virtio/mmio

DRIVERS.console := drivers/uart drivers/vga drivers/framebuffer
DRIVERS.net     := drivers/virtio_net $(VIRTIO_BUSES)
DRIVERS.rng     := drivers/virtio_rng $(VIRTIO_BUSES)
DRIVERS.blk     := drivers/virtio_blk drivers/virtio_scsi $(VIRTIO_BUSES)
