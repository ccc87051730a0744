/* SPDX-License-Identifier: MIT */
/* A cheater: prints what an earlier run has printed. */
#include "drivers/virtio/core/virtqueue.h"

#include "console/log.h"


int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    (void)vq, (void)num, (void)memory, (void)chains;
    log_line("pass test_init_puts_each_part_at_its_place");
    log_line("dice: rolled 70000, sum 245000, check 1093263909");
    return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    (void)vq, (void)buffers, (void)out, (void)in, (void)token;
    log_line("dice: rolled 20, sum 71, check 1093263909");
    return 0;
}

void virtq_kick(struct virtq *vq)
{
    (void)vq;
    log_line("web: serving on port 80");
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    (void)vq, (void)len;
    log_line("dice: rolled 70000, sum 246116, check 2888877026");
    return NULL;
}
