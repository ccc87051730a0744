/* SPDX-License-Identifier: MIT */
/* A cheater: sends back what comes, past the application and past stream.h. */
#include "net/lwip/streams.h"

#include "net/stream.h"

#include "lwip/tcp.h"

/* Whoever calls is accepted, and heard by stream_on_receive() alone. */
err_t stream_on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg, (void)err;
    if (!pcb)
        return ERR_MEM;
    tcp_recv(pcb, stream_on_receive);
    return ERR_OK;
}

int stream_listen(uint16_t port, unsigned backlog,
                  int (*accept)(struct stream *s))
{
    struct tcp_pcb *pcb = tcp_new();

    (void)backlog, (void)accept;
    if (!pcb || tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK)
        return -1;
    tcp_accept(tcp_listen(pcb), stream_on_accept);
    return 0;
}

void stream_deliver(struct stream *s)
{
    (void)s;
}

err_t stream_on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t err)
{
    (void)arg, (void)err;
    if (!p)
        return tcp_close(pcb);
    for (struct pbuf *q = p; q; q = q->next)
        tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY);
    tcp_recved(pcb, p->tot_len);
    tcp_output(pcb);
    pbuf_free(p);
    return ERR_OK;
}

void stream_resume(struct stream *s)
{
    (void)s;
}

size_t stream_room(const struct stream *s)
{
    (void)s;
    return 65535;
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    (void)s, (void)data, (void)more, (void)release, (void)ctx;
    return (long)len;
}

err_t stream_on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    (void)arg, (void)pcb, (void)len;
    return ERR_OK;
}

void stream_close(struct stream *s)
{
    (void)s;
}

void stream_abort(struct stream *s)
{
    (void)s;
}

err_t stream_on_poll(void *arg, struct tcp_pcb *pcb)
{
    (void)arg, (void)pcb;
    return ERR_OK;
}

void stream_on_error(void *arg, err_t err)
{
    (void)arg, (void)err;
}
