/* SPDX-License-Identifier: MIT */
/*
 * fuzz_fields.c - whatever a client writes into Range, If-Range, a date,
 * Accept-Encoding, Host and the conditions: nothing beyond it is read, and
 * what comes out can be acted on.
 *
 * The first byte of the input says which; the rest is the field's value.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "http/conditional.h"
#include "http/date.h"
#include "http/encoding.h"
#include "http/multipart.h"

static void try_range(struct http_slice value, uint64_t size)
{
    struct http_parts parts = { .size = size, .type = "a/b" };
    struct http_ranges *ranges = &parts.ranges;
    uint64_t sum = 0;

    unsigned status = http_range(value, size, ranges);
    MUST(status == 0 || status == 206 || status == 416, "it gives %u", status);
    if (status != 206)
        return;
    MUST(ranges->count > 0 && ranges->count <= HTTP_RANGES_MAX,
         "it names %u parts", ranges->count);
    for (unsigned i = 0; i < ranges->count; i++) {
        struct http_range range = ranges->range[i];
        MUST(range.len > 0 && range.first < size &&
                 range.len <= size - range.first,
             "a part lies outside the file");
        sum += range.len;
    }
    MUST(sum <= size, "the parts are longer than the file");
    MUST(http_parts_length(&parts) - sum < 16 * 200, "too much around them");
}

static void try_date(struct http_slice value)
{
    char buf[HTTP_DATE_SIZE];
    uint64_t time, again;

    if (http_date_parse(value, 1700000000, &time) != 0)
        return;
    http_date_write(time, buf);
    struct http_slice written = { buf, strlen(buf) };
    MUST(http_date_parse(written, 0, &again) == 0 && again == time,
         "\"%s\" does not mean what it was written for", buf);
}

/* The value as that of each of the fields that are looked at. */
static void try_fields(struct http_slice value)
{
    static const char *const names[] = {
        "If-Match", "If-None-Match", "If-Modified-Since",
        "If-Unmodified-Since", "If-Range", "Accept-Encoding",
    };
    static struct http_request request;
    struct fs_stat stat = { .mtime = 784111777, .size = 10, .id = 1 };
    struct http_validators validators;

    http_validate(&stat, 1700000000, &validators);
    for (unsigned i = 0; i < 6; i++) {
        http_request_start(&request);
        request.field[0].field_name.data = names[i];
        request.field[0].field_name.len = strlen(names[i]);
        request.field[0].field_value = value;
        request.field_count = 1;
        unsigned status = http_condition(&request, &validators);
        MUST(status == 0 || status == 304 || status == 412, "it gives %u",
             status);
        http_range_applies(&request, &validators);
        MUST(http_coding(&request, false) != HTTP_GZIP,
             "what is not there is chosen");
        http_coding(&request, true);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = { 0, 1, 10, 1000, UINT64_MAX };

    if (size == 0)
        return 0;
    char *buf = fuzz_copy(data + 1, size - 1);
    struct http_slice value = { buf, size - 1 };
    switch (data[0] % 4) {
    case 0:
        for (unsigned i = 0; i < 5; i++)
            try_range(value, sizes[i]);
        break;
    case 1:
        try_date(value);
        break;
    case 2:
        try_fields(value);
        break;
    case 3:
        http_host_valid(value);
        break;
    }
    free(buf);
    return 0;
}
