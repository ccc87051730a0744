/* SPDX-License-Identifier: MIT */
/*
 * test_settings.c - ip= and gw= on the kernel's command line.
 */
#include <errno.h>
#include <string.h>

#include "net/lwip/settings.h"
#include "unit.h"

TEST(test_nothing_on_the_command_line_means_dhcp)
{
    struct settings s = { .fixed = true };
    const char *wrong;

    CHECK(settings_parse(NULL, NULL, &s, &wrong) == 0 && !s.fixed && !wrong,
          "without ip= and gw= DHCP is asked, and nothing is wrong");
}

TEST(test_addresses_that_make_sense)
{
    static const struct {
        const char *ip, *gw;
        uint32_t address, netmask, gateway;
    } table[] = {
        { "10.77.0.2/24", "10.77.0.1", 0x0a4d0002, 0xffffff00, 0x0a4d0001 },
        { "10.77.0.2/24", NULL, 0x0a4d0002, 0xffffff00, 0 },
        { "192.168.255.254/16", "192.168.0.1", 0xc0a8fffe, 0xffff0000,
          0xc0a80001 },
        { "10.128.0.7/32", "10.128.0.1", 0x0a800007, 0xffffffff, 0x0a800001 },
        { "10.0.0.0/31", "10.0.0.1", 0x0a000000, 0xfffffffe, 0x0a000001 },
        { "1.2.3.4/1", NULL, 0x01020304, 0x80000000, 0 },
        { "223.255.255.254/24", NULL, 0xdffffffe, 0xffffff00, 0 },
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings s;
        const char *wrong;
        int err = settings_parse(table[i].ip, table[i].gw, &s, &wrong);

        CHECK(err == 0 && s.fixed && !wrong, "ip=%s makes sense, here %s",
              table[i].ip, wrong);
        CHECK(s.address == table[i].address && s.netmask == table[i].netmask &&
              s.gateway == table[i].gateway, "ip=%s is %08x/%08x by %08x, here "
              "%08x/%08x by %08x", table[i].ip, table[i].address,
              table[i].netmask, table[i].gateway, s.address, s.netmask,
              s.gateway);
    }
}

TEST(test_words_that_make_no_sense_are_refused_in_a_sentence)
{
    static const struct { const char *ip, *gw, *says; } table[] = {
        { "", NULL, "ip=" },
        { "10.77.0.2", NULL, "ip=" },
        { "10.77.0.2/", NULL, "ip=" },
        { "10.77.0.2/0", NULL, "ip=" },
        { "10.77.0.2/33", NULL, "ip=" },
        { "10.77.0.2/24x", NULL, "ip=" },
        { "10.77.0.2 /24", NULL, "ip=" },
        { "10.77.0.256/24", NULL, "ip=" },
        { "10.77.0.0002/24", NULL, "ip=" },
        { "10.77..2/24", NULL, "ip=" },
        { "10.77.0/24", NULL, "ip=" },
        { "10.77.0.2.1/24", NULL, "ip=" },
        { "-1.77.0.2/24", NULL, "ip=" },
        { "99999999999999999999.1.1.1/8", NULL, "ip=" },
        { "10.77.0.0/24", NULL, "ip=" },
        { "10.77.0.255/24", NULL, "ip=" },
        { "0.77.0.2/24", NULL, "ip=" },
        { "127.0.0.1/8", NULL, "ip=" },
        { "224.0.0.1/24", NULL, "ip=" },
        { "255.255.255.255/32", NULL, "ip=" },
        { "10.77.0.2/24", "", "gw=" },
        { "10.77.0.2/24", "10.77.0", "gw=" },
        { "10.77.0.2/24", "10.77.0.1/24", "gw=" },
        { "10.77.0.2/24", "10.77.0.2", "gw=" },
        { "10.77.0.2/24", "0.0.0.0", "gw=" },
        { NULL, "10.77.0.1", "gw=" },
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings s = { .fixed = true };
        const char *wrong;
        int err = settings_parse(table[i].ip, table[i].gw, &s, &wrong);

        CHECK(err == -EINVAL && !s.fixed && s.address == 0, "ip=%s gw=%s is "
              "refused, and DHCP asked", table[i].ip, table[i].gw);
        CHECK(wrong && strncmp(wrong, table[i].says, 3) == 0, "of ip=%s gw=%s "
              "it is said what is wrong with %s, here \"%s\"", table[i].ip,
              table[i].gw, table[i].says, wrong);
    }
}
