/* SPDX-License-Identifier: MIT */
/*
 * fake_cut.h - what a card does that completes checksums and cuts TCP: the
 * frames that leave on the wire, of the one that it was given. It looks closely
 * at what it was asked for.
 */
#ifndef UNIT_FAKE_CUT_H
#define UNIT_FAKE_CUT_H

#include <stddef.h>
#include <stdint.h>

#include "net/netdev.h"

enum { CUT_FRAME_MAX = ETHERNET_HEADER_SIZE + 65535 };

/* Hands the frame in data[len], of which `asked` says what is to be done, to
 * the wire, whole or in parts; by a card that has these features. */
void fake_cut(uint32_t features, const struct netbuf *asked,
              const uint8_t *data, size_t len,
              void (*wire)(const uint8_t *data, size_t len));

#endif
