/* SPDX-License-Identifier: MIT */
/*
 * commands.c - SCSI commands on their way to a controller and back.
 *
 * Both the scan and the disks' requests are made of them. Which commands there
 * are, and what their data mean, is left to those.
 */
#include "drivers/virtio_scsi/virtio_scsi.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/heap.h"

enum { DESCRIPTORS_MIN = 2 }; /* in a chain: a flush */

/* ---- Commands ------------------------------------------------------------ */

int virtio_scsi_make_commands(struct virtio_scsi *scsi)
{
    unsigned count = scsi->requestq.num / DESCRIPTORS_MIN;
    struct virtio_scsi_command *all;

    if (count > VIRTIO_SCSI_COMMANDS_MAX)
        count = VIRTIO_SCSI_COMMANDS_MAX;
    all = heap_alloc_array(count, sizeof(*all));
    if (all == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        all[i].header.id = cpu_to_le64(i);
        virtio_scsi_put(scsi, &all[i]);
    }
    return 0;
}

struct virtio_scsi_command *virtio_scsi_take(struct virtio_scsi *scsi,
                                             const uint8_t lun[8])
{
    struct virtio_scsi_command *c = scsi->free;

    if (c == NULL)
        return NULL;
    scsi->free = c->next;
    memcpy(c->header.lun, lun, sizeof(c->header.lun));
    memset(c->header.cdb, 0, sizeof(c->header.cdb));
    c->disk = NULL;
    c->req = NULL;
    return c;
}

void virtio_scsi_put(struct virtio_scsi *scsi, struct virtio_scsi_command *c)
{
    c->next = scsi->free;
    scsi->free = c;
}

/* The chain that virtio_scsi.h draws. [virtio 1.2 §5.6.6.1] */
int virtio_scsi_send(struct virtio_scsi *scsi, struct virtio_scsi_command *c,
                     const struct block_piece *pieces, unsigned count,
                     bool to_device)
{
    struct virtq_buffer buffers[BLOCK_PIECES_MAX + VIRTIO_SCSI_ENDS];
    unsigned out = 1 + (to_device ? count : 0);
    unsigned in = count + VIRTIO_SCSI_ENDS - out;
    unsigned first = to_device ? 1 : 2;

    c->response = (struct virtio_scsi_resp_cmd){
        .response = VIRTIO_SCSI_S_NONE,
    };
    buffers[0].data = &c->header;
    buffers[0].len = VIRTIO_SCSI_HEADER_SIZE + scsi->cdb_size;
    buffers[out].data = &c->response;
    buffers[out].len = VIRTIO_SCSI_RESPONSE_SIZE + scsi->sense_size;
    for (unsigned i = 0; i < count; i++)
        buffers[first + i] =
            (struct virtq_buffer){ pieces[i].data, pieces[i].len };
    uint16_t head = scsi->requestq.free_head;
    int error = virtq_add(&scsi->requestq, buffers, out, in, c);
    /* QEMU counts what it has read as well, old devices what they like. */
    if (error == 0 && (to_device || scsi->device->legacy))
        virtq_allow(&scsi->requestq, head, UINT32_MAX);
    return error;
}

struct virtio_scsi_command *virtio_scsi_poll(struct virtio_scsi *scsi,
                                             uint32_t *len)
{
    struct virtio_scsi_command *c = virtq_poll(&scsi->requestq, len);

    if (scsi->device->legacy)
        *len = UINT32_MAX;
    return c;
}

/* ---- What became of a command -------------------------------------------- */

/* How many bytes of sense are there: by the device's word, as it was
 * configured, and by what it says that it wrote. */
static uint32_t sense_len(const struct virtio_scsi *scsi,
                          const struct virtio_scsi_resp_cmd *response,
                          uint32_t len)
{
    uint32_t n = le32_to_cpu(response->sense_len);

    if (n > scsi->sense_size)
        n = scsi->sense_size;
    if (n > len - VIRTIO_SCSI_RESPONSE_SIZE)
        n = len - VIRTIO_SCSI_RESPONSE_SIZE;
    return n;
}

static int judge_sense(struct scsi_sense sense)
{
    /* What was lost can't be said to those who wrote it any more: so it is
     * said to this one. */
    if (sense.deferred)
        return sense.key == SCSI_RECOVERED_ERROR ? -EAGAIN : -EIO;
    switch (sense.key) {
    case SCSI_RECOVERED_ERROR:
        return 0;
    case SCSI_UNIT_ATTENTION:
        return -EAGAIN;
    case SCSI_NOT_READY:
        return sense.asc == SCSI_ASC_NOT_READY &&
                       sense.ascq == SCSI_ASCQ_BECOMING_READY
                   ? -EBUSY
                   : -EIO;
    case SCSI_ILLEGAL_REQUEST:
        return sense.asc == SCSI_ASC_NO_SUCH_COMMAND ? -ENOTSUP : -EIO;
    default:
        return -EIO;
    }
}

int virtio_scsi_judge(struct virtio_scsi *scsi, struct virtio_scsi_command *c,
                      uint32_t len, struct scsi_sense *sense)
{
    *sense = (struct scsi_sense){ 0 };
    if (len < VIRTIO_SCSI_RESPONSE_SIZE) {
        virtq_break(&scsi->requestq, "a command came back with no response");
        return -EPROTO;
    }
    switch (c->response.response) {
    case VIRTIO_SCSI_S_OK:
        break;
    case VIRTIO_SCSI_S_BAD_TARGET:
        return -ENODEV;
    case VIRTIO_SCSI_S_RESET:
        return -EAGAIN;
    case VIRTIO_SCSI_S_BUSY:
        return -EBUSY;
    default:
        return -EIO;
    }
    switch (c->response.status) {
    case SCSI_GOOD:
        return 0;
    case SCSI_BUSY:
    case SCSI_TASK_SET_FULL:
        return -EBUSY;
    case SCSI_CHECK_CONDITION:
        *sense =
            scsi_sense(c->response.sense, sense_len(scsi, &c->response, len));
        return judge_sense(*sense);
    default:
        return -EIO;
    }
}
