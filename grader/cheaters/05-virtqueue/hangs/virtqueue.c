/* SPDX-License-Identifier: MIT */
/* A cheater: never ends, and hopes for a grader that gives up kindly. */
#include "drivers/virtio/core/virtqueue.h"


int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    (void)vq, (void)num, (void)memory, (void)chains;
    for (volatile int i = 0;;)
        i = i;
    return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    (void)vq, (void)buffers, (void)out, (void)in, (void)token;
    for (volatile int i = 0;;)
        i = i;
    return 0;
}

void virtq_kick(struct virtq *vq)
{
    (void)vq;
    for (volatile int i = 0;;)
        i = i;
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    (void)vq, (void)len;
    for (volatile int i = 0;;)
        i = i;
    return NULL;
}
