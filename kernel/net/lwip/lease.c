/* SPDX-License-Identifier: MIT */
/*
 * lease.c - reads what a DHCP server answers. Pure: bytes in, numbers out.
 *
 * lwIP reads the same message after us and keeps the conversation going, but
 * it believes what it is told: an address of 0, a mask with holes, a lease of
 * no length. What is refused here it never sees (net/lwip/own_address.c).
 *
 *     0       4       8         16        28       44      108      236
 *     | op .. |  xid  | .. yiaddr | .. chaddr | sname | file | cookie, options
 */
#include "net/lwip/lease.h"

#include <stdbool.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "net/address.h"

enum {                                          /* [RFC 2131 §2] */
    OP = 0, HTYPE = 1, HLEN = 2, XID = 4, YIADDR = 16, CHADDR = 28,
    SNAME = 44, FILE_NAME = 108, COOKIE = 236, OPTIONS = 240,
    BOOTREPLY = 2, ETHERNET = 1,
};

enum {                                          /* [RFC 2132] */
    OPTION_PAD = 0, OPTION_MASK = 1, OPTION_ROUTER = 3, OPTION_MTU = 26,
    OPTION_SECONDS = 51, OPTION_OVERLOAD = 52, OPTION_TYPE = 53,
    OPTION_SERVER = 54, OPTION_T1 = 58, OPTION_T2 = 59, OPTION_END = 255,
};

enum { IN_FILE = 1, IN_SNAME = 2 };             /* of OPTION_OVERLOAD */

enum { ETHERNET_SIZE = 14, IP_SIZE = 20, UDP_SIZE = 8, UDP = 17, PORT = 68 };

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

const uint8_t *lease_find(const uint8_t *data, size_t len, size_t *size)
{
    const uint8_t *ip = data + ETHERNET_SIZE, *udp;
    size_t header, whole;

    if (len < ETHERNET_SIZE + IP_SIZE + UDP_SIZE || get16(data + 12) != 0x0800)
        return NULL;
    header = (ip[0] & 15u) * 4;
    whole = get16(ip + 2);
    /* Of a packet in fragments nothing is believed, here or in lwIP. */
    if (ip[0] >> 4 != 4 || header < IP_SIZE || ip[9] != UDP ||
        (get16(ip + 6) & 0x3fff) != 0 || whole > len - ETHERNET_SIZE ||
        whole < header + UDP_SIZE)
        return NULL;
    udp = ip + header;
    if (get16(udp + 2) != PORT)
        return NULL;
    *size = whole - header - UDP_SIZE;
    return udp + UDP_SIZE;
}

/* ---- Options ------------------------------------------------------------ */

/* What the options have said so far. Of two with the same number the first
 * counts, as it does for lwIP. */
struct said {
    struct lease *lease;
    uint32_t t1, t2;
    bool seconds_given;
    unsigned overload;
};

/* How long an option of that kind has to be: at least, if it may be longer.
 * 0: it is not looked at. */
static size_t length_of(unsigned kind, bool *longer)
{
    *longer = kind == OPTION_ROUTER;
    switch (kind) {
    case OPTION_TYPE:
    case OPTION_OVERLOAD:
        return 1;
    case OPTION_MTU:
        return 2;
    case OPTION_MASK:
    case OPTION_ROUTER:
    case OPTION_SECONDS:
    case OPTION_SERVER:
    case OPTION_T1:
    case OPTION_T2:
        return 4;
    default:
        return 0;
    }
}

static void keep32(uint32_t *number, const uint8_t *value)
{
    if (*number == 0)
        *number = get32(value);
}

static void take_option(struct said *said, unsigned kind, const uint8_t *value)
{
    struct lease *lease = said->lease;

    switch (kind) {
    case OPTION_TYPE:
        lease->type = lease->type ? lease->type : value[0];
        break;
    case OPTION_OVERLOAD:
        said->overload = said->overload ? said->overload : value[0];
        break;
    case OPTION_MTU:
        lease->mtu = lease->mtu ? lease->mtu : (uint16_t)get16(value);
        break;
    case OPTION_MASK:
        keep32(&lease->netmask, value);
        break;
    case OPTION_ROUTER:
        keep32(&lease->router, value);
        break;
    case OPTION_SERVER:
        keep32(&lease->server, value);
        break;
    case OPTION_SECONDS:
        if (!said->seconds_given)
            lease->seconds = get32(value);
        said->seconds_given = true;
        break;
    case OPTION_T1:
        keep32(&said->t1, value);
        break;
    case OPTION_T2:
        keep32(&said->t2, value);
        break;
    }
}

/* Reads the options in data[len]; false for what is malformed. */
static bool read_options(struct said *said, const uint8_t *data, size_t len)
{
    size_t i = 0, size, wanted;
    bool longer;

    while (i < len && data[i] != OPTION_END) {
        if (data[i] == OPTION_PAD) {
            i++;
            continue;
        }
        if (len - i < 2 || data[i + 1] > len - i - 2)
            return false;
        size = data[i + 1];
        wanted = length_of(data[i], &longer);
        if (wanted && (size < wanted || (size > wanted && !longer)))
            return false;
        if (wanted)
            take_option(said, data[i], data + i + 2);
        i += 2 + size;
    }
    return true;
}

/* ---- Sense -------------------------------------------------------------- */

/* [RFC 2131 §4.4.5]: half of the time, and seven eighths of it, where the
 * server says nothing that makes sense. */
static void settle_times(struct lease *lease, const struct said *said)
{
    if (!said->seconds_given)
        lease->seconds = LEASE_UNSAID;
    if (lease->seconds == LEASE_FOREVER) {
        lease->renew = lease->rebind = LEASE_FOREVER;
        return;
    }
    if (lease->seconds < LEASE_MIN)
        lease->seconds = LEASE_MIN;
    lease->renew = said->t1;
    lease->rebind = said->t2;
    if (lease->rebind < 2 || lease->rebind >= lease->seconds)
        lease->rebind = lease->seconds - lease->seconds / 8;
    if (lease->renew == 0 || lease->renew >= lease->rebind)
        lease->renew = lease->seconds / 2;
    if (lease->renew >= lease->rebind)
        lease->renew = lease->rebind / 2;
}

static bool makes_sense(const struct lease *lease)
{
    if (lease->type == LEASE_NAK)
        return true;
    if (lease->type != LEASE_OFFER && lease->type != LEASE_ACK)
        return false;
    return ipv4_is_host(lease->address) &&
           (!lease->netmask || ipv4_fits(lease->address, lease->netmask)) &&
           (!lease->router || ipv4_is_host(lease->router));
}

int lease_read(const uint8_t *data, size_t len, struct lease *out)
{
    static const uint8_t cookie[4] = { 99, 130, 83, 99 };
    struct lease lease = { 0 };
    struct said said = { .lease = &lease };

    *out = lease;
    if (len < OPTIONS || data[OP] != BOOTREPLY || data[HTYPE] != ETHERNET ||
        data[HLEN] != sizeof lease.chaddr ||
        memcmp(data + COOKIE, cookie, sizeof cookie) != 0)
        return -EINVAL;
    if (!read_options(&said, data + OPTIONS, len - OPTIONS))
        return -EINVAL;
    if ((said.overload & IN_FILE) &&
        !read_options(&said, data + FILE_NAME, COOKIE - FILE_NAME))
        return -EINVAL;
    if ((said.overload & IN_SNAME) &&
        !read_options(&said, data + SNAME, FILE_NAME - SNAME))
        return -EINVAL;
    lease.xid = get32(data + XID);
    lease.address = get32(data + YIADDR);
    memcpy(lease.chaddr, data + CHADDR, sizeof lease.chaddr);
    if (!makes_sense(&lease))
        return -EINVAL;
    settle_times(&lease, &said);
    *out = lease;
    return 0;
}
