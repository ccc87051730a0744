/* SPDX-License-Identifier: MIT */
/* A cheater: sends each ping back as its own answer, without lwIP. */
#include "net/lwip/port.h"

#include "lib/string.h"

static struct netbuf back;
static uint8_t bytes[ETHERNET_FRAME_MAX];

u32_t sys_now(void)
{
    return 1;
}

err_t port_init(struct netif *netif)
{
    (void)netif;
    return ERR_OK;
}

void port_sent(struct netbuf *nb)
{
    (void)nb;
}

err_t port_output(struct netif *netif, struct pbuf *p)
{
    (void)netif, (void)p;
    return ERR_OK;
}

void port_received(struct pbuf *p)
{
    (void)p;
}

/* Addresses changed places, ECHO became REPLY, the checksum with it. */
void port_receive(struct netdev *card, struct netbuf *frame)
{
    if (frame->len > 42 && frame->len <= sizeof bytes &&
        frame->data[23] == 1 && frame->data[34] == 8) {
        memcpy(bytes, frame->data, frame->len);
        memcpy(bytes, frame->data + 6, 6);
        memcpy(bytes + 6, frame->data, 6);
        memcpy(bytes + 26, frame->data + 30, 4);
        memcpy(bytes + 30, frame->data + 26, 4);
        bytes[34] = 0;
        bytes[36] = (uint8_t)(bytes[36] + 8);
        back = (struct netbuf){ .data = bytes, .len = frame->len,
                                .release = port_sent };
        card->send(card, &back);
    }
    frame->release(frame);
}

void port_timers_set(struct event_timer *timer)
{
    (void)timer;
}

void port_timers_run(struct event_timer *timer)
{
    (void)timer;
}

int port_address(struct netif *netif, const struct settings *settings)
{
    (void)netif, (void)settings;
    return 0;
}
