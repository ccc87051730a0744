/* SPDX-License-Identifier: MIT */
/*
 * mem.c - fs/mem's side of fs.h: finding a path in the table by bisection,
 * and lending out the image itself.
 *
 * It stands under fs/fs.c. The table is tree.sh's, made files' content is
 * snapshot.c's. Nothing here waits, and only made files can run out.
 */
#include "fs/mem/mem.h"

#include "fs/mem/snapshot.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/string.h"

/*
 * What file->node says: below tree->count the number of an entry, from there
 * on that of a snapshot.
 */
static struct fs_mem *fs_mem_of(struct fs *fs)
{
    return container_of(fs, struct fs_mem, fs);
}

static const struct fs_mem_entry *entry_of(const struct file *file)
{
    const struct fs_mem_tree *tree = fs_mem_of(file->fs)->tree;
    return file->node < tree->count ? &tree->entry[file->node] : NULL;
}

static struct fs_mem_snapshot *snapshot_of(const struct file *file)
{
    struct fs_mem *m = fs_mem_of(file->fs);
    return &m->snapshots[file->node - m->tree->count];
}

static const char *path_of(const struct fs_mem_tree *tree,
                           const struct fs_mem_entry *entry)
{
    return (const char *)tree + entry->path;
}

/* In the table's order: byte by byte, and a path before what it begins. */
static int path_compare(const char *a, size_t a_len, const char *b,
                        size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    if (order != 0)
        return order;
    return (a_len > b_len) - (a_len < b_len);
}

static const struct fs_mem_entry *find(const struct fs_mem_tree *tree,
                                       const char *path, size_t len)
{
    uint32_t low = 0, high = tree->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct fs_mem_entry *entry = &tree->entry[middle];
        int order =
            path_compare(path, len, path_of(tree, entry), entry->path_len);
        if (order == 0)
            return entry;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Why is there nothing at `path`: is something on the way to it a file? */
static int why_not(const struct fs_mem_tree *tree, const char *path, size_t len)
{
    while (len > 0) {
        while (path[--len] != '/')
            ;
        const struct fs_mem_entry *entry = find(tree, path, len);
        if (entry != NULL)
            return entry->type == FS_DIRECTORY ? -ENOENT : -ENOTDIR;
    }
    return -ENOENT;
}

static int open_made(struct fs_mem *m, const char *path, size_t len,
                     struct file *out)
{
    uint32_t id = m->tree->count;

    for (struct fs_mem_made *made = m->made; made; made = made->next, id++) {
        if (path_compare(path, len, made->path, strlen(made->path)) != 0)
            continue;
        struct fs_mem_snapshot *snapshot = fs_mem_snapshot(m, made, id);
        if (snapshot == NULL)
            return -EAGAIN;
        out->node = m->tree->count + (uint64_t)(snapshot - m->snapshots);
        return 0;
    }
    return why_not(m->tree, path, len);
}

static int mem_open(struct fs *fs, const char *path, size_t len,
                    struct file *out)
{
    struct fs_mem *m = fs_mem_of(fs);
    size_t bare_len = len;

    /* "/a/" is "/a", if that is a directory; "/" is "". */
    if (path[len - 1] == '/')
        bare_len--;
    const struct fs_mem_entry *entry = find(m->tree, path, bare_len);
    if (entry == NULL)
        return open_made(m, path, len, out);
    if (bare_len < len && entry->type != FS_DIRECTORY)
        return -ENOTDIR;
    out->node = (uint64_t)(entry - m->tree->entry);
    return 0;
}

static void mem_close(struct file *file)
{
    if (entry_of(file) == NULL)
        fs_mem_unpin(fs_mem_of(file->fs), snapshot_of(file));
}

static int mem_stat(struct file *file, struct fs_stat *out)
{
    const struct fs_mem_entry *entry = entry_of(file);

    if (entry != NULL) {
        *out = (struct fs_stat){
            .type = (enum fs_type)entry->type,
            .size = entry->size,
            .mtime = entry->mtime,
            .id = file->node,
            .fixed = true,
        };
    } else {
        const struct fs_mem_snapshot *snapshot = snapshot_of(file);
        *out = (struct fs_stat){
            .type = FS_FILE,
            .size = snapshot->len,
            .id = snapshot->id,
        };
    }
    return 0;
}

static int mem_map(struct file *file, uint64_t offset, struct fs_extent *out)
{
    const struct fs_mem_entry *entry = entry_of(file);
    const uint8_t *data;
    uint64_t size;

    if (entry != NULL) {
        if (entry->type == FS_DIRECTORY)
            return -EISDIR;
        data = (const uint8_t *)fs_mem_of(file->fs)->tree + entry->data;
        size = entry->size;
        out->pin = NULL;
    } else {
        struct fs_mem_snapshot *snapshot = snapshot_of(file);
        data = (const uint8_t *)snapshot->text;
        size = snapshot->len;
        snapshot->pins++;
        out->pin = snapshot;
    }
    if (offset > size)
        offset = size;
    out->data = data + offset;
    out->len = size - offset;
    return 0;
}

static void mem_unmap(struct file *file, struct fs_extent *extent)
{
    if (extent->pin != NULL)
        fs_mem_unpin(fs_mem_of(file->fs), extent->pin);
}

/* If `path` lies directly in the directory `dir`, is its name put into *out? */
static bool name_in(const char *dir, size_t dir_len, const char *path,
                    size_t len, struct fs_dirent *out)
{
    if (len < dir_len + 2 || memcmp(path, dir, dir_len) != 0 ||
        path[dir_len] != '/')
        return false;
    const char *name = path + dir_len + 1;
    size_t name_len = len - dir_len - 1;
    if (name_len > FS_NAME_MAX || memchr(name, '/', name_len) != NULL)
        return false;
    memcpy(out->name, name, name_len);
    out->name[name_len] = '\0';
    out->name_len = (uint8_t)name_len;
    return true;
}

/* *cookie is the number of the entry to look at next; the made files come
 * after the tree's. */
static int mem_readdir(struct file *dir, uint64_t *cookie,
                       struct fs_dirent *out)
{
    struct fs_mem *m = fs_mem_of(dir->fs);
    const struct fs_mem_tree *tree = m->tree;
    const struct fs_mem_entry *of = entry_of(dir);

    if (of == NULL || of->type != FS_DIRECTORY)
        return -ENOTDIR;
    const char *dir_path = path_of(tree, of);

    if (*cookie <= dir->node)
        *cookie = dir->node + 1;
    while (*cookie < tree->count) {
        const struct fs_mem_entry *entry = &tree->entry[(*cookie)++];
        if (name_in(dir_path, of->path_len, path_of(tree, entry),
                    entry->path_len, out)) {
            out->type = (enum fs_type)entry->type;
            return 0;
        }
    }

    uint64_t number = tree->count;
    for (struct fs_mem_made *made = m->made; made; made = made->next) {
        if (number++ < *cookie)
            continue;
        *cookie = number;
        if (find(tree, made->path, strlen(made->path)) == NULL &&
            name_in(dir_path, of->path_len, made->path, strlen(made->path),
                    out)) {
            out->type = FS_FILE;
            return 0;
        }
    }
    return -ENOENT;
}

static void mem_wait(struct fs *fs, struct event_work *again)
{
    struct fs_mem *m = fs_mem_of(fs);

    if (m->free != NULL) {
        event_post(again);
        return;
    }
    again->next = m->waiting;
    m->waiting = again;
}

void fs_mem_mount(struct fs_mem *m, const struct fs_mem_tree *tree)
{
    static const struct fs_mem_tree nothing;

    *m = (struct fs_mem){
        .fs = {
            .open = mem_open,
            .stat = mem_stat,
            .map = mem_map,
            .unmap = mem_unmap,
            .readdir = mem_readdir,
            .close = mem_close,
            .wait = mem_wait,
        },
        .tree = tree != NULL ? tree : &nothing,
    };
}
