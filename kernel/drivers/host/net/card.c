/* SPDX-License-Identifier: MIT */
/*
 * card.c - frames in and out of a wire, as struct netdev wants it.
 *
 * The wire's descriptor is the interrupt: it posts work, and all work is done
 * in the event loop. Nothing is copied but by the host: a frame is read into a
 * buffer that the stack is lent, and written from where it lies. What was
 * written is the host's at once; it is released in the same round of the loop,
 * and never inside send(), whose caller does not expect it yet.
 */
#include <errno.h>
#include <unistd.h>

#include "console/log.h"
#include "drivers/host/net/host_net.h"
#include "lib/list.h"
#include "mem/heap.h"

enum {
    FRAMES_A_TURN = 64,         /* received before others have their turn */
    VLAN_TAG_SIZE = 4,
    RECEIVE_MAX = ETHERNET_FRAME_MAX + VLAN_TAG_SIZE,
};
_Static_assert((int)RECEIVE_MAX < HOST_NET_BUFFER, "what was cut is too long");

/* Once it is watched, the host has nothing to object to. */
static int watch(struct host_net *net)
{
    return descriptor_watch(&net->descriptor,
                            (net->starved ? 0 : DESCRIPTOR_IN) |
                            (net->blocked ? DESCRIPTOR_OUT : 0));
}

/* From the event loop, and not inside send(). */
static void go_down(struct host_net *net)
{
    struct netdev *dev = &net->netdev;

    descriptor_forget(&net->descriptor);
    close(net->wire.fd);
    net->wire.fd = -1;
    dev->link_up = false;
    log_line("%s: link down: the other end has gone", dev->name);
    if (dev->link_changed != NULL)
        dev->link_changed(dev);
}

/* ---- In ------------------------------------------------------------------ */

static void put_buffer(struct host_net_rx *rx)
{
    struct host_net *net = rx->net;

    rx->next_free = net->rx_free;
    net->rx_free = rx;
    net->rx_ready++;
}

static void release_buffer(struct netbuf *nb)
{
    struct host_net_rx *rx = container_of(nb, struct host_net_rx, netbuf);
    struct host_net *net = rx->net;

    put_buffer(rx);
    if (net->starved && net->wire.fd >= 0) {
        net->starved = false;
        watch(net);
    }
}

static void lend(struct host_net_rx *rx, size_t len)
{
    struct host_net *net = rx->net;

    net->rx_free = rx->next_free;
    net->rx_ready--;
    net->frames_received++;
    rx->netbuf = (struct netbuf){ .data = rx->memory, .len = (uint32_t)len,
                                  .release = release_buffer };
    net->netdev.receive(&net->netdev, &rx->netbuf);
}

/* Nothing more can be read now: is that all that is wrong? A message of no
 * bytes looks like the end, and is none. */
static bool nothing_came(struct host_net *net, bool suspect)
{
    suspect = suspect || net->alarmed;
    net->alarmed = false;
    if (suspect && wire_has_gone(&net->wire))
        go_down(net);
    return false;
}

/* Takes one frame off the wire; false when there is none. One that is no
 * frame's length, or comes before anybody is there to receive it, is lost. */
static bool receive_one(struct host_net *net)
{
    struct host_net_rx *rx = net->rx_free;

    if (rx == NULL) {
        net->starved = true;
        nothing_came(net, false);
        if (net->wire.fd >= 0)
            watch(net);
        return false;
    }
    ssize_t len = net->wire.read(net->wire.fd, rx->memory, sizeof rx->memory);
    if (len < 0 && errno == ECONNREFUSED)
        return true;            /* by who was not there for our last frame */
    if (len < 0)
        return nothing_came(net, errno != EAGAIN && errno != EINTR);
    if (len == 0)
        return wire_has_gone(&net->wire) ? nothing_came(net, true) : true;
    if (len >= ETHERNET_HEADER_SIZE && len <= RECEIVE_MAX &&
        net->netdev.receive != NULL)
        lend(rx, (size_t)len);
    return true;
}

static void receive(struct event_work *work)
{
    struct host_net *net = container_of(work, struct host_net, receive_work);

    for (unsigned i = 0; i < FRAMES_A_TURN; i++)
        if (net->wire.fd < 0 || !receive_one(net))
            return;
    event_post(work);
}

/* ---- Out ----------------------------------------------------------------- */

/* The pieces of `frame`; how many there are, or -EINVAL. */
static int gather(const struct netbuf *frame, size_t frame_max,
                  struct iovec pieces[NETDEV_PIECES_MAX])
{
    size_t len = 0;
    int count = 0;

    for (; frame != NULL; frame = frame->next) {
        if (count == NETDEV_PIECES_MAX || frame->len > frame_max - len)
            return -EINVAL;
        pieces[count++] = (struct iovec){ frame->data, frame->len };
        len += frame->len;
    }
    return len > 0 ? count : -EINVAL;
}

/* What was not written. A wire may lose a frame; if it has gone, receive()
 * will find that out. */
static int not_written(struct host_net *net, int error)
{
    switch (error) {
    case EAGAIN:
        net->blocked = true;
        watch(net);
        return -ENOSPC;
    case ENOBUFS:               /* the host has no memory for it now, */
    case ENOMEM:
    case ECONNREFUSED:          /* nobody is at the other end yet, */
    case EIO:                   /* the tap device is not up */
        return 0;
    default:
        net->alarmed = true;
        event_post(&net->receive_work);
        return -EIO;
    }
}

static int send(struct netdev *dev, struct netbuf *frame)
{
    struct host_net *net = container_of(dev, struct host_net, netdev);
    struct iovec pieces[NETDEV_PIECES_MAX];
    int count =
        gather(frame, ETHERNET_HEADER_SIZE + (size_t)dev->mtu, pieces);

    if (count < 0)
        return count;
    if (net->wire.fd < 0)
        return -EIO;
    if (net->blocked)
        return -ENOSPC;
    if (net->wire.write(net->wire.fd, pieces, count) >= 0) {
        net->frames_sent++;
    } else {
        int error = not_written(net, errno);
        if (error != 0)
            return error;
    }
    /* Ours now, with its links. */
    *net->sent_end = frame;
    while (*net->sent_end != NULL)
        net->sent_end = &(*net->sent_end)->next;
    net->sent_busy += (unsigned)count;
    event_post(&net->release_work);
    return 0;
}

static void release_sent(struct event_work *work)
{
    struct host_net *net = container_of(work, struct host_net, release_work);
    struct netbuf *nb = net->sent;

    net->sent = NULL;
    net->sent_end = &net->sent;
    net->sent_busy = 0;
    while (nb != NULL) {
        struct netbuf *next = nb->next;

        nb->release(nb);
        nb = next;
    }
}

static void writable(struct event_work *work)
{
    struct host_net *net = container_of(work, struct host_net, writable_work);

    if (!net->blocked || net->wire.fd < 0)
        return;
    net->blocked = false;
    watch(net);
    if (net->netdev.writable != NULL)
        net->netdev.writable(&net->netdev);
}

/* ---- The whole ----------------------------------------------------------- */

static void ready(struct descriptor *descriptor, unsigned events)
{
    struct host_net *net =
        container_of(descriptor, struct host_net, descriptor);

    if (events & DESCRIPTOR_ERROR)
        net->alarmed = true;
    if (events & (DESCRIPTOR_IN | DESCRIPTOR_ERROR))
        event_post(&net->receive_work);
    if (events & DESCRIPTOR_OUT)
        event_post(&net->writable_work);
}

static void usage(struct netdev *dev, struct netdev_usage *out)
{
    struct host_net *net = container_of(dev, struct host_net, netdev);

    *out = (struct netdev_usage){
        .received = net->frames_received,
        .sent = net->frames_sent,
        .receive_buffers = HOST_NET_BUFFERS,
        .receive_ready = net->rx_ready,
        .transmit_busy = net->sent_busy,
    };
}

/* Each buffer is a block of its own, so that a sanitizer that watches the heap
 * sees who reads beyond one. */
static int make_buffers(struct host_net *net)
{
    for (unsigned i = 0; i < HOST_NET_BUFFERS; i++) {
        struct host_net_rx *rx = heap_alloc_array(1, sizeof *rx);

        if (rx == NULL)
            return -ENOMEM;
        rx->net = net;
        put_buffer(rx);
    }
    return 0;
}

int host_net_begin(struct host_net *net)
{
    int error = make_buffers(net);

    net->sent_end = &net->sent;
    net->receive_work.run = receive;
    net->writable_work.run = writable;
    net->release_work.run = release_sent;
    net->descriptor.fd = net->wire.fd;
    net->descriptor.ready = ready;
    net->netdev.send = send;
    net->netdev.usage = usage;
    return error != 0 ? error : watch(net);
}
