/* SPDX-License-Identifier: MIT */
/*
 * host.c - is a Host field's value a host, and perhaps a port?
 *
 *     Host = uri-host [ ":" port ]                       [RFC 9112 §3.2]
 *     uri-host = "[" IPv6 "]" / IPv4 / reg-name          [RFC 3986 §3.2.2]
 *
 * Whose host it is does not matter: there is one site here. But a value that
 * a proxy before us might have read in another way is refused.
 */
#include "http/request.h"

/* unreserved, a %XX, or one of sub-delims [RFC 3986 §2.2, §2.3] */
static bool is_name_char(char c)
{
    return http_is_in(
        c,
        HTTP_DIGITS | HTTP_BIT('-') | HTTP_BIT('.') | HTTP_BIT('%') |
            HTTP_BIT('!') | HTTP_BIT('$') | HTTP_BIT('&') | HTTP_BIT('\'') |
            HTTP_BIT('(') | HTTP_BIT(')') | HTTP_BIT('*') | HTTP_BIT('+') |
            HTTP_BIT(',') | HTTP_BIT(';') | HTTP_BIT('='),
        HTTP_LETTERS | HTTP_BIT('_') | HTTP_BIT('~'));
}

/* What may stand between the brackets. That it is an address that exists is
 * more than we need to know. */
static bool is_address_char(char c)
{
    return http_hex_value(c) >= 0 || c == ':' || c == '.';
}

/* The length of "[...]" at the beginning; 0 when there is none. */
static size_t bracketed_len(struct http_slice host)
{
    size_t at = 1;

    if (host.len == 0 || host.data[0] != '[')
        return 0;
    while (at < host.len && is_address_char(host.data[at]))
        at++;
    return at > 1 && at < host.len && host.data[at] == ']' ? at + 1 : 0;
}

/* The length of the name at the beginning; "%" has two digits behind it. */
static size_t name_len(struct http_slice host)
{
    size_t at = 0;

    while (at < host.len && is_name_char(host.data[at])) {
        if (host.data[at] == '%' &&
            (host.len - at < 3 || http_hex_value(host.data[at + 1]) < 0 ||
             http_hex_value(host.data[at + 2]) < 0))
            break;
        at++;
    }
    return at;
}

bool http_host_valid(struct http_slice host)
{
    size_t at = bracketed_len(host);

    if (at == 0)
        at = name_len(host);
    if (at == host.len)
        return true;
    /* A port without a host is none, nor is a port without a number one that
     * we need to understand; but the grammar has it. */
    if (host.data[at] != ':' || at == 0)
        return false;
    while (++at < host.len)
        if (!http_is_digit(host.data[at]))
            return false;
    return true;
}
