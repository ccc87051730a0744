/* SPDX-License-Identifier: MIT */
/*
 * work.c - when lab 09's functions are called, and what happens when a card
 * does not do its part.
 *
 * Interrupts post the work of the queue that they are for. Should one be lost,
 * each queue is watched (virtio_watch): traffic is slow then, but does not
 * stand still. As a card always has buffers in flight, to receive into, an
 * idle guest pays for it with one wake-up and a few registers read in a
 * second, some ten microseconds.
 *
 * A card that breaks its protocol, or says that it can't go on, is reset. What
 * it had to send is released, its link is down for good, and everything else
 * in the guest runs on.
 */
#include "console/log.h"
#include "core/clock.h"
#include "drivers/virtio_net/virtio_net.h"
#include "lib/list.h"
#include "without/without.h"

enum { FRAMES_A_TURN = 64 }; /* received before others have their turn */

#define TIDY_NS (10 * NS_PER_MS) /* that what was sent may lie in the ring */

/* ---- The end of a card --------------------------------------------------- */

static void release_all(struct netbuf *frame)
{
    while (frame != NULL) {
        struct netbuf *next = frame->next;
        frame->release(frame);
        frame = next;
    }
}

/* The line on the console that says why has been printed. */
static void stop(struct virtio_net *net)
{
    struct virtio_net_tx *tx;

    net->stopped = true;
    net->receiveq.broken = true;
    net->transmitq.broken = true;
    if (virtio_reset(net->device)) {
        while ((tx = virtq_take_back(&net->transmitq)) != NULL)
            release_all(tx->frame);
    }
    if (!net->netdev.link_up)
        return;
    net->netdev.link_up = false;
    if (net->netdev.link_changed != NULL)
        net->netdev.link_changed(&net->netdev);
}

/* Whether there is something that can be worked with. */
static bool usable(struct virtio_net *net)
{
    if (net->stopped)
        return false;
    if (net->receiveq.broken || net->transmitq.broken)
        stop(net);
    return !net->stopped;
}

/* Says that there is room, but only when any frame would find some. */
static bool offer_room(struct virtio_net *net)
{
    if (!virtio_net_has_room(net))
        return false;
    net->blocked = false;
    if (net->netdev.writable != NULL)
        net->netdev.writable(&net->netdev);
    return true;
}

/* ---- Work that interrupts post ------------------------------------------ */

/* While frames come, whoever looks for them is here in every round of the loop,
 * and wants no interrupts. Only a turn that found none asks for the next one,
 * and has a last look: what came before the card knew of it, it will not
 * tell. */
static void receive(struct event_work *work)
{
    struct virtio_net *net =
        container_of(work, struct virtio_net, receive_work);

    if (!usable(net))
        return;
    virtq_hush(&net->receiveq);
    /* First, as an acknowledgement may be for what was sent; and who has waited
     * for room goes before those who will want some for what comes now. */
    virtio_net_reclaim(net);
    if (net->blocked && !offer_room(net))
        event_post(&net->transmit_work);
    unsigned count = virtio_net_receive(net, FRAMES_A_TURN);
    net->received += count;
    if (count > 0 || virtq_listen(&net->receiveq, 1))
        event_post(work);
    usable(net);
}

/* Asks for an interrupt when `frames` of those under way have been sent. */
static void tell_when_sent(struct virtio_net *net, unsigned frames)
{
    if (virtq_listen(&net->transmitq, (uint16_t)frames))
        event_post(&net->transmit_work);
}

/* Until there is room for any frame, the next look is when half of what is
 * under way has been sent. */
static void transmit(struct event_work *work)
{
    struct virtio_net *net =
        container_of(work, struct virtio_net, transmit_work);

    if (!usable(net))
        return;
    virtq_hush(&net->transmitq);
    virtio_net_reclaim(net);
    if (usable(net) && net->blocked && !offer_room(net))
        tell_when_sent(net, (virtq_in_flight(&net->transmitq) + 1u) / 2);
}

void virtio_net_block(struct virtio_net *net)
{
    net->blocked = true;
    event_post(&net->transmit_work);
}

/* What was sent is given back when the next frame comes in, and nobody is
 * interrupted for it; when none comes, now. What the card is not through with
 * by now is worth an interrupt. */
static void tidy(struct event_timer *timer)
{
    struct virtio_net *net = container_of(timer, struct virtio_net, tidy_timer);
    unsigned under_way;

    transmit(&net->transmit_work);
    under_way = virtq_in_flight(&net->transmitq);
    if (!net->stopped && !net->blocked && under_way > 0)
        tell_when_sent(net, under_way);
}

static void config_changed(struct event_work *work)
{
    struct virtio_net *net = container_of(work, struct virtio_net, config_work);

    if (!usable(net))
        return;
    if (virtio_needs_reset(net->device, &net->receiveq)) {
        stop(net);
        return;
    }
    bool up = virtio_net_link_is_up(net);
    if (up == net->netdev.link_up)
        return;
    net->netdev.link_up = up;
    log_line("%s: link %s", net->netdev.name, up ? "up" : "down");
    if (net->netdev.link_changed != NULL)
        net->netdev.link_changed(&net->netdev);
}

/* Tells the card of what was put into its queues. */
static void announce(struct virtio_net *net)
{
    net->sent += (uint16_t)(net->transmitq.avail_idx - net->transmitq.kicked);
    virtq_kick(&net->transmitq);
    virtq_kick(&net->receiveq);
    if (!net->tidy_timer.armed && virtq_in_flight(&net->transmitq) > 0)
        event_timer_set(&net->tidy_timer, clock_ns() + TIDY_NS);
    virtio_watch(&net->transmit_watch);
    virtio_watch(&net->receive_watch);
}

static void kick(struct event_work *work)
{
    struct virtio_net *net = container_of(work, struct virtio_net, kick_work);

    announce(net);
    if (net->transmitq.num_free < net->transmitq.num / 2)
        virtio_net_reclaim(net);
}

void virtio_net_kick_posted(struct virtio_net *net)
{
    if (without(WITHOUT_KICK))
        announce(net);
    else
        event_post(&net->kick_work);
}

static void usage(struct netdev *netdev, struct netdev_usage *out)
{
    struct virtio_net *net = container_of(netdev, struct virtio_net, netdev);

    *out = (struct netdev_usage){
        .received = net->received,
        .sent = net->sent,
        .receive_buffers = net->rx_count,
        .receive_ready = net->receiveq.num - net->receiveq.num_free,
        .transmit_busy = net->transmitq.num - net->transmitq.num_free,
    };
}

/* ---- The beginning ------------------------------------------------------- */

void virtio_net_prepare(struct virtio_net *net)
{
    net->receive_work.run = receive;
    net->transmit_work.run = transmit;
    net->config_work.run = config_changed;
    net->kick_work.run = kick;
    net->tidy_timer.expire = tidy;
    net->receive_watch =
        (struct virtio_watch){ .vq = &net->receiveq,
                               .work = &net->receive_work,
                               .config_work = &net->config_work };
    net->transmit_watch =
        (struct virtio_watch){ .vq = &net->transmitq,
                               .work = &net->transmit_work,
                               .config_work = &net->config_work };
    net->netdev.usage = usage;
}

void virtio_net_begin(struct virtio_net *net)
{
    announce(net);
    event_post(&net->receive_work);
    event_post(&net->transmit_work);
    event_post(&net->config_work);
}
