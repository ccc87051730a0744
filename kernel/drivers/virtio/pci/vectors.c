/* SPDX-License-Identifier: MIT */
/*
 * vectors.c - an MSI-X vector for each queue of a virtio device, and one for
 * its configuration. [virtio 1.2 §4.1.5.1.2]
 *
 * The table in which a vector is pointed at a message is drivers/pci's; the
 * register in which the device is told its number lies where modern.c or
 * legacy.c says.
 */
#include "console/log.h"
#include "core/irq.h"
#include "drivers/virtio/pci/virtio_pci.h"
#include "lib/errno.h"

static void interrupt(void *ctx)
{
    event_post(ctx);
}

/* Lets the next entry of the MSI-X table post `work`. Returns its number. */
static int next_vector(struct virtio_pci *pci, struct event_work *work)
{
    if (pci->vectors_used == pci->msix.count)
        return -ENOSPC;

    struct irq_source source = { .kind = IRQ_MESSAGE };
    int error = irq_request(&source, interrupt, work);
    if (error != 0)
        return error;
    error = pci_msix_set(&pci->msix, pci->vectors_used, &source);
    return error != 0 ? error : (int)pci->vectors_used++;
}

/* A device that can't have another vector says NO_VECTOR where it was told the
 * number. */
int virtio_pci_vector(struct virtio_pci *pci, unsigned reg,
                      struct event_work *work)
{
    int vector = next_vector(pci, work);

    if (vector < 0 || pci->set_vector(pci, reg, (uint16_t)vector) != vector) {
        log_line("%s: no interrupt to be had", pci->device.where);
        return -ENOSPC;
    }
    return 0;
}
