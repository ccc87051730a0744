/* SPDX-License-Identifier: MIT */
/*
 * conditional.c - see conditional.h. Pure: it compares, and decides.
 */
#include "http/conditional.h"

#include "http/date.h"
#include "http/response.h"

void http_validate(const struct fs_stat *stat, uint64_t now,
                   struct http_validators *out)
{
    *out = (struct http_validators){ .now = now };
    if (stat->mtime == 0)
        return;
    struct http_text etag = { out->etag, sizeof out->etag, 0 };
    http_append_text(&etag, "\"");
    http_append_hex(&etag, stat->id);
    http_append_text(&etag, "-");
    http_append_hex(&etag, stat->mtime);
    http_append_text(&etag, "-");
    http_append_hex(&etag, stat->size);
    http_append_text(&etag, "\"");
    /* Nothing was modified in the future [RFC 9110 §8.8.2.1]. */
    out->modified = now != 0 && stat->mtime > now ? now : stat->mtime;
    out->date_is_strong = now == 0 || stat->mtime < now;
}

/* Takes an entity tag, with its quotes, off a list of them. False when there
 * is none left, or none that can be understood. */
static bool next_tag(struct http_slice *list, struct http_slice *tag,
                     bool *weak)
{
    while (list->len > 0 &&
           (http_is_blank(list->data[0]) || list->data[0] == ',')) {
        list->data++;
        list->len--;
    }
    *weak = list->len >= 2 && memcmp(list->data, "W/", 2) == 0;
    size_t skip = *weak ? 2 : 0;
    if (list->len - skip < 2 || list->data[skip] != '"')
        return false;

    const char *from = list->data + skip;
    const char *quote = memchr(from + 1, '"', list->len - skip - 1);
    if (quote == NULL)
        return false;
    tag->data = from;
    tag->len = (size_t)(quote + 1 - from);
    list->data = quote + 1;
    list->len -= skip + tag->len;
    return true;
}

/* Does a field called `name` mention the version that there is? Ours is
 * strong; a weak one is the same for those who can do with `weak_too`. */
static bool mentioned(const struct http_request *request, const char *name,
                      const struct http_validators *validators, bool weak_too)
{
    struct http_slice list, tag;
    bool weak;

    for (unsigned i = 0; i < request->field_count; i++) {
        if (!http_slice_is_nocase(request->field[i].field_name, name))
            continue;
        list = request->field[i].field_value;
        if (http_slice_is(list, "*"))
            return true;
        while (next_tag(&list, &tag, &weak))
            if ((!weak || weak_too) && http_slice_is(tag, validators->etag))
                return true;
    }
    return false;
}

/* The date of the only field called `name`, if there is one and we have a date
 * to hold against it. */
static bool dated(const struct http_request *request, const char *name,
                  const struct http_validators *validators, uint64_t *date)
{
    struct http_slice value;

    return validators->modified != 0 &&
           http_field(request, name, &value) == 1 &&
           http_date_parse(value, validators->now, date) == 0;
}

unsigned http_condition(const struct http_request *request,
                        const struct http_validators *validators)
{
    struct http_slice value;
    uint64_t date;

    /* 1, 2 */
    if (http_field(request, "If-Match", &value) > 0) {
        if (!mentioned(request, "If-Match", validators, false))
            return 412;
    } else if (dated(request, "If-Unmodified-Since", validators, &date) &&
               validators->modified > date) {
        return 412;
    }
    /* 3, 4 */
    if (http_field(request, "If-None-Match", &value) > 0) {
        if (mentioned(request, "If-None-Match", validators, true))
            return 304;
    } else if (dated(request, "If-Modified-Since", validators, &date) &&
               validators->modified <= date) {
        return 304;
    }
    return 0;
}

bool http_range_applies(const struct http_request *request,
                        const struct http_validators *validators)
{
    struct http_slice value;
    uint64_t date;

    unsigned count = http_field(request, "If-Range", &value);
    if (count == 0)
        return true;
    if (count > 1)
        return false;
    if (value.len > 0 && value.data[0] == '"')
        return http_slice_is(value, validators->etag);
    return dated(request, "If-Range", validators, &date) &&
           date == validators->modified && validators->date_is_strong;
}
