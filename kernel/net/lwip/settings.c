/* SPDX-License-Identifier: MIT */
/*
 * settings.c - reads ip=10.77.0.2/24 and gw=10.77.0.1. Pure: text in, numbers
 * out, so that it is tested without a network.
 */
#include "net/lwip/settings.h"

#include <stddef.h>

#include "lib/errno.h"
#include "lib/number.h"
#include "lib/string.h"

/* Reads a number of at most `max` at *text and moves *text behind it. */
static bool number(const char **text, uint64_t max, uint32_t *value)
{
    uint64_t read;
    size_t digits = number_parse(*text, strlen(*text), 10, &read);

    if (digits == 0 || digits > 3 || read > max)
        return false;
    *text += digits;
    *value = (uint32_t)read;
    return true;
}

/* Reads "10.77.0.2" and moves *text behind it. */
static bool address(const char **text, uint32_t *value)
{
    uint32_t part;

    *value = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && *(*text)++ != '.')
            return false;
        if (!number(text, 255, &part))
            return false;
        *value = *value << 8 | part;
    }
    return true;
}

/* An address that one machine may have: not 0.x, not 127.x, no multicast. */
static bool is_host(uint32_t value)
{
    uint32_t first = value >> 24;

    return first != 0 && first != 127 && first < 224;
}

static bool parse_ip(const char *text, struct settings *out)
{
    uint32_t bits;

    if (!address(&text, &out->address) || !is_host(out->address))
        return false;
    if (*text++ != '/' || !number(&text, 32, &bits) || *text || bits == 0)
        return false;
    out->netmask = ~(uint32_t)0 << (32 - bits);

    /* The first and the last address of a network are nobody's; networks of
     * one or two addresses have no such [RFC 3021]. */
    uint32_t host = out->address & ~out->netmask;
    return bits >= 31 || (host != 0 && host != ~out->netmask);
}

static bool parse_gw(const char *text, struct settings *out)
{
    return address(&text, &out->gateway) && !*text && is_host(out->gateway) &&
           out->gateway != out->address;
}

int settings_parse(const char *ip, const char *gw, struct settings *out,
                   const char **wrong)
{
    struct settings s = { .fixed = ip != NULL };

    *wrong = NULL;
    if (ip && !parse_ip(ip, &s))
        *wrong = "ip= wants an address and the length of its network, such "
                 "as ip=10.77.0.2/24";
    else if (gw && !parse_gw(gw, &s))
        *wrong = "gw= wants the gateway's address, such as gw=10.77.0.1";
    else if (gw && !ip)
        *wrong = "gw= goes with ip=, and there is none";
    *out = *wrong ? (struct settings){ 0 } : s;
    return *wrong ? -EINVAL : 0;
}
