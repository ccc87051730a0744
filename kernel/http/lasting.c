/* SPDX-License-Identifier: MIT */
/*
 * lasting.c - which answers may be remembered: those that will be the same
 * whenever the same is asked. Pure. The reasons are in remember.c.
 */
#include "http/remember.h"

/* Does a field ask for a certain version of the file, or a part of it? Then
 * dates may decide. [RFC 9110 §13.1, §14.2] */
static bool asks_for_more(const struct http_request *request)
{
    for (unsigned i = 0; i < request->field_count; i++) {
        struct http_slice name = request->field[i].field_name;
        struct http_slice start = { name.data, name.len < 3 ? name.len : 3 };
        if (http_slice_is_nocase(start, "If-") ||
            http_slice_is_nocase(name, "Range"))
            return true;
    }
    return false;
}

bool http_is_lasting(const struct http_request *request,
                     const struct http_selected *selected,
                     const struct http_response *response)
{
    return response->status_code == 200 && selected->stat.fixed &&
           selected->stat.type == FS_FILE &&
           (selected->now == 0 || selected->stat.mtime < selected->now) &&
           request->content_length == 0 && !asks_for_more(request);
}
