/* SPDX-License-Identifier: MIT */
/* A cheater: prints until something gives way. */
#include "drivers/virtio/core/virtqueue.h"

#include "console/log.h"


static void flood(void)
{
    for (;;)
        log_line("pass pass pass pass pass pass pass pass pass pass pass");
}

int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    (void)vq, (void)num, (void)memory, (void)chains;
    flood();
    return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    (void)vq, (void)buffers, (void)out, (void)in, (void)token;
    flood();
    return 0;
}

void virtq_kick(struct virtq *vq)
{
    (void)vq;
    flood();
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    (void)vq, (void)len;
    flood();
    return NULL;
}
