/* SPDX-License-Identifier: MIT */
/*
 * encoding.c - see encoding.h. Pure: a request in, a decision out.
 */
#include "http/encoding.h"

/*
 * How much something is wanted, in thousandths. What is not mentioned: the
 * file as it is may always be sent, but anything that is mentioned is wanted
 * more.
 */
enum { UNKNOWN = -1, UNWANTED = 0, MOST = 1000 };

/* Reads the digits behind "0." or "1." and the end, at most three of them.
 * Returns thousandths, or -1. */
static int thousandths(struct http_slice text)
{
    int value = 0;

    if (text.len > 3)
        return -1;
    for (size_t i = 0; i < 3; i++) {
        if (i < text.len && !http_is_digit(text.data[i]))
            return -1;
        value = value * 10 + (i < text.len ? text.data[i] - '0' : 0);
    }
    return value;
}

/* "q=0.25": 250, or -1. [RFC 9110 §12.4.2] */
static int weight(struct http_slice text)
{
    if (text.len < 3 || http_lower(text.data[0]) != 'q' ||
        text.data[1] != '=' || (text.data[2] != '0' && text.data[2] != '1'))
        return -1;

    int whole = (text.data[2] - '0') * MOST;
    if (text.len == 3)
        return whole;
    struct http_slice digits = { text.data + 4, text.len - 4 };
    int part = text.data[3] == '.' ? thousandths(digits) : -1;
    return part < 0 || whole + part > MOST ? -1 : whole + part;
}

/* Takes "gzip;q=0.5" apart. False when it can't be understood. */
static bool take_apart(struct http_slice member, struct http_slice *coding,
                       int *quality)
{
    const char *semicolon = memchr(member.data, ';', member.len);

    *coding = member;
    *quality = MOST;
    if (semicolon != NULL) {
        coding->len = (size_t)(semicolon - member.data);
        struct http_slice rest = { semicolon + 1,
                                   member.len - coding->len - 1 };
        *quality = weight(http_trim(rest));
    }
    *coding = http_trim(*coding);
    return *quality >= 0;
}

struct wishes {
    int identity, gzip, others;
};

static void add_wishes(struct wishes *wishes, struct http_slice list)
{
    struct http_slice member, coding;
    int quality;

    while (http_next_member(&list, &member)) {
        if (!take_apart(member, &coding, &quality))
            continue;
        if (http_slice_is_nocase(coding, "gzip") ||
            http_slice_is_nocase(coding, "x-gzip"))
            wishes->gzip = quality;
        else if (http_slice_is_nocase(coding, "identity"))
            wishes->identity = quality;
        else if (http_slice_is(coding, "*"))
            wishes->others = quality;
    }
}

enum http_coding http_coding(const struct http_request *request,
                             bool gzip_there)
{
    struct wishes wishes = { UNKNOWN, UNKNOWN, UNKNOWN };

    for (unsigned i = 0; i < request->field_count; i++)
        if (http_slice_is_nocase(request->field[i].field_name,
                                 "Accept-Encoding"))
            add_wishes(&wishes, request->field[i].field_value);

    if (wishes.gzip == UNKNOWN)
        wishes.gzip = wishes.others;
    /* "*;q=0" forbids it; any other "*" says nothing against it. */
    if (wishes.identity == UNKNOWN && wishes.others == UNWANTED)
        wishes.identity = UNWANTED;
    if (gzip_there && wishes.gzip > UNWANTED &&
        wishes.gzip >= wishes.identity)
        return HTTP_GZIP;
    return wishes.identity == UNWANTED ? HTTP_NO_CODING : HTTP_IDENTITY;
}
