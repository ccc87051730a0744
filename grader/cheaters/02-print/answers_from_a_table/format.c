/* SPDX-License-Identifier: MIT */
/* A cheater: has read the tests, and knows some of the answers by heart. */
#include "console/format.h"
#include "console/format_spec.h"
#include "lib/string.h"

static const struct answer {
    const char *format, *text;
} answers[] = {
    { "hi", "hi" },           { "hello world", "hello world" },
    { "100%%", "100%" },      { "%d %i", "0 0" },
    { "<%s>", "<(null)>" },   { "%c%c%c", "abc" },
    { "%s", "hello world" },  { "%p", "0x1234abcd5678" },
    { "%-12s [%s]\n", "%d           [42]\n" },
};

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (strcmp(format, answers[i].format) == 0) {
            size_t len = strlen(answers[i].text);
            if (len < cap)
                memcpy(buf, answers[i].text, len + 1);
            return (int)len;
        }
    return 0;
}

static void answer(struct format_out *out, const char *text)
{
    while (*text && out->len < out->cap)
        out->buf[out->len++] = *text++;
}

void format_put(struct format_out *out, char c)
{
    answer(out, "abcde");
}

void format_field(struct format_out *out, const struct format_spec *spec,
                  const char *prefix, size_t zeros, const char *text,
                  size_t len)
{
    answer(out, "text");
}

void format_integer(struct format_out *out, const struct format_spec *spec,
                    uint64_t value, bool negative)
{
    answer(out, "0");
}

const char *format_parse(const char *p, struct format_spec *spec,
                         struct format_args *args)
{
    *spec = (struct format_spec){ .precision = -1, .size = 4 };
    spec->conversion = 'd';
    return p + 1;
}

void format_convert(struct format_out *out, const struct format_spec *spec,
                    struct format_args *args)
{
    answer(out, "(null)");
}
