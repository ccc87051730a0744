# SPDX-License-Identifier: MIT
# Lab 10's: an address, and echo requests in both directions.
SRCS    := main.c
NEEDS   := net/lwip net event console core lib
DEVICES := net0
READY   := (by DHCP)
