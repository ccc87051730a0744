/* SPDX-License-Identifier: MIT */
/* Another right program: each line is walked by a machine with a state for each
 * part, and line ends are looked for byte by byte. */
#include "http/request.h"

enum state { METHOD, TARGET, VERSION };

static bool is_version(struct http_slice version)
{
    static const char form[] = "HTTP/d.d";

    if (version.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < version.len; i++) {
        bool fits = form[i] == 'd' ? http_is_digit(version.data[i])
                                   : version.data[i] == form[i];
        if (!fits)
            return false;
    }
    return true;
}

unsigned http_parse_request_line(struct http_request *request, const char *line,
                                 size_t len)
{
    struct http_slice part[3] = { { line, 0 }, { NULL, 0 }, { NULL, 0 } };
    enum state state = METHOD;

    for (const char *at = line; at < line + len; at++) {
        bool inside = state == METHOD ? http_is_tchar(*at)
                                      : http_is_vchar(*at);
        if (inside) {
            part[state].len++;
            continue;
        }
        if (*at != ' ' || part[state].len == 0 || state == VERSION)
            return 400;
        part[++state].data = at + 1;
    }
    if (state != VERSION || !is_version(part[VERSION]))
        return 400;
    request->method = part[METHOD];
    request->request_target = part[TARGET];
    request->major = (unsigned)(part[VERSION].data[5] - '0');
    request->minor = (unsigned)(part[VERSION].data[7] - '0');
    return request->major != 1 ? 505 : 0;
}

unsigned http_parse_field_line(struct http_request *request, const char *line,
                               size_t len)
{
    struct http_field field;
    size_t colon = 0, last;

    for (; colon < len && line[colon] != ':'; colon++)
        if (!http_is_tchar(line[colon]))
            return 400;
    if (colon == len || colon == 0)
        return 400;
    for (last = colon + 1; last < len; last++)
        if (!http_is_field_char(line[last]))
            return 400;
    field.field_name.data = line;
    field.field_name.len = colon;
    field.field_value.data = line + colon + 1;
    field.field_value.len = len - colon - 1;
    field.field_value = http_trim(field.field_value);
    if (request->field_count >= HTTP_FIELDS_MAX)
        return 431;
    request->field[request->field_count++] = field;
    return 0;
}

/* One line without its CR LF. */
static enum http_parsed take(struct http_request *request, const char *line,
                             size_t len)
{
    bool first = request->method.data == NULL;

    if (len == 0 && !first) {
        request->head_len = request->line;
        return HTTP_OK;
    }
    if (len == 0)
        return HTTP_PARTIAL;
    request->status_code = first ? http_parse_request_line(request, line, len)
                                 : http_parse_field_line(request, line, len);
    return request->status_code ? HTTP_BAD : HTTP_PARTIAL;
}

enum http_parsed http_parse(struct http_request *request, const char *buf,
                            size_t len)
{
    size_t most = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;

    while (request->seen < most) {
        if (buf[request->seen++] != '\n')
            continue;
        size_t begin = request->line, end = request->seen - 1;
        request->line = request->seen;
        if (end == begin || buf[end - 1] != '\r') {
            request->status_code = 400;
            return HTTP_BAD;
        }
        enum http_parsed parsed = take(request, buf + begin, end - 1 - begin);
        if (parsed != HTTP_PARTIAL)
            return parsed;
    }
    if (most < HTTP_HEAD_MAX)
        return HTTP_PARTIAL;
    request->status_code = request->method.data ? 431 : 414;
    return HTTP_BAD;
}

unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value)
{
    unsigned count = 0;

    for (unsigned i = request->field_count; i-- > 0;)
        if (http_slice_is_nocase(request->field[i].field_name, name)) {
            *value = request->field[i].field_value;
            count++;
        }
    return count;
}

bool http_field_has(const struct http_request *request, const char *name,
                    const char *token)
{
    const struct http_field *field = request->field;

    for (unsigned i = 0; i < request->field_count; i++, field++) {
        struct http_slice list = field->field_value, member;
        if (!http_slice_is_nocase(field->field_name, name))
            continue;
        while (http_next_member(&list, &member))
            if (http_slice_is_nocase(member, token))
                return true;
    }
    return false;
}
