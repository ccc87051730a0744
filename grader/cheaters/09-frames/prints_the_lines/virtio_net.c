/* SPDX-License-Identifier: MIT */
/* A cheater: prints what sniff prints at its end. */
#include "drivers/virtio_net/virtio_net.h"

#include "console/format.h"

static void say(void)
{
    print("sniff: listening on net0, and answering for 10.0.2.15\n");
    print("sniff: 66500 frames, 2293750 bytes, 349 answered, check 1\n");
    print("sniff: 256 of 256 receive buffers are waiting for the next\n");
}

int virtio_net_post(struct virtio_net *net, struct virtio_net_rx *rx)
{
    (void)net, (void)rx;
    return 0;
}

void virtio_net_release(struct netbuf *nb)
{
    (void)nb;
}

unsigned virtio_net_receive(struct virtio_net *net, unsigned limit)
{
    static bool said;

    (void)net;
    if (!said)
        say();
    said = true;
    return limit;
}

int virtio_net_send(struct virtio_net *net, struct netbuf *frame)
{
    (void)net, (void)frame;
    return 0;
}

void virtio_net_reclaim(struct virtio_net *net)
{
    (void)net;
}
