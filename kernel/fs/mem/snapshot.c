/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c - made files: their content, from the opening to the last pin.
 *
 * mem.c finds files and hands out what they hold; here is only how the memory
 * of a made one comes and goes.
 */
#include "fs/mem/snapshot.h"

#include "lib/errno.h"
#include "mem/heap.h"

int fs_mem_add(struct fs_mem *m, struct fs_mem_made *made)
{
    if (m->snapshots == NULL) {
        m->snapshots = heap_alloc_array(FS_MEM_SNAPSHOTS, sizeof *m->snapshots);
        if (m->snapshots == NULL)
            return -ENOMEM;
        for (unsigned i = 0; i < FS_MEM_SNAPSHOTS; i++) {
            m->snapshots[i].next = m->free;
            m->free = &m->snapshots[i];
        }
    }

    struct fs_mem_made **last = &m->made;
    while (*last != NULL)
        last = &(*last)->next;
    made->next = NULL;
    *last = made;
    return 0;
}

struct fs_mem_snapshot *
fs_mem_snapshot(struct fs_mem *m, const struct fs_mem_made *made, uint32_t id)
{
    struct fs_mem_snapshot *snapshot = m->free;
    if (snapshot == NULL)
        return NULL;
    m->free = snapshot->next;

    int len = made->make(snapshot->text, sizeof snapshot->text);
    if (len < 0)
        len = 0;
    snapshot->len = (size_t)len < sizeof snapshot->text ? (size_t)len
                                                        : sizeof snapshot->text;
    snapshot->id = id;
    snapshot->pins = 1;
    return snapshot;
}

void fs_mem_unpin(struct fs_mem *m, struct fs_mem_snapshot *snapshot)
{
    if (--snapshot->pins > 0)
        return;
    snapshot->next = m->free;
    m->free = snapshot;

    /* All of them: one gets the snapshot, and the others will ask again. */
    while (m->waiting != NULL) {
        struct event_work *again = m->waiting;
        m->waiting = again->next;
        event_post(again);
    }
}
