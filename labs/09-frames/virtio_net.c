/* SPDX-License-Identifier: MIT */
/*
 * virtio_net.c - Ethernet frames in and out of a virtio network card.
 *
 * Between struct netdev, through which a stack hands frames down and gets
 * them handed up, and the two virtqueues. When it is called, which features
 * the card has, and where buffers come from is left to drivers/virtio_net;
 * what is in a frame, to the stack. Nothing is copied in either direction.
 */
#include "drivers/virtio_net/virtio_net.h"

#include "core/panic.h"
#include "lib/errno.h"
#include "lib/list.h"

int virtio_net_post(struct virtio_net *net, struct virtio_net_rx *rx)
{
    /* TODO 9.1 virtio_net_post: all of rx->memory for the device to write, in
     * the pieces that rx->pieces has of it. What will virtq_poll() have to give
     * back, so that you know which it was? [virtio 1.2 §5.1.6.3] */
    lab_todo("9.1 virtio_net_post");
    /* END 9.1 */
}

void virtio_net_release(struct netbuf *nb)
{
    /* TODO 9.2 virtio_net_release: the netbuf is a member of its
     * virtio_net_rx: container_of(). The ring has one buffer less until it is
     * posted again, and an empty ring receives nothing. Only a broken device
     * refuses it; then it is out of use for good. */
    lab_todo("9.2 virtio_net_release");
    /* END 9.2 */
}

unsigned virtio_net_receive(struct virtio_net *net, unsigned limit)
{
    /* TODO 9.3 virtio_net_receive: what virtq_poll() says of the length
     * counts the header, which is net->header_size long. Make the netbuf whole
     * (data, len, release, and no traces of the frame before) and lend it; from
     * then on it may come back at any time, also before receive() returns.
     * Every buffer that you take out either goes up or goes back, as
     * virtio_net_release() has it. [virtio 1.2 §5.1.6.4] */
    lab_todo("9.3 virtio_net_receive");
    /* END 9.3 */
}

int virtio_net_send(struct virtio_net *net, struct netbuf *frame)
{
    /* TODO 9.4 virtio_net_send: measure the chain first, and refuse one that
     * is shorter than an Ethernet header, in too many pieces (an empty one is
     * none), or longer than it may be (frame_max, or VIRTIO_NET_CUT_MAX for one
     * that the device shall cut). Then get a virtio_net_tx, which has the
     * memory for the header and remembers the frame: it stays with the device
     * until virtio_net_reclaim(). A header that asks for nothing is all zero,
     * and the card wants net->header_size bytes of it. When the ring won't take
     * the frame, nothing has happened. [virtio 1.2 §5.1.6.2] */
    lab_todo("9.4 virtio_net_send");
    /* END 9.4 */
}

void virtio_net_reclaim(struct virtio_net *net)
{
    /* TODO 9.5 virtio_net_reclaim: everything that the device is done with.
     * Each netbuf of the chain is released once, after which it is not yours
     * to look at; and the virtio_net_tx can be used again. */
    lab_todo("9.5 virtio_net_reclaim");
    /* END 9.5 */
}
