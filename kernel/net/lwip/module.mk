# SPDX-License-Identifier: MIT
LWIP      := $(BUILD)/lwip-2.2.1
SRCS      := port.c interface.c settings.c own_address.c lease.c early.c \
             random.c sequence.c checksum.c guard.c connections.c lists.c \
             predict.c cut.c departure.c offload.c pools.c memory.c \
             buffers.c streams.c borrowed.c ping.c
EXERCISES := 10-lwip/netif.c 11-streams/stream.c
NEEDS     := net event mem console core without arch lib
WITH_NET  := lwip
INCLUDES  := kernel/net/lwip/include kernel/net/lwip/libc $(LWIP)/src/include
FETCH     := kernel/tools/fetch-lwip.sh
VENDOR    := $(addprefix $(LWIP)/src/, \
    $(addprefix core/, init.c def.c inet_chksum.c ip.c netif.c pbuf.c tcp.c \
                       tcp_in.c tcp_out.c timeouts.c udp.c) \
    $(addprefix core/ipv4/, dhcp.c etharp.c icmp.c ip4.c ip4_addr.c) \
    netif/ethernet.c)
