/* SPDX-License-Identifier: MIT */
/*
 * answer.h - says where our address is to be found, to who asks.
 */
#ifndef SNIFF_ANSWER_H
#define SNIFF_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netdev.h"

/* If `frame` asks by ARP who has `address`, sends the answer over `card`, and
 * is true. There are ANSWERS_MAX under way at a time; while they are, nobody is
 * answered, and who has asked will ask again. */
enum { ANSWERS_MAX = 64 };
bool answer_arp(struct netdev *card, const struct netbuf *frame,
                uint32_t address);

/* How many the card has not given back yet. */
unsigned answers_under_way(void);

#endif
