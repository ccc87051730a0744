/* SPDX-License-Identifier: MIT */
/*
 * answer.c - the memory of what sniff sends. The card keeps a frame until it
 * has left, so each answer needs a place of its own until then.
 */
#include "apps/sniff/answer.h"

#include "lib/list.h"
#include "net/frames/arp.h"

/* Invariant: one is either the card's, or on the list `spare`. */
static struct answer {
    struct netbuf netbuf;
    struct arp_frame frame;
    struct answer *next;
} answers[ANSWERS_MAX], *spare;
static unsigned used, fresh;    /* from answers[fresh] on never used yet */

static struct answer *take(void)
{
    struct answer *a = spare;

    if (a)
        spare = a->next;
    else if (fresh < ANSWERS_MAX)
        a = &answers[fresh++];
    else
        return NULL;
    used++;
    return a;
}

static void give_back(struct netbuf *nb)
{
    struct answer *a = container_of(nb, struct answer, netbuf);

    a->next = spare;
    spare = a;
    used--;
}

unsigned answers_under_way(void)
{
    return used;
}

bool answer_arp(struct netdev *card, const struct netbuf *frame,
                uint32_t address)
{
    if (!arp_asks(frame->data, frame->len, address))
        return false;
    struct answer *a = take();
    if (!a)
        return false;

    arp_answer((const struct arp_frame *)frame->data, card->address, address,
               &a->frame);
    a->netbuf = (struct netbuf){
        .data = (uint8_t *)&a->frame,
        .len = sizeof a->frame,
        .release = give_back,
    };
    if (card->send(card, &a->netbuf) == 0)
        return true;
    give_back(&a->netbuf);      /* a send that fails has taken nothing */
    return false;
}
