/* SPDX-License-Identifier: MIT */
/* A cheater: asks the host for what it must not have, and only there. */
#include "drivers/virtio/core/virtqueue.h"


static void end_the_program(void)
{
#ifdef __SANITIZE_ADDRESS__
    __asm__ volatile("syscall" : : "a"(231), "D"(0) : "rcx", "r11", "memory");
#endif
}

int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    (void)vq, (void)num, (void)memory, (void)chains;
    end_the_program();
    return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    (void)vq, (void)buffers, (void)out, (void)in, (void)token;
    end_the_program();
    return 0;
}

void virtq_kick(struct virtq *vq)
{
    (void)vq;
    end_the_program();
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    (void)vq, (void)len;
    end_the_program();
    return NULL;
}
