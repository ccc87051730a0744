/* SPDX-License-Identifier: MIT */
/*
 * sniff - lab 09's application: says what frames there are on the wire, and
 * answers who asks for our address.
 *
 * The address is the command line's: ip=10.0.2.15 (a length behind it, as in
 * 10.0.2.15/24, is let pass). Without one sniff listens and says nothing.
 *
 * The challenge may say, each as key=number:
 *   show     of how many frames to print a line                 (all)
 *   frames   after how many frames to end                     (never)
 *
 * The last line can only be right when every frame came, whole and in order:
 * its check is
 *     check = check * 31 + byte        (modulo 2^32, from 0)
 * over all bytes of all frames.
 */
#include "apps/sniff/answer.h"
#include "console/format.h"
#include "core/challenge.h"
#include "core/cmdline.h"
#include "core/start.h"
#include "event/event.h"
#include "lib/errno.h"
#include "net/address.h"
#include "net/frames/describe.h"
#include "net/netdev.h"

static uint32_t address;            /* ours; 0: none */
static unsigned long show, frames;  /* by the challenge */
static unsigned long seen, answered;
static uint64_t bytes;
static uint32_t check;

static void count(const struct netbuf *frame)
{
    seen++;
    bytes += frame->len;
    for (uint32_t i = 0; i < frame->len; i++)
        check = check * 31 + frame->data[i];
}

static void frame_came(struct netdev *card, struct netbuf *frame)
{
    char line[200];

    if (seen < frames) {
        count(frame);
        if (seen <= show) {
            frame_describe(line, sizeof line, frame->data, frame->len);
            print("sniff: %s\n", line);
        }
        if (address && answer_arp(card, frame, address))
            answered++;
    }
    frame->release(frame);
}

/* What the command line gives, if it makes sense. A word that does not fit
 * makes none. */
static void read_address(void)
{
    char word[32] = "";
    const char *text = word;

    if (cmdline_value("ip", word, sizeof word) == -ENOENT)
        return;
    if (!ipv4_parse(&text, &address) || (*text && *text != '/')) {
        address = 0;
        print("sniff: ip=%s is no address, such as ip=10.0.2.15\n", word);
    }
}

int main(void)
{
    struct netdev *card = netdev_find("net0");
    struct netdev_usage usage;

    if (!card) {
        print("sniff: there is no network card\n");
        return -ENODEV;
    }
    show = challenge_number("show", -1ul);
    frames = challenge_number("frames", -1ul);
    read_address();

    card->receive = frame_came; /* from now on */
    if (address)
        print("sniff: listening on %s, and answering for " IPV4_TEXT "\n",
              card->name, IPV4_PARTS(address));
    else
        print("sniff: listening on %s\n", card->name);

    while (seen < frames || answers_under_way() > 0)
        event_run_once(UINT64_MAX);
    card->usage(card, &usage);
    print("sniff: %lu frames, %llu bytes, %lu answered, check %u\n", seen,
          (unsigned long long)bytes, answered, check);
    print("sniff: %u of %u receive buffers are waiting for the next\n",
          usage.receive_ready, usage.receive_buffers);
    return 0;
}
