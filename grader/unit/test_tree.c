/* SPDX-License-Identifier: MIT */
/*
 * test_tree.c - fs/mem: a folder goes through tree.sh and the assembler, and
 * comes back through fs.h as it was; and files that are made when opened.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/mem/mem.h"
#include "mem/heap.h"
#include "unit.h"

void *heap_alloc_array(size_t n, size_t size)
{
    return calloc(n, size);
}

static unsigned posted;
static struct event_work *last_posted;

void event_post(struct event_work *work)
{
    posted++;
    last_posted = work;
}

/* ---- A folder ---- */

/* What is in it: a directory when content is NULL. Sorted as the table must
 * be; note where "/a" and what is below it stand. */
static const struct {
    const char *path, *content;
} nodes[] = {
    { "", NULL },
    { "/ b", "blank first" },
    { "/a", NULL },
    { "/a b", NULL },
    { "/a b/q\"\\n'$.txt", "quoted" },
    { "/a-b", "before the dot" },
    { "/a.html", "before the slash" },
    { "/a/c", NULL },
    { "/a/c/d", "deep" },
    { "/a/z", "last of a" },
    { "/a0", "behind the slash" },
    { "/empty", "" },
    { "/empty.d", NULL },
    { "/index.html", "hello localhost :)\n" },
    { "/\xc3\xa9", "not ASCII" },
};
enum { NODES = sizeof nodes / sizeof *nodes };

static struct fs_mem m;

__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
    char command[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return system(command);
}

/* Makes the folder, and from it a table in our memory. Nothing is left of
 * either folder or files when it returns. */
static const struct fs_mem_tree *build(void)
{
    const char *tmp = getenv("TMPDIR");
    char dir[200], path[500], object[300];

    snprintf(dir, sizeof dir, "%s/lodge-tree-XXXXXX", tmp ? tmp : "/tmp");
    CHECK(mkdtemp(dir) != NULL, "the test needs a folder: %s", dir);
    snprintf(path, sizeof path, "%s/tree", dir);
    mkdir(path, 0755);
    for (unsigned i = 1; i < NODES; i++) {
        snprintf(path, sizeof path, "%s/tree%s", dir, nodes[i].path);
        if (nodes[i].content == NULL) {
            mkdir(path, 0755);
            continue;
        }
        FILE *file = fopen(path, "w");
        CHECK(file != NULL, "the test needs a file: %s", path);
        fputs(nodes[i].content, file);
        fclose(file);
    }
    snprintf(object, sizeof object, "%s/tree.so", dir);
    int status = run("sh kernel/tools/tree.sh '%s/tree/' > '%s/tree.S' && "
                     "gcc -shared -o '%s' '%s/tree.S'", dir, dir, object, dir);
    void *library = status == 0 ? dlopen(object, RTLD_NOW) : NULL;
    run("rm -r '%s'", dir);
    CHECK(library != NULL, "tree.sh's output should be assembled and linked; "
          "run this where kernel/ is");
    return dlsym(library, "fs_mem_tree");
}

static void mount(void)
{
    fs_mem_mount(&m, build());
}

static int open_path(const char *path, struct file *file)
{
    return fs_open(&m.fs, path, strlen(path), file);
}

static void check_content(struct file *file, const char *path,
                          const char *wanted)
{
    struct fs_extent extent;
    size_t len = strlen(wanted);

    for (uint64_t offset = 0; offset <= len + 1; offset++) {
        size_t rest = offset < len ? len - offset : 0;
        CHECK(fs_map(file, offset, &extent) == 0, "\"%s\" can be mapped", path);
        CHECK(extent.len == rest &&
                  memcmp(extent.data, wanted + len - rest, rest) == 0,
              "\"%s\" from %u on is \"%s\", here \"%.*s\"", path,
              (unsigned)offset, wanted + len - rest, (int)extent.len,
              extent.data);
        fs_unmap(file, &extent);
    }
    CHECK(fs_map(file, UINT64_MAX, &extent) == 0 && extent.len == 0,
          "far behind the end of \"%s\" there is nothing", path);
    fs_unmap(file, &extent);
}

TEST(test_the_tables_entries_are_sorted_by_path)
{
    mount();
    CHECK(m.tree->count == NODES, "there are %u entries, here %u", NODES,
          m.tree->count);
    for (unsigned i = 0; i < NODES; i++) {
        const struct fs_mem_entry *entry = &m.tree->entry[i];
        const char *path = (const char *)m.tree + entry->path;
        CHECK(entry->path_len == strlen(nodes[i].path) &&
                  memcmp(path, nodes[i].path, entry->path_len) == 0,
              "entry %u is \"%s\", here \"%.*s\"", i, nodes[i].path,
              (int)entry->path_len, path);
    }
}

TEST(test_every_file_is_found_with_its_content)
{
    mount();
    for (unsigned i = 0; i < NODES; i++) {
        const char *path = i == 0 ? "/" : nodes[i].path;
        const char *content = nodes[i].content;
        struct fs_extent extent;
        struct fs_stat stat;
        struct file file;

        CHECK(open_path(path, &file) == 0, "\"%s\" is there", path);
        CHECK(fs_stat(&file, &stat) == 0, "\"%s\" has a stat", path);
        CHECK(stat.type == (content ? FS_FILE : FS_DIRECTORY),
              "\"%s\" has type %d", path, stat.type);
        CHECK(stat.mtime > 1500000000, "\"%s\" has a time, here %llu", path,
              (unsigned long long)stat.mtime);
        if (content) {
            CHECK(stat.size == strlen(content), "\"%s\" has %zu bytes, here "
                  "%u", path, strlen(content), (unsigned)stat.size);
            check_content(&file, path, content);
        } else {
            CHECK(fs_map(&file, 0, &extent) == -EISDIR,
                  "the directory \"%s\" can't be mapped", path);
        }
        fs_close(&file);
    }
}

TEST(test_what_is_not_there_is_not_found)
{
    static const struct {
        const char *path;
        int error;
    } cases[] = {
        { "/b", -ENOENT },
        { "/index.htm", -ENOENT },
        { "/index.html5", -ENOENT },
        { "/A", -ENOENT },
        { "/a/b", -ENOENT },
        { "/a/c/d/e", -ENOTDIR },
        { "/a/c/d/", -ENOTDIR },
        { "/index.html/", -ENOTDIR },
        { "/index.html/x/y", -ENOTDIR },
        { "/b/x", -ENOENT },
        { "/\xff", -ENOENT },
        { "/a//", -ENOENT },
        { "a", -EINVAL },
        { "", -EINVAL },
    };
    struct file file;

    mount();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int error = open_path(cases[i].path, &file);
        CHECK(error == cases[i].error, "\"%s\" gives %d, here %d",
              cases[i].path, cases[i].error, error);
    }
    CHECK(open_path("/a/c/", &file) == 0, "a directory may have a slash");
    CHECK(fs_open(&m.fs, "/a\0b", 4, &file) == -EINVAL, "no path has a NUL");
}

TEST(test_a_path_or_name_that_is_too_long_is_said_to_be_so)
{
    char path[FS_PATH_MAX + 2];
    struct file file;

    mount();
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 200 == 0 ? '/' : 'x';
    CHECK(fs_open(&m.fs, path, FS_PATH_MAX, &file) == -ENOENT,
          "%u bytes are no error", FS_PATH_MAX);
    CHECK(fs_open(&m.fs, path, FS_PATH_MAX + 1, &file) == -ENAMETOOLONG,
          "%u bytes are too many", FS_PATH_MAX + 1);
    memset(path + 1, 'x', sizeof path - 1);
    CHECK(fs_open(&m.fs, path, FS_NAME_MAX + 1, &file) == -ENOENT,
          "a name of %u bytes is no error", FS_NAME_MAX);
    CHECK(fs_open(&m.fs, path, FS_NAME_MAX + 2, &file) == -ENAMETOOLONG,
          "a name of %u bytes is too long", FS_NAME_MAX + 1);
}

static int made(char *buf, size_t cap)
{
    static int times;

    return snprintf(buf, cap, "made %d", ++times);
}

TEST(test_a_directory_lists_each_of_its_entries_once)
{
    struct fs_mem_made files[] = {
        { .path = "/a/made", .make = made },
        { .path = "/made", .make = made },
        { .path = "/a/z", .make = made },       /* hidden by the tree's */
    };
    unsigned seen[NODES + 3] = { 0 };

    mount();
    for (unsigned i = 0; i < 3; i++)
        CHECK(fs_mem_add(&m, &files[i]) == 0, "there is memory");
    for (unsigned i = 0; i < NODES; i++) {
        struct fs_dirent entry;
        uint64_t cookie = 0;
        struct file dir;
        char path[400];

        CHECK(open_path(i ? nodes[i].path : "/", &dir) == 0, "it is there");
        if (nodes[i].content) {
            CHECK(fs_readdir(&dir, &cookie, &entry) == -ENOTDIR,
                  "a file has no entries");
            continue;
        }
        int error;
        while ((error = fs_readdir(&dir, &cookie, &entry)) == 0) {
            CHECK(strlen(entry.name) == entry.name_len, "name_len is right");
            snprintf(path, sizeof path, "%s/%s", nodes[i].path, entry.name);
            unsigned k = 0;
            while (k < NODES && strcmp(nodes[k].path, path) != 0)
                k++;
            if (k == NODES && strcmp(path, files[1].path) == 0)
                k++;
            CHECK(k < NODES || strcmp(path, files[k - NODES].path) == 0,
                  "\"%s\" is not there", path);
            CHECK(seen[k]++ == 0, "\"%s\" is listed twice", path);
            bool is_dir = k < NODES && nodes[k].content == NULL;
            CHECK(entry.type == (is_dir ? FS_DIRECTORY : FS_FILE),
                  "\"%s\" has type %d", path, entry.type);
        }
        CHECK(error == -ENOENT, "the end is %d, here %d", -ENOENT, error);
        fs_close(&dir);
    }
    for (unsigned k = 1; k < NODES + 2; k++)
        CHECK(seen[k] == 1, "\"%s\" is not listed",
              k < NODES ? nodes[k].path : files[k - NODES].path);
}

/* ---- Made files ---- */

TEST(test_a_made_file_is_made_at_each_opening_and_stays_as_it_was)
{
    static struct fs_mem_made file = { .path = "/made", .make = made };
    struct file first, second;
    struct fs_extent extent;
    struct fs_stat stat, other;

    mount();
    CHECK(open_path("/made", &first) == -ENOENT, "it is not there yet");
    CHECK(fs_mem_add(&m, &file) == 0, "there is memory");
    CHECK(open_path("/made/", &first) == -ENOENT, "it is no directory");
    CHECK(open_path("/made", &first) == 0, "it is there");
    CHECK(open_path("/made", &second) == 0, "it is there twice");
    CHECK(fs_stat(&first, &stat) == 0 && stat.size == 6 &&
              stat.type == FS_FILE, "it has 6 bytes");
    check_content(&first, "/made", "made 1");
    check_content(&second, "/made", "made 2");
    CHECK(open_path("/index.html", &second) == 0, "that is there too");
    fs_stat(&second, &other);
    CHECK(stat.id != other.id, "they have different ids");

    CHECK(fs_map(&first, 5, &extent) == 0, "it can be mapped");
    fs_close(&first);
    for (unsigned i = 0; i < FS_MEM_SNAPSHOTS - 2; i++)
        CHECK(open_path("/made", &second) == 0, "it is there again");
    CHECK(extent.len == 1 && extent.data[0] == '1',
          "what is mapped stays as it was when the file is closed");
}

static int too_much(char *buf, size_t cap)
{
    memset(buf, 'x', cap);
    return (int)cap + 1;
}

TEST(test_a_made_file_ends_where_its_room_ends)
{
    static struct fs_mem_made file = { .path = "/made", .make = too_much };
    struct fs_stat stat;
    struct file opened;

    mount();
    fs_mem_add(&m, &file);
    CHECK(open_path("/made", &opened) == 0 && fs_stat(&opened, &stat) == 0,
          "it is there");
    CHECK(stat.size == FS_MEM_SNAPSHOT_SIZE, "it has %u bytes, here %u",
          FS_MEM_SNAPSHOT_SIZE, (unsigned)stat.size);
}

TEST(test_who_waits_for_a_snapshot_is_woken_when_one_is_free)
{
    static struct fs_mem_made file = { .path = "/made", .make = made };
    struct event_work first = { 0 }, second = { 0 };
    struct file opened[FS_MEM_SNAPSHOTS], more;
    struct fs_extent extent;

    mount();
    fs_mem_add(&m, &file);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < FS_MEM_SNAPSHOTS; i++)
            CHECK(open_path("/made", &opened[i]) == 0,
                  "snapshot %u of %u is free", i + 1, FS_MEM_SNAPSHOTS);
        CHECK(open_path("/made", &more) == -EAGAIN,
              "when all are taken, opening gives -EAGAIN");
        CHECK(open_path("/index.html", &more) == 0, "others can be opened");

        posted = 0;
        fs_wait(&m.fs, &first);
        fs_wait(&m.fs, &second);
        CHECK(fs_map(&opened[3], 0, &extent) == 0, "it can be mapped");
        fs_close(&opened[3]);
        CHECK(posted == 0, "nothing is free as long as it is mapped");
        fs_unmap(&opened[3], &extent);
        CHECK(posted == 2, "both are woken, here %u", posted);
        CHECK(open_path("/made", &opened[3]) == 0, "one is free");

        for (unsigned i = 0; i < FS_MEM_SNAPSHOTS; i++)
            fs_close(&opened[i]);
        CHECK(posted == 2, "nobody is woken twice, here %u", posted);
        fs_wait(&m.fs, &first);
        CHECK(posted == 3 && last_posted == &first,
              "who waits when one is free is woken at once");
    }
}
