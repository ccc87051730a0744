/* SPDX-License-Identifier: MIT */
/*
 * lists.c - spares lwIP the way through its lists of connections; see the
 * header. Above: connections.c, which knows every connection. Below: lwIP's
 * two lists.
 */
#include "net/lwip/lists.h"

#include <stdbool.h>
#include <stddef.h>

#include "lwip/priv/tcp_priv.h"

/* Who began to wait last is first, as in lwIP's. */
static struct list resting = LIST_INIT(resting);
static unsigned resting_count;
static struct tcp_pcb *hidden_active, *hidden_resting;
static bool hidden;

void lists_init(struct resting *r, struct tcp_pcb *pcb)
{
    list_init(&r->link);
    r->pcb = pcb;
}

void lists_notice(struct resting *r)
{
    if (r->pcb->state != TIME_WAIT || !list_empty(&r->link))
        return;
    list_insert_before(resting.next, &r->link);
    resting_count++;
}

void lists_forget(struct resting *r)
{
    if (list_empty(&r->link))
        return;
    list_remove(&r->link);
    resting_count--;
}

unsigned lists_resting(void)
{
    return resting_count;
}

/* It is brought to the front of lwIP's list, where it is taken out at once. If
 * the one before it here is not the one before it there, lwIP looks for it. */
void lists_give_way(void)
{
    struct resting *oldest = container_of(resting.prev, struct resting, link);
    struct resting *before =
        container_of(oldest->link.prev, struct resting, link);

    if (list_empty(&resting))
        return;
    if (&before->link != &resting && before->pcb->next == oldest->pcb) {
        before->pcb->next = oldest->pcb->next;
        oldest->pcb->next = tcp_tw_pcbs;
        tcp_tw_pcbs = oldest->pcb;
    }
    tcp_abandon(oldest->pcb, 0);
}

void lists_hide(void)
{
    hidden_active = tcp_active_pcbs;
    hidden_resting = tcp_tw_pcbs;
    tcp_active_pcbs = tcp_tw_pcbs = NULL;
    hidden = true;
}

void lists_show(void)
{
    if (!hidden)
        return;
    tcp_active_pcbs = hidden_active;
    tcp_tw_pcbs = hidden_resting;
    hidden = false;
}
