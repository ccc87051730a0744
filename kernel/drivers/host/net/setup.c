/* SPDX-License-Identifier: MIT */
/*
 * setup.c - the network cards that the environment names (host_net.h), in the
 * place where a machine would search its buses. What they do from then on is
 * card.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/log.h"
#include "core/start.h"
#include "drivers/host/net/host_net.h"
#include "mem/heap.h"

enum { CARDS_MAX = 8, MTU = 1500, GROUP_BIT = 1 };

/* "52:54:00:12:34:56", of one card and not of a group of them. */
static bool parse_address(const char *text, uint8_t *address)
{
    int end = 0;

    return strlen(text) == 17 &&
           sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &address[0],
                  &address[1], &address[2], &address[3], &address[4],
                  &address[5], &end) == ETHERNET_ADDRESS_SIZE &&
           end == 17 && !(address[0] & GROUP_BIT);
}

/* The same as QEMU gives to the cards of a machine, if nothing else is said:
 * each is alone on its wire. */
static int choose_address(struct host_net *net, unsigned number)
{
    const uint8_t usual[] = { 0x52, 0x54, 0, 0x12, 0x34,
                              (uint8_t)(0x56 + number) };
    char variable[32];

    memcpy(net->netdev.address, usual, sizeof usual);
    snprintf(variable, sizeof variable, "LODGE_NET%u_MAC", number);
    const char *text = getenv(variable);
    if (!text || parse_address(text, net->netdev.address))
        return 0;
    log_line("%s=%s is no address of a card, such as 52:54:00:12:34:56",
             variable, text);
    return -EINVAL;
}

/* Of a command its first word will do. */
static void introduce(struct host_net *net, const char *variable,
                      const char *text)
{
    struct netdev *dev = &net->netdev;
    const uint8_t *a = dev->address;

    netdev_add(dev);
    log_line("%s: %02x:%02x:%02x:%02x:%02x:%02x, link up, %s=%.*s", dev->name,
             a[0], a[1], a[2], a[3], a[4], a[5], variable,
             (int)strcspn(text, " "), text);
}

static int add_card(unsigned number, const char *variable, const char *text)
{
    struct host_net *net = heap_alloc_array(1, sizeof *net);
    if (net == NULL) {
        log_line("%s: no memory for a network card", variable);
        return -ENOMEM;
    }
    net->netdev.mtu = MTU;
    net->netdev.link_up = true;
    net->program.card = net->netdev.name;
    int error = choose_address(net, number);
    if (error == 0)
        error = wire_open(net, variable, text);
    if (error != 0) {
        heap_free(net);
        return error;
    }
    introduce(net, variable, text);
    error = host_net_begin(net);
    if (error != 0)
        log_line("%s: the network card can't be used: %s", variable,
                 strerror(-error));
    return error;
}

/* The first that is not there, or will not do, is the last that is looked at:
 * otherwise net1 would be called net0. */
static void host_net_init(void)
{
    char variable[32];

    for (unsigned i = 0; i < CARDS_MAX; i++) {
        snprintf(variable, sizeof variable, "LODGE_NET%u", i);
        const char *text = getenv(variable);
        if (!text || add_card(i, variable, text) != 0)
            return;
    }
}
INITCALL(INIT_BUSES, host_net_init);
