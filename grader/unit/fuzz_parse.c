/* SPDX-License-Identifier: MIT */
/*
 * fuzz_parse.c - whatever comes in, and however it is cut: the parser stays
 * inside it, says the same, and what it lets pass is a head.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "http/request.h"
#include "parsed_names.h"

static void must_be_inside(struct http_slice slice, const char *buf, size_t len)
{
    MUST(slice.data >= buf && slice.data <= buf + len &&
             slice.len <= (size_t)(buf + len - slice.data),
         "a slice lies outside the head that it was taken from");
}

static void must_be_a_head(const struct http_request *r, const char *buf,
                           size_t len)
{
    MUST(r->head_len >= 4 && r->head_len <= len &&
             r->head_len <= HTTP_HEAD_MAX &&
             memcmp(buf + r->head_len - 4, "\r\n\r\n", 4) == 0,
         "a head ends in an empty line; here it has %zu of %zu bytes",
         r->head_len, len);
    must_be_inside(r->method, buf, r->head_len);
    must_be_inside(r->request_target, buf, r->head_len);
    MUST(r->method.len > 0 && r->request_target.len > 0,
         "method or request_target is empty");
    MUST(r->major == 1 && r->minor <= 9, "the version is HTTP/%u.%u", r->major,
         r->minor);
    MUST(r->field_count <= HTTP_FIELDS_MAX, "%u fields", r->field_count);
    for (unsigned i = 0; i < r->field_count; i++) {
        struct http_slice name = r->field[i].field_name;
        struct http_slice value = r->field[i].field_value;
        must_be_inside(name, buf, r->head_len);
        must_be_inside(value, buf, r->head_len);
        MUST(name.len > 0, "field %u has an empty name", i);
        for (size_t k = 0; k < name.len; k++)
            MUST(http_is_tchar(name.data[k]), "field %u's name is no token", i);
        for (size_t k = 0; k < value.len; k++)
            MUST(http_is_field_char(value.data[k]),
                 "field %u's value holds byte 0x%02x", i,
                 (unsigned char)value.data[k]);
        MUST(value.len == 0 || (!http_is_blank(value.data[0]) &&
                                !http_is_blank(value.data[value.len - 1])),
             "field %u's value has blanks at an end", i);
    }
}

static void must_be_same(const struct http_request *a,
                         const struct http_request *b, enum http_parsed parsed)
{
    MUST(a->status_code == b->status_code || parsed != HTTP_BAD,
         "whole it is answered %u, in parts %u", a->status_code,
         b->status_code);
    if (parsed != HTTP_OK)
        return;
    MUST(a->head_len == b->head_len, "whole the head has %zu bytes, in parts "
         "%zu", a->head_len, b->head_len);
    MUST(a->method.data == b->method.data && a->method.len == b->method.len &&
             a->request_target.data == b->request_target.data &&
             a->request_target.len == b->request_target.len &&
             a->field_count == b->field_count &&
             memcmp(a->field, b->field, a->field_count * sizeof *a->field) == 0,
         "whole and in parts it has other slices");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request whole, parts;
    char *buf = fuzz_copy(data, size);

    http_request_start(&whole);
    enum http_parsed parsed = http_parse(&whole, buf, size);
    if (parsed == HTTP_OK)
        must_be_a_head(&whole, buf, size);
    if (parsed == HTTP_BAD)
        MUST(whole.status_code == 400 || whole.status_code == 414 ||
                 whole.status_code == 431 || whole.status_code == 505,
             "a bad head is answered %u", whole.status_code);
    if (parsed == HTTP_PARTIAL)
        MUST(size < HTTP_HEAD_MAX, "%zu bytes are no part of a head", size);

    /* The same once more, cut at places that the input itself chooses. */
    enum http_parsed again = HTTP_PARTIAL;
    http_request_start(&parts);
    for (size_t len = 0; again == HTTP_PARTIAL && len < size;) {
        len += 1 + data[len] % 7;
        again = http_parse(&parts, buf, len < size ? len : size);
    }
    MUST(again == parsed || size == 0, "whole it is %s, in parts %s",
         parsed_name(parsed), parsed_name(again));
    must_be_same(&whole, &parts, parsed);
    free(buf);
    return 0;
}
