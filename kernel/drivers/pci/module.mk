# SPDX-License-Identifier: MIT
SRCS      := bus.c msix.c
EXERCISES := 06-device/pci.c
NEEDS     := arch lib core
ARCHS     := x86_64 aarch64
