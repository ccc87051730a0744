/* SPDX-License-Identifier: MIT */
/*
 * netdev.c - the network cards that there are. Drivers add them while buses
 * are searched; who speaks over one finds it by its name.
 */
#include "net/netdev.h"

#include "lib/string.h"

static struct netdev *cards;

/* "net0", "net1", ...: a digit and, should there ever be so many, two. */
static void set_name(struct netdev *dev, unsigned number)
{
    char *end = dev->name;

    memcpy(end, "net", 3);
    end += 3;
    if (number >= 10)
        *end++ = (char)('0' + number / 10 % 10);
    *end++ = (char)('0' + number % 10);
    *end = '\0';
}

void netdev_add(struct netdev *dev)
{
    struct netdev **last = &cards;
    unsigned number = 0;

    while (*last) {
        last = &(*last)->next;
        number++;
    }
    set_name(dev, number);
    dev->next = NULL;
    *last = dev;
}

struct netdev *netdev_find(const char *name)
{
    struct netdev *dev = cards;

    while (dev && strcmp(dev->name, name) != 0)
        dev = dev->next;
    return dev;
}
