/* SPDX-License-Identifier: MIT */
/*
 * remember.c - what was asked before is answered as it was before.
 *
 * A table from requests' heads to answers, the very bytes of both. It stands
 * before all else: waiting.c and connection.c ask it about what has come, and
 * only what it does not know is taken apart, looked up and decided on.
 *
 * Why that is right: parsing, checking and deciding are functions of the
 * head's bytes, of files, and of the time. So an answer is remembered only if
 *
 *   - it is a 200 with a file whose file system says that it stays as it is
 *     (struct fs_stat, fixed): not what is made anew each time, no error;
 *   - time has no part in it but for the Date, whose place is known: a file
 *     whose mtime is over, and no field that asks for a version or a part;
 *   - the head is all of the request, and the connection goes on, or not, for
 *     what the head says, not for how many clients there are.
 *
 * What is looked at first need not be a whole head, nor one alone: whatever
 * begins with the bytes of one that was understood is understood the same.
 *
 *     hash of the request line
 *        |       .-- two of these --------------------------------.
 *        '-> set | request - - - | answer - - - - | answer - - - - |
 *                '-------------------------------------------------'
 *
 * The answer's memory is lent to streams, and stays as it is until it is back;
 * so there are two copies of it, and when the second changes, the one that
 * nobody has gets the new date. If both are lent, that one answer is made in
 * the usual way.
 *
 * What is asked for the first time leaves its hash; what is asked again takes
 * the place of the one that has been asked for less recently, if that is not
 * lent. So who never asks the same twice costs no more than that, and drives
 * nothing out.
 */
#include "http/remember.h"

#include "core/clock.h"
#include "http/date.h"
#include "http/http.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "without/without.h"

enum {
    TEXT_SIZE = 4096,           /* a request, and its answer twice */
    MEMORY_PART = 256,          /* of all memory at most this part */
    SETS_MAX = 512,             /* of WAYS answers each */
    WAYS = 2,
    SET_PAGES = WAYS * TEXT_SIZE / PAGE_SIZE,
    DATE_LEN = HTTP_DATE_SIZE - 1,
};

/* Lent, or free to get another date exactly when lent == 0. */
struct copy {
    unsigned lent;              /* pieces that streams have of it */
    uint64_t second;            /* its date; 0: none */
};

/* There is none exactly when request_len is 0. */
struct answer {
    char *text;                 /* TEXT_SIZE bytes */
    uint32_t hash;
    uint16_t request_len, len;  /* of both, in bytes */
    uint16_t date_at;           /* where in the answer; 0: it has none */
    bool closes;
    uint8_t latest;             /* which copy was sent last */
    struct copy copy[2];
};

static struct set {
    struct answer way[WAYS];
    uint32_t seen;              /* the hash of the last that was not here */
    unsigned latest;            /* which way was asked for last */
} *sets;
static size_t set_count;        /* 0: nothing is remembered */

/* ---- Looking up ---- */

/* Eight bytes that may be a part of anything and lie anywhere. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

/* Is one of the eight bytes a line's end? As in memchr(). */
static bool has_newline(uint64_t word)
{
    word ^= 0x0a0a0a0a0a0a0a0a;
    return ((word - 0x0101010101010101) & ~word & 0x8080808080808080) != 0;
}

/* Of the request line and what shares its last word, which may differ: then the
 * same is not found, and no harm done. Its upper bits depend on every byte. */
static uint32_t hash_of(const char *data, size_t len)
{
    uint64_t hash = 0, word = 0;

    for (; len >= sizeof word && !has_newline(word); len -= sizeof word) {
        word = *(const word_t *)data;
        data += sizeof word;
        hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    }
    return (uint32_t)(hash >> 32);
}

/* Of len bytes: no request that was understood is shorter than a word. */
static bool is_same(const char *request, const char *data, size_t len)
{
    const size_t last = len - sizeof(word_t);

    for (size_t at = 0; at < last; at += sizeof(word_t))
        if (*(const word_t *)(request + at) != *(const word_t *)(data + at))
            return false;
    return *(const word_t *)(request + last) == *(const word_t *)(data + last);
}

static struct set *set_of(uint32_t hash)
{
    return &sets[(uint64_t)hash * set_count >> 32];
}

static inline struct answer *find(const char *data, size_t len)
{
    uint32_t hash = hash_of(data, len);
    struct set *set = set_of(hash);

    for (unsigned i = 0; i < WAYS; i++) {
        struct answer *a = &set->way[i];
        if (a->hash != hash || a->request_len == 0 || a->request_len > len ||
            !is_same(a->text, data, a->request_len))
            continue;
        set->latest = i;
        return a;
    }
    return NULL;
}

/* ---- Recalling ---- */

static char *text_of(const struct answer *a, unsigned copy)
{
    return a->text + a->request_len + copy * a->len;
}

static void put_date(const struct answer *a, unsigned copy, uint64_t second)
{
    if (a->date_at != 0)
        memcpy(text_of(a, copy) + a->date_at, http_date_text(second), DATE_LEN);
}

/* Makes the latest copy one of this second. False when both are on loan, or if
 * whether there is a date is another matter now. */
static bool make_current(struct answer *a, uint64_t second)
{
    if (a->copy[a->latest].second == second)
        return true;
    if ((second == 0) != (a->date_at == 0))
        return false;
    if (a->copy[a->latest].lent > 0)
        a->latest = !a->latest;
    if (a->copy[a->latest].lent > 0)
        return false;
    put_date(a, a->latest, second);
    a->copy[a->latest].second = second;
    return true;
}

static void released(void *ctx)
{
    struct copy *copy = ctx;

    copy->lent--;
}

bool http_recall(struct stream *s, const uint8_t *data, size_t len,
                 struct http_recalled *out)
{
    struct answer *a = set_count > 0 ? find((const char *)data, len) : NULL;

    if (a == NULL || !make_current(a, clock_unix()) || http_is_overrun())
        return false;

    struct copy *copy = &a->copy[a->latest];
    const char *text = text_of(a, a->latest);
    copy->lent++;
    long taken = stream_send(s, text, a->len, false, released, copy);
    if (taken <= 0) {
        copy->lent--;
        return false;
    }
    out->request_len = a->request_len;
    out->closes = a->closes;
    out->rest = text + taken;
    out->rest_len = a->len - (size_t)taken;
    http_count_recalled();
    return true;
}

/* ---- Remembering ---- */

/* Finds the Date in an answer's head: where it is, 0 if it is not there. */
static size_t find_date(const char *head, size_t len, uint64_t now)
{
    static const char name[] = "\r\nDate: ";
    const size_t name_len = sizeof name - 1;

    for (size_t at = 0; at + name_len + DATE_LEN <= len; at++)
        if (memcmp(head + at, name, name_len) == 0 &&
            memcmp(head + at + name_len, http_date_text(now), DATE_LEN) == 0)
            return at + name_len;
    return 0;
}

/* The place for an answer to what has that hash; NULL if it is not known to be
 * asked for again, or both places are needed. */
static struct answer *find_place(uint32_t hash)
{
    struct set *set = set_of(hash);
    bool again = set->seen == hash;

    set->seen = hash;
    if (!again)
        return NULL;
    struct answer *a = &set->way[!set->latest];
    if (set->way[set->latest].request_len == 0)
        a = &set->way[set->latest];
    return a->copy[0].lent + a->copy[1].lent == 0 ? a : NULL;
}

static void fill(struct answer *a, const struct http_connection *c,
                 size_t content_len, uint64_t now)
{
    size_t len = c->head->len + content_len;
    size_t request_len = c->request.head_len;

    a->request_len = (uint16_t)request_len;
    a->len = (uint16_t)len;
    a->date_at = now == 0 ? 0 : (uint16_t)find_date(c->head->text, c->head->len,
                                                    now);
    a->closes = !c->response.persist;
    a->latest = 0;
    memcpy(a->text, c->in, request_len);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(text_of(a, i), c->head->text, c->head->len);
        if (content_len > 0)
            memcpy(text_of(a, i) + c->head->len, c->pin->extent.data,
                   content_len);
        a->copy[i].second = now;
    }
    /* A Date that is not where it can be found can't be kept right. */
    if (now != 0 && a->date_at == 0)
        a->request_len = 0;
}

void http_remember(const struct http_connection *c)
{
    const struct http_response *response = &c->response;
    size_t content_len = 0, request_len = c->request.head_len;

    if (set_count == 0 || response->persist != c->request.persist)
        return;
    if (!response->head_only && response->content_length > 0) {
        if (c->pin == NULL || c->pin->len < response->content_length)
            return;
        content_len = c->pin->len;
    }
    size_t len = c->head->len + content_len;
    if (len > HTTP_BUFFER_SIZE || request_len > TEXT_SIZE - 2 * len ||
        find(c->in, request_len) != NULL)
        return;

    uint32_t hash = hash_of(c->in, request_len);
    struct answer *a = find_place(hash);
    if (a == NULL)
        return;
    a->hash = hash;
    fill(a, c, content_len, clock_unix());
}

/* ---- Memory ---- */

void http_remember_make(void)
{
    size_t fit = pages_usage().total / MEMORY_PART / SET_PAGES;
    size_t count = fit < SETS_MAX ? fit : SETS_MAX;

    if (without(WITHOUT_ANSWERS) || count == 0 || set_count > 0)
        return;
    sets = heap_alloc(count * sizeof *sets);
    char *texts = pages_alloc(count * SET_PAGES); /* touched when used */
    if (sets == NULL || texts == NULL) {
        heap_free(sets);
        if (texts != NULL)
            pages_free(texts, count * SET_PAGES);
        return;
    }
    memset(sets, 0, count * sizeof *sets);
    for (size_t i = 0; i < count * WAYS; i++)
        sets[i / WAYS].way[i % WAYS].text = texts + i * TEXT_SIZE;
    set_count = count;
}
