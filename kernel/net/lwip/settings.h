/* SPDX-License-Identifier: MIT */
/*
 * settings.h - the address that somebody has given to this machine.
 */
#ifndef NET_LWIP_SETTINGS_H
#define NET_LWIP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/* Addresses as numbers, 10.0.2.15 being 0x0a00020f. */
struct settings {
    bool fixed;                 /* if not, the rest is 0: ask DHCP */
    uint32_t address;
    uint32_t netmask;
    uint32_t gateway;           /* 0: none */
};

/*
 * Reads `ip`, an address with the length of its network ("10.77.0.2/24"), and
 * `gw`, an address ("10.77.0.1"); either may be NULL when it is not given. No
 * I/O. Returns 0, or -EINVAL with *wrong a sentence's beginning that says what
 * is wrong ("ip= wants an address and ..."), and DHCP in *out.
 */
int settings_parse(const char *ip, const char *gw, struct settings *out,
                   const char **wrong);

#endif
