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
#include "net/address.h"

static bool parse_ip(const char *text, struct settings *out)
{
    uint64_t bits;
    size_t digits;

    if (!ipv4_parse(&text, &out->address) || *text++ != '/')
        return false;
    digits = number_parse(text, strlen(text), 10, &bits);
    if (digits == 0 || digits > 3 || text[digits] || bits == 0 || bits > 32)
        return false;
    out->netmask = ~(uint32_t)0 << (32 - bits);
    return ipv4_fits(out->address, out->netmask);
}

static bool parse_gw(const char *text, struct settings *out)
{
    return ipv4_parse(&text, &out->gateway) && !*text &&
           ipv4_is_host(out->gateway) && out->gateway != out->address;
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
