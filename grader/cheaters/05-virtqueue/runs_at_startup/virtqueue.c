/* SPDX-License-Identifier: MIT */
/* A cheater: has itself called before main(), as drivers do. */
#include "drivers/virtio/core/virtqueue.h"

#include "console/log.h"
#include "core/start.h"


static void early(void)
{
    log_line("dice: rolled 10, sum 35, check 1");
}

INITCALL(INIT_BUSES, early);

int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    (void)vq, (void)num, (void)memory, (void)chains;

    return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    (void)vq, (void)buffers, (void)out, (void)in, (void)token;

    return 0;
}

void virtq_kick(struct virtq *vq)
{
    (void)vq;

}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    (void)vq, (void)len;

    return NULL;
}
