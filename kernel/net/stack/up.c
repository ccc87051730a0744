/* SPDX-License-Identifier: MIT */
/*
 * up.c - brings up all cards, whichever network library is over them.
 */
#include "net/up.h"

#include <stddef.h>

#include "net/netdev.h"

int net_up_all(void)
{
    int error = net_up("net0"); /* no card at all, over the host's sockets */
    struct netdev *card = netdev_find("net0");

    while (error == 0 && card != NULL && (card = card->next) != NULL)
        error = net_up(card->name);
    return error;
}
