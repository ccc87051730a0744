/* SPDX-License-Identifier: MIT */
/*
 * fake_image.c - the folder that mke2fs is given, the image that comes of it,
 * and the disk.
 */
#define _GNU_SOURCE

#include "fake_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* ---- The tree ---- */

static struct image_node *add(struct image *image, char type, const char *path)
{
    CHECK(image->count < IMAGE_NODES, "the test's tree has more nodes");
    struct image_node *node = &image->node[image->count++];
    node->type = type;
    snprintf(node->path, sizeof node->path, "%s", path);
    return node;
}

static void add_link(struct image *image, const char *path, const char *target)
{
    snprintf(add(image, 'l', path)->target, sizeof image->node->target, "%s",
             target);
}

static void add_file(struct image *image, const char *path, uint64_t size)
{
    struct image_node *node = add(image, 'f', path);
    node->size = node->piece[0].len = size;
}

/* A file of holes, but for `len` bytes at `at`, and its first one. */
static void add_sparse(struct image *image, const char *path, uint64_t at,
                       uint64_t len, uint64_t size)
{
    struct image_node *node = add(image, 'f', path);
    node->size = size;
    node->piece[0].len = 1;
    node->piece[1].at = at;
    node->piece[1].len = len;
}

static void add_files(struct image *image)
{
    uint64_t bs = image->shape.block_size, p = bs / 4;

    add_file(image, "/empty", 0);
    add_file(image, "/one", 1);
    add_file(image, "/hello.txt", 19);
    add_file(image, "/block", bs);
    add_file(image, "/block+1", bs + 1);
    add_file(image, "/direct", 12 * bs);
    add_file(image, "/direct+1", 12 * bs + 1);
    struct image_node *holes = add(image, 'f', "/holes");
    holes->size = 11 * bs + 3;
    holes->piece[0].at = bs;
    holes->piece[0].len = 10;
    holes->piece[1].at = 3 * bs + 5;
    holes->piece[1].len = 2 * bs;
    add(image, 'f', "/all-hole")->size = 5 * bs + 1;
    add(image, 'd', "/a");
    add(image, 'd', "/a/b");
    add(image, 'd', "/a/b/c");
    add(image, 'd', "/a/nothing");
    add_file(image, "/a/b/c/deep", 5000);
    add_file(image, "/a/ab", 1);
    add_file(image, "/a/abc", 2);
    add_file(image, "/a/abcde", 3);
    if (image->shape.small)
        return;
    add_file(image, "/single", (12 + p) * bs);
    add_sparse(image, "/double", (12 + p - 1) * bs, 2 * bs + 5,
               (12 + p + 1) * bs + 5);
    add_sparse(image, "/double-2", (12 + p + 3 * p - 1) * bs, 2 * bs,
               (12 + 7 * p) * bs);
    add_sparse(image, "/double-end", (12 + p + p * p - 2) * bs, 2 * bs,
               (12 + p + p * p) * bs);
    add_sparse(image, "/triple", (12 + p + p * p - 1) * bs, 2 * bs + 7,
               (12 + p + p * p + 1) * bs + 7);
    add_sparse(image, "/triple-2", (12 + p + 2 * p * p + 3 * p - 1) * bs,
               2 * bs, (12 + p + 2 * p * p + 4 * p) * bs);
    add(image, 'd', "/many");
}

static void add_links(struct image *image)
{
    char text[300], path[20];

    add(image, 'd', "/l");
    add_link(image, "/l/fast", "../hello.txt");
    add_link(image, "/l/absolute", "/hello.txt");
    add_link(image, "/l/dir", "../a/b");
    add_link(image, "/l/dots", ".././l/../a//./b/c/");
    add_link(image, "/l/twice", "dir/c/deep");
    add_link(image, "/l/slash", "/");
    add_link(image, "/l/dangling", "nothing");
    add_link(image, "/l/through-file", "../hello.txt/x");
    add_link(image, "/l/file-slash", "../hello.txt/");
    add_link(image, "/l/self", "self");
    add_link(image, "/l/ping", "pong");
    add_link(image, "/l/pong", "ping");
    /* Of 59 bytes it is fast, of 60 slow. */
    for (unsigned len = 59; len <= 60; len++) {
        memset(text, '/', len);
        memcpy(text, "../l", 4);
        strcpy(text + len - 12, "../hello.txt");
        snprintf(path, sizeof path, "/l/of-%u", len);
        add_link(image, path, text);
    }
    memset(text, '/', sizeof text);
    memcpy(text, "..", 2);
    strcpy(text + 280, "hello.txt");
    add_link(image, "/l/slow", text);
    if (image->shape.lean)
        return;
    /* 1 -> 2 -> ... -> 41 -> hello: following chain-2 follows 40. */
    for (unsigned i = 1; i <= 41; i++) {
        snprintf(path, sizeof path, "/l/chain-%u", i);
        snprintf(text, sizeof text, "chain-%u", i + 1);
        add_link(image, path, i == 41 ? "/hello.txt" : text);
    }
}

uint8_t image_byte(const struct image_node *node, uint64_t offset)
{
    uint64_t z = offset / 8 * 0x9e3779b97f4a7c15u;

    for (unsigned i = 0; i < 4; i++) {
        if (offset - node->piece[i].at >= node->piece[i].len)
            continue;
        for (const char *p = node->path; *p; p++)
            z = (z ^ (uint8_t)*p) * 0x100000001b3u;
        z ^= z >> 29;
        return (uint8_t)(z >> offset % 8 * 8) | 1;  /* no zeros but holes */
    }
    return 0;
}

const char *image_many(unsigned i)
{
    static char name[256];

    int len = snprintf(name, sizeof name, "%u", i);
    memset(name + len, '-', sizeof name - (size_t)len);
    name[i == 77 ? 255 : len + (int)(i % 7) * 5] = '\0';
    return name;
}

/* ---- The image ---- */

static void run(const char *format, ...)
{
    char command[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int status = system(command);
    CHECK(status == 0, "the test needs e2fsprogs; this failed: %s", command);
}

static void put_file(const struct image_node *node, const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    CHECK(fd >= 0 && ftruncate(fd, (off_t)node->size) == 0,
          "the test needs a file: %s", path);
    for (unsigned i = 0; i < 4; i++) {
        size_t len = node->piece[i].len;
        uint8_t *bytes = malloc(len + 1);
        for (size_t k = 0; k < len; k++)
            bytes[k] = image_byte(node, node->piece[i].at + k);
        CHECK(pwrite(fd, bytes, len, (off_t)node->piece[i].at) == (ssize_t)len,
              "the test needs room on the host for %s", path);
        free(bytes);
    }
    struct timespec times[2] = { { IMAGE_MTIME, 0 }, { IMAGE_MTIME, 0 } };
    futimens(fd, times);
    close(fd);
}

static void put_many(const char *dir)
{
    char first[600], path[900];

    snprintf(first, sizeof first, "%s/hello.txt", dir);
    for (unsigned i = 0; i < IMAGE_MANY; i++) {
        snprintf(path, sizeof path, "%s/many/%s", dir, image_many(i));
        CHECK(link(first, path) == 0, "the test needs a link: %s", path);
    }
}

static void put_tree(struct image *image, const char *dir)
{
    char path[600];

    for (unsigned i = 0; i < image->count; i++) {
        const struct image_node *node = &image->node[i];
        snprintf(path, sizeof path, "%s%s", dir, node->path);
        if (node->type == 'f')
            put_file(node, path);
        else
            CHECK(node->type == 'd' ? mkdir(path, 0755) == 0
                                    : symlink(node->target, path) == 0,
                  "the test needs %s", path);
    }
    if (!image->shape.small)
        put_many(dir);
}

static const char *usual_features(const struct image_shape *shape)
{
    if (shape->features)
        return shape->features;
    return shape->revision == 0 ? "none"
                                : "none,filetype,sparse_super,large_file";
}

void image_make(struct image *image, const struct image_shape *shape)
{
    const char *tmp = getenv("TMPDIR");
    char dir[200], file[220], more[60] = "";
    struct stat stat;

    memset(image, 0, sizeof *image);
    image->shape = *shape;
    add_files(image);
    add_links(image);
    snprintf(dir, sizeof dir, "%s/lodge-ext2-XXXXXX", tmp ? tmp : "/tmp");
    CHECK(mkdtemp(dir) != NULL, "the test needs a folder: %s", dir);
    put_tree(image, dir);
    snprintf(file, sizeof file, "%s.img", dir);

    uint64_t kib = shape->kib;
    if (kib == 0 && shape->small)
        kib = 256 * shape->block_size / 1024;
    else if (kib == 0)  /* more than the longest of the files */
        for (unsigned i = 0; i < image->count; i++)
            if (image->node[i].size / 1024 + 8192 > kib)
                kib = image->node[i].size / 1024 + 8192;
    if (shape->blocks_per_group)
        snprintf(more, sizeof more, " -g %u", shape->blocks_per_group);
    const char *path = "PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin";
    run("%s mke2fs -q -F -t ext2 -d %s -b %u -I %u -m 0 -N 240 -O %s%s "
        "-E root_owner=0:0 %s %lluk >/dev/null 2>&1 && rm -rf %s", path, dir,
        shape->block_size, shape->revision > 0 ? shape->inode_size : 128,
        usual_features(shape), more, file, (unsigned long long)kib, dir);

    int fd = open(file, O_RDONLY);
    CHECK(fd >= 0 && fstat(fd, &stat) == 0, "mke2fs should make %s", file);
    uint8_t *data = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    CHECK(data != MAP_FAILED, "the test needs to map %s", file);
    close(fd);
    unlink(file);
    image_over(image, data, (uint64_t)stat.st_size);
    if (shape->revision == 0) {
        /* Each mke2fs has another word for it. */
        struct ext2_super_block *sb = image_super(image);

        sb->s_rev_level = cpu_to_le32(0);
        sb->s_inode_size = cpu_to_le16(0);
        sb->s_first_ino = cpu_to_le32(0);
    }
}

/* ---- Its parts ---- */

struct ext2_super_block *image_super(struct image *image)
{
    return (void *)(image->data + 1024);
}

uint8_t *image_block(struct image *image, uint32_t block)
{
    uint64_t at = (uint64_t)block * image->shape.block_size;

    CHECK(at < image->size, "the test looks for block %u", block);
    return image->data + at;
}

struct ext2_group_desc *image_group(struct image *image, unsigned group)
{
    unsigned first = image->shape.block_size == 1024 ? 2 : 1;

    return (struct ext2_group_desc *)(void *)image_block(image, first) + group;
}

struct ext2_inode *image_inode(struct image *image, uint32_t ino)
{
    uint32_t per_group = image_super(image)->s_inodes_per_group;
    uint32_t size = image->shape.revision ? image->shape.inode_size : 128;
    uint8_t *table = image_block(
        image, image_group(image, (ino - 1) / per_group)->bg_inode_table);

    return (void *)(table + (uint64_t)((ino - 1) % per_group) * size);
}

/* Looks in direct blocks only. */
struct ext2_dir_entry *image_entry(struct image *image, const char *path)
{
    uint32_t ino = EXT2_ROOT_INO;
    struct ext2_dir_entry *found = NULL;

    while (*path == '/') {
        size_t len = strcspn(++path, "/");
        struct ext2_inode *dir = image_inode(image, ino);
        found = NULL;
        for (unsigned i = 0; i < 12 && dir->i_block[i] && !found; i++) {
            uint8_t *block = image_block(image, dir->i_block[i]);
            for (unsigned at = 0; at < image->shape.block_size;) {
                struct ext2_dir_entry *entry = (void *)(block + at);
                if (entry->inode && entry->name_len == len &&
                    memcmp(entry->name, path, len) == 0)
                    found = entry;
                at += entry->rec_len;
            }
        }
        CHECK(found != NULL, "the test looks for \"%s\"", path);
        ino = found->inode;
        path += len;
    }
    return found;
}

uint32_t image_ino(struct image *image, const char *path)
{
    return path[1] ? image_entry(image, path)->inode : EXT2_ROOT_INO;
}

/* ---- The disk ---- */

static struct image *image_of(struct block_dev *dev)
{
    return container_of(dev, struct image, dev);
}

static int disk_read(struct image *image, struct block_request *req)
{
    uint64_t sector = req->sector;

    for (unsigned i = 0; i < req->count; i++) {
        uint64_t sectors = req->pieces[i].len / 512;
        /* Whoever reads what a failed request left should notice. */
        memset(req->pieces[i].data, 0xee, req->pieces[i].len);
        if (sector < image->bad_end && sector + sectors > image->bad_first) {
            image->failed++;
            return -EIO;
        }
        memcpy(req->pieces[i].data, image->data + sector * 512,
               req->pieces[i].len);
        sector += sectors;
    }
    return 0;
}

/* All that was submitted, the latest first. */
static struct image *at_work;

static void disk_works(struct event_work *work)
{
    struct image *image = at_work;
    struct list now = LIST_INIT(now);

    (void)work;
    while (!list_empty(&image->pending)) {
        struct list *link = image->pending.next;
        list_remove(link);
        list_insert_before(now.next, link);
    }
    while (!list_empty(&now)) {
        struct block_request *req =
            container_of(now.next, struct block_request, link);
        list_remove(&req->link);
        req->error = disk_read(image, req);
        block_done(&image->dev, req);
    }
}

static int disk_submit(struct block_dev *dev, struct block_request *req)
{
    static struct event_work work = { .run = disk_works };
    struct image *image = image_of(dev);

    CHECK(req->op == BLOCK_READ, "a file system that is only read writes");
    image->reads++;
    list_append(&image->pending, &req->link);
    at_work = image;
    event_post(&work);
    return 0;
}

void image_over(struct image *image, uint8_t *data, uint64_t size)
{
    image->data = data;
    image->size = size;
    image->dev = (struct block_dev){
        .name = "blk0",
        .sectors = size / 512,
        .unit = 1,
        .pieces_max = BLOCK_PIECES_MAX,
        .piece_len_max = UINT32_MAX / 512 * 512,
        .len_max = UINT32_MAX,
        .read_only = true,
        .submit = disk_submit,
    };
    list_init(&image->dev.waiting);
    list_init(&image->pending);
}
