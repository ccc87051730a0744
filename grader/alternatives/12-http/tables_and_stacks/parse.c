/* SPDX-License-Identifier: MIT */
/* Another right program: a cursor that eats what it knows, and a table of
 * characters. */
#include "http/request.h"

struct cursor {
    const char *at, *end;
};

static bool eat(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static bool eat_text(struct cursor *cursor, const char *text)
{
    while (*text)
        if (!eat(cursor, *text++))
            return false;
    return true;
}

static bool eat_digit(struct cursor *cursor, unsigned *digit)
{
    if (cursor->at == cursor->end || !http_is_digit(*cursor->at))
        return false;
    *digit = (unsigned)(*cursor->at++ - '0');
    return true;
}

/* As many characters of a kind as there are, at least one. */
static bool eat_word(struct cursor *cursor, bool (*kind)(char c),
                     struct http_slice *word)
{
    word->data = cursor->at;
    while (cursor->at < cursor->end && kind(*cursor->at))
        cursor->at++;
    word->len = (size_t)(cursor->at - word->data);
    return word->len > 0;
}

unsigned http_parse_request_line(struct http_request *request, const char *line,
                                 size_t len)
{
    struct cursor cursor = { line, line + len };
    struct http_slice method, target;
    unsigned major, minor;

    if (!(eat_word(&cursor, http_is_tchar, &method) && eat(&cursor, ' ') &&
          eat_word(&cursor, http_is_vchar, &target) && eat(&cursor, ' ') &&
          eat_text(&cursor, "HTTP/") && eat_digit(&cursor, &major) &&
          eat(&cursor, '.') && eat_digit(&cursor, &minor)) ||
        cursor.at != cursor.end)
        return 400;
    request->method = method;
    request->request_target = target;
    request->major = major;
    request->minor = minor;
    if (major != 1)
        return 505;
    return 0;
}

unsigned http_parse_field_line(struct http_request *request, const char *line,
                               size_t len)
{
    struct cursor cursor = { line, line + len };
    struct http_slice name, value;

    if (!eat_word(&cursor, http_is_tchar, &name) || !eat(&cursor, ':'))
        return 400;
    while (eat(&cursor, ' ') || eat(&cursor, '\t'))
        ;
    if (!eat_word(&cursor, http_is_field_char, &value))
        value.len = 0;
    if (cursor.at != cursor.end)
        return 400;
    if (request->field_count == HTTP_FIELDS_MAX)
        return 431;
    request->field[request->field_count++] =
        (struct http_field){ name, http_trim(value) };
    return 0;
}

/* The end of the line that begins at buf[request->line], without its LF; NULL
 * when it is not there yet. */
static const char *line_end(struct http_request *request, const char *buf,
                            size_t len)
{
    const char *lf = memchr(buf + request->seen, '\n', len - request->seen);

    request->seen = lf ? (size_t)(lf - buf) + 1 : len;
    return lf;
}

enum http_parsed http_parse(struct http_request *request, const char *buf,
                            size_t len)
{
    const char *lf;

    if (len > HTTP_HEAD_MAX)
        len = HTTP_HEAD_MAX;
    while ((lf = line_end(request, buf, len)) != NULL) {
        const char *line = buf + request->line;
        bool empty = lf == line + 1;

        request->line = request->seen;
        request->status_code = 0;
        if (lf == line || lf[-1] != '\r')
            request->status_code = 400;
        else if (request->method.data == NULL && !empty)
            request->status_code = http_parse_request_line(
                request, line, (size_t)(lf - 1 - line));
        else if (request->method.data != NULL && !empty)
            request->status_code = http_parse_field_line(
                request, line, (size_t)(lf - 1 - line));
        else if (request->method.data != NULL)
            request->head_len = request->line;
        if (request->status_code != 0)
            return HTTP_BAD;
        if (request->head_len != 0)
            return HTTP_OK;
    }
    if (len == HTTP_HEAD_MAX)
        request->status_code = request->method.data == NULL ? 414 : 431;
    return len == HTTP_HEAD_MAX ? HTTP_BAD : HTTP_PARTIAL;
}

/* The next field of that name from *i on; NULL when there is none. */
static const struct http_field *next(const struct http_request *request,
                                     const char *name, unsigned *i)
{
    while (*i < request->field_count) {
        const struct http_field *field = &request->field[(*i)++];
        if (http_slice_is_nocase(field->field_name, name))
            return field;
    }
    return NULL;
}

unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value)
{
    unsigned i = 0, count = 0;
    const struct http_field *field;

    while ((field = next(request, name, &i)) != NULL)
        if (++count == 1)
            *value = field->field_value;
    return count;
}

bool http_field_has(const struct http_request *request, const char *name,
                    const char *token)
{
    const struct http_field *field;
    unsigned i = 0;

    while ((field = next(request, name, &i)) != NULL) {
        struct http_slice value = field->field_value;
        for (size_t begin = 0, at = 0; at <= value.len; at++) {
            if (at < value.len && value.data[at] != ',')
                continue;
            struct http_slice member = { value.data + begin, at - begin };
            if (http_slice_is_nocase(http_trim(member), token))
                return true;
            begin = at + 1;
        }
    }
    return false;
}
