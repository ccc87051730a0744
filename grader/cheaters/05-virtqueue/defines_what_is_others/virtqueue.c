/* SPDX-License-Identifier: MIT */
/* A cheater: brings the device, the random numbers and memcmp() along. */
#include "drivers/virtio/core/virtqueue.h"

#include "drivers/virtio_rng/rng.h"


int memcmp(const void *a, const void *b, size_t n);
int memcmp(const void *a, const void *b, size_t n)
{
    (void)a, (void)b, (void)n;
    return 0;
}

unsigned rng_depth(void)
{
    return 8;
}

int rng_request(struct rng_request *request)
{
    request->got = request->len;
    request->done(request);
    return 0;
}

void rng_kick(void)
{
}

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
