/* SPDX-License-Identifier: MIT */
/*
 * stream.c - connections over lwIP's raw API.
 *
 * Above it protocols, which know net/stream.h; below it lwIP, whose callbacks
 * come here (net/lwip/streams.h has the picture and lwIP's three rules). The
 * struct's life, the pools and the list of what is borrowed are given code.
 */
#include "net/lwip/streams.h"

#include "core/panic.h"
#include "lib/errno.h"
#include "net/stream.h"

#include "lwip/tcp.h"

int stream_listen(uint16_t port, unsigned backlog,
                  int (*accept)(struct stream *s))
{
    /* TODO 11.1 stream_listen: a pcb, bound to the port on every address,
     * then listening with lwIP's longest backlog: ours is kept elsewhere, by
     * the struct listener, which is to be the pcb's argument. On failure no
     * pcb is left over. */
    lab_todo("11.1 stream_listen");
    /* END 11.1 */
}

err_t stream_on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    /* TODO 11.2 stream_on_accept: lwIP also calls with an error and no pcb,
     * when it had none left. */
    lab_todo("11.2 stream_on_accept");
    /* END 11.2 */
}

void stream_deliver(struct stream *s)
{
    /* TODO 11.3 stream_deliver: offer the pbufs of s->unread one after the
     * other; what receive() took is consumed, and the window opens by as much,
     * neither more nor less. After each call of the owner's ask whether there
     * is still an owner, and still a pcb. */
    lab_todo("11.3 stream_deliver");
    /* END 11.3 */
}

err_t stream_on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t err)
{
    /* TODO 11.4 stream_on_receive: what has come is kept and delivered, so
     * that its order stays. A closed stream has no owner to take it: it is
     * thrown away, with the window opened, until the peer's FIN
     * (stream_finish_if_done()). */
    lab_todo("11.4 stream_on_receive");
    /* END 11.4 */
}

void stream_resume(struct stream *s)
{
    /* TODO 11.5 stream_resume: not now, as we may be inside receive(), but
     * before the next round of the event loop is over. */
    lab_todo("11.5 stream_resume");
    /* END 11.5 */
}

size_t stream_room(const struct stream *s)
{
    /* TODO 11.6 stream_room: lwIP has two limits, bytes (pcb->snd_buf; its
     * tcp_sndbuf() stops at 65535) and pbufs (tcp_sndqueuelen(),
     * TCP_SND_QUEUELEN), and we have a third, stream_share(). */
    lab_todo("11.6 stream_room");
    /* END 11.6 */
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    /* TODO 11.7 stream_send: queue as much as goes, by stream_write(), which
     * is lwIP's tcp_write() with larger segments. It takes at most 65535
     * bytes at a time, and all of them or none: ERR_MEM means that a pool is
     * empty, and fewer may still go. Nothing is sent yet: stream_see_to().
     * Count what was taken in s->accepted, then borrow() it once. writable() is
     * owed exactly if less was taken than offered. */
    lab_todo("11.7 stream_send");
    /* END 11.7 */
}

err_t stream_on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    /* TODO 11.8 stream_on_sent: what was acknowledged is no longer borrowed,
     * and is progress (s->quiet). Tell an owner who waits for room, but not
     * about every few bytes (TCP_SNDLOWAT). It may have been the last that a
     * closed stream was waiting for (stream_finish_if_done()). */
    lab_todo("11.8 stream_on_sent");
    /* END 11.8 */
}

void stream_close(struct stream *s)
{
    /* TODO 11.9 stream_close: nobody is told anything any more; what has come
     * and was not taken is thrown away, with the window opened, or lwIP would
     * answer with a reset; then our FIN, behind what is queued
     * (tcp_shutdown()). lwIP tries again by itself when it has no memory for
     * the FIN. */
    lab_todo("11.9 stream_close");
    /* END 11.9 */
}

void stream_abort(struct stream *s)
{
    /* TODO 11.10 stream_abort: lwIP calls on_error for what it aborts, unless
     * it has been told to forget us. It must also hear from the callback that
     * we are in, if we are in one (s->aborted). The stream may be gone
     * already. */
    lab_todo("11.10 stream_abort");
    /* END 11.10 */
}

err_t stream_on_poll(void *arg, struct tcp_pcb *pcb)
{
    /* TODO 11.11 stream_on_poll: what no other callback will bring about. An
     * owner who waits for room while nothing is under way that could be
     * acknowledged. A closed stream: in FIN_WAIT_2 the peer has got all and
     * is silent, or talks on: STREAM_LINGER polls, then lwIP may close it. In
     * another state nothing moves for STREAM_PATIENCE polls: abort. */
    lab_todo("11.11 stream_on_poll");
    /* END 11.11 */
}

void stream_on_error(void *arg, err_t err)
{
    /* TODO 11.12 stream_on_error: the pcb is gone: s->pcb must not be touched
     * again. Tell the owner why: a reset, or no answer in time. */
    lab_todo("11.12 stream_on_error");
    /* END 11.12 */
}
