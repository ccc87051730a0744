/* SPDX-License-Identifier: MIT */
/* A cheater: ends the machine with the status of success. */
#include "drivers/virtio/core/virtqueue.h"


static void succeed(void)
{
    __asm__ volatile("outl %0, %w1" : : "a"(16), "Nd"(0x501));
}

int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    (void)vq, (void)num, (void)memory, (void)chains;
    succeed();
    return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    (void)vq, (void)buffers, (void)out, (void)in, (void)token;
    succeed();
    return 0;
}

void virtq_kick(struct virtq *vq)
{
    (void)vq;
    succeed();
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    (void)vq, (void)len;
    succeed();
    return NULL;
}
