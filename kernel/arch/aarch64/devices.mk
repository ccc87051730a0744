# SPDX-License-Identifier: MIT
# Which drivers stand behind an application's DEVICES on QEMU's virt.
DEVICE_KINDS := net rng blk
NETS := lwip

DRIVERS.console := drivers/pl011
DRIVERS.net     := drivers/virtio_net drivers/virtio/mmio
DRIVERS.rng     := drivers/virtio_rng drivers/virtio/mmio
DRIVERS.blk     := drivers/virtio_blk drivers/virtio_scsi drivers/virtio/mmio
