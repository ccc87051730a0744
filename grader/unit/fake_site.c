/* SPDX-License-Identifier: MIT */
/*
 * fake_site.c - see fake_site.h.
 */
#define _GNU_SOURCE
#include "fake_site.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "core/clock.h"
#include "core/cmdline.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "unit.h"

void *heap_alloc(size_t size)
{
    return malloc(size);
}

void heap_free(void *block)
{
    free(block);
}

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    return vsnprintf(buf, cap, format, args);
}

int format(char *buf, size_t cap, const char *text, ...)
{
    va_list args;

    va_start(args, text);
    int len = vsnprintf(buf, cap, text, args);
    va_end(args);
    return len;
}

void *pages_alloc(size_t count)
{
    return malloc(count * PAGE_SIZE);
}

void pages_free(void *first, size_t count)
{
    (void)count;
    free(first);
}

size_t fake_memory = 64 << 20;

struct pages_usage pages_usage(void)
{
    struct pages_usage usage = { .total = fake_memory / PAGE_SIZE };
    return usage;
}

const char *fake_access_log;

long cmdline_value(const char *key, char *value, size_t cap)
{
    if (!fake_access_log || strcmp(key, "access_log") != 0)
        return -ENOENT;
    return snprintf(value, cap, "%s", fake_access_log);
}

uint64_t fake_now;

uint64_t clock_unix(void)
{
    return fake_now;
}

/* ---- A site and its clients ---- */

char fake_big[FAKE_BIG];

struct http_site fake_site = { .fs = &fake_fs, .index = "index.html" };

void serve(void)
{
    static const struct fake_file files[] = {
        { "/index.html", "<p>hello localhost :)", 0, 0 },
        { "/a.txt", "a", 0, 0 },
        { "/empty", "", 0, 0 },
        { "/big", fake_big, sizeof fake_big, 0 },
        { "/pub", NULL, 0, 0 },
        { "/pub/index.html", "in pub", 0, 0 },
        { "/bare", NULL, 0, 0 },
        { "/dated.txt", "0123456789", 0, FAKE_MTIME },
        { "/style.css", "body { color: black }", 0, FAKE_MTIME },
        { "/style.css.gz", "compressed", 0, FAKE_MTIME },
        { "/folder.css", "folder", 0, FAKE_MTIME },
        { "/folder.css.gz", NULL, 0, FAKE_MTIME },
        { "/gz", NULL, 0, 0 },
        { "/gz/index.html", "<p>plain", 0, FAKE_MTIME },
        { "/gz/index.html.gz", "<p>small", 0, FAKE_MTIME },
        { "/list", NULL, 0, FAKE_MTIME },
        { "/list/a&b<c>\"d'.txt", "12345", 0, FAKE_MTIME },
        { "/list/a:b", "1", 0, 0 },
        { "/list/sub", NULL, 0, FAKE_MTIME },
        { "/list/caf\xc3\xa9 100%", "1234567", 0, FAKE_MTIME },
        { NULL, NULL, 0, 0 },
    };

    for (size_t i = 0; i < sizeof fake_big; i++)
        fake_big[i] = (char)('a' + i * 7 % 23);
    fake_files = files;
    CHECK(http_serve(80, &fake_site) == 0, "the server can be started");
    CHECK(http_serve(80, &fake_site) == -EBUSY, "there is one server");
}

struct fake_client *ask(const char *text)
{
    struct fake_client *client = fake_connect();

    CHECK(client != NULL, "a connection is accepted");
    fake_send(client, text, strlen(text));
    fake_settle(client);
    return client;
}

/* Nothing is held for anybody. */
void check_nothing_left(void)
{
    CHECK(http_usage().connections == 0, "no connection is in use, here %u",
          http_usage().connections);
    CHECK(fake_open_files == 0, "no file is open, here %u", fake_open_files);
    CHECK(fake_pins == 0, "nothing is pinned, here %u", fake_pins);
}

/* ---- What came back, taken apart ---- */

/* The chunks at `at` put together; returns where they end. [RFC 9112 §7.1] */
static const char *join_chunks(const char *at, const char *end,
                               struct answer *answer)
{
    static char joined[1 << 20];
    unsigned long len;
    char *after;

    answer->content = joined;
    answer->content_len = 0;
    do {
        len = strtoul(at, &after, 16);
        CHECK(after > at && after - at <= 8 && strncmp(after, "\r\n", 2) == 0,
              "a chunk begins with its length; this one with \"%.20s\"", at);
        at = after + 2;
        CHECK(len + 2 <= (size_t)(end - at) &&
                  strncmp(at + len, "\r\n", 2) == 0,
              "a chunk of %lu bytes ends with a line break", len);
        CHECK(len + answer->content_len < sizeof joined, "it is too long");
        memcpy(joined + answer->content_len, at, len);
        answer->content_len += len;
        at += len + 2;
    } while (len > 0);
    joined[answer->content_len] = '\0';
    return at;
}

struct answer next_answer(const char **at, const char *end, bool head_only)
{
    static struct answer answer;
    const char *head_end = memmem(*at, (size_t)(end - *at), "\r\n\r\n", 4);

    CHECK(strncmp(*at, "HTTP/1.1 ", 9) == 0 && head_end != NULL,
          "an answer should begin here, and there is \"%.60s\"", *at);
    answer.status = (unsigned)atoi(*at + 9);
    snprintf(answer.head, sizeof answer.head, "%.*s",
             (int)(head_end + 4 - *at), *at);
    answer.content = head_end + 4;
    answer.content_len = 0;
    const char *length = strcasestr(answer.head, "\r\nContent-Length: ");
    bool chunked =
        strcasestr(answer.head, "\r\nTransfer-Encoding: chunked\r\n");
    if (answer.status == 304 || (chunked && head_only)) {
        *at = answer.content;
        return answer;
    }
    CHECK(chunked != (length != NULL), "an answer has a Content-Length or "
          "comes in chunks, and this is\n%s", answer.head);
    if (chunked) {
        *at = join_chunks(answer.content, end, &answer);
        return answer;
    }
    answer.content_len = head_only ? 0 : (size_t)atol(length + 18);
    CHECK(answer.content_len <= (size_t)(end - answer.content),
          "%zu bytes of content should follow\n%s\nand %zu do",
          answer.content_len, answer.head, (size_t)(end - answer.content));
    *at = answer.content + answer.content_len;
    return answer;
}

/* The only answer that came. */
struct answer only_answer(struct fake_client *client, bool head_only)
{
    size_t len;
    const char *at = fake_received(client, &len), *end = at + len;
    struct answer answer = next_answer(&at, end, head_only);

    CHECK(at == end, "behind the answer nothing should come, and there is "
          "\"%.60s\"", at);
    return answer;
}

void check_answer(const char *text, unsigned status, bool closes)
{
    struct fake_client *client = ask(text);
    struct answer answer = only_answer(client, strncmp(text, "HEAD", 4) == 0);

    CHECK(answer.status == status, "\"%s\" should be answered %u, here %u",
          text, status, answer.status);
    CHECK(fake_is_open(client) == !closes,
          "after \"%s\" the connection should %s", text,
          closes ? "be closed" : "stay open");
    CHECK((strcasestr(answer.head, "\r\nConnection: close\r\n") != NULL) ==
              closes, "whether the connection closes is said in the head\n%s",
          answer.head);
}
