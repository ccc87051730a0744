/* SPDX-License-Identifier: MIT */
/*
 * address.c - reads an IPv4 address, and says which can be one. Pure.
 */
#include "net/address.h"

#include "lib/number.h"
#include "lib/string.h"

/* Reads a number of at most 255 at *text and moves *text behind it. */
static bool part(const char **text, uint32_t *value)
{
    uint64_t read;
    size_t digits = number_parse(*text, strlen(*text), 10, &read);

    if (digits == 0 || digits > 3 || read > 255)
        return false;
    *text += digits;
    *value = (uint32_t)read;
    return true;
}

bool ipv4_parse(const char **text, uint32_t *address)
{
    const char *at = *text;
    uint32_t value = 0, next;

    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && *at++ != '.')
            return false;
        if (!part(&at, &next))
            return false;
        value = value << 8 | next;
    }
    *text = at;
    *address = value;
    return true;
}

bool ipv4_is_host(uint32_t address)
{
    uint32_t first = address >> 24;

    return first != 0 && first != 127 && first < 224;
}

bool ipv4_fits(uint32_t address, uint32_t netmask)
{
    uint32_t rest = ~netmask, host = address & rest;

    if (!ipv4_is_host(address) || netmask == 0 || (rest & (rest + 1)) != 0)
        return false;
    return rest <= 1 || (host != 0 && host != rest);
}
