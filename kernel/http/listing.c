/* SPDX-License-Identifier: MIT */
/*
 * listing.c - see listing.h. Pure: names in, HTML out.
 *
 * Names are bytes, and whoever made the disk chose them. So none is believed
 * to be harmless in a page, or to be UTF-8.
 */
#include "http/listing.h"

#include "http/date.h"

/* unreserved [RFC 3986 §2.3]: what may stand in a path as it is. */
static bool is_unreserved(char c)
{
    return http_is_digit(c) || (http_lower(c) >= 'a' && http_lower(c) <= 'z') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

static void append_link(struct http_slice name, struct http_text *text)
{
    for (size_t i = 0; i < name.len; i++)
        http_append(text, is_unreserved(name.data[i]) ? "%c" : "%%%02X",
                    (unsigned char)name.data[i]);
}

/* How much of the name is shown: all, or as much as fits without its last
 * character cut in two. */
static size_t shown_len(struct http_slice name)
{
    size_t len = HTTP_LISTING_SHOWN;

    if (name.len <= len)
        return name.len;
    while (len > 0 && ((unsigned char)name.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static void append_shown(struct http_slice name, struct http_text *text)
{
    size_t len = shown_len(name);

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c == '&')
            http_append(text, "&amp;");
        else if (c == '<')
            http_append(text, "&lt;");
        else if (c == '>')
            http_append(text, "&gt;");
        else if (c == '"')
            http_append(text, "&quot;");
        else
            http_append(text, "%c", c < ' ' || c == 0x7f ? '?' : c);
    }
    if (len < name.len)
        http_append(text, "...");
}

void http_listing_begin(struct http_slice path, struct http_text *text)
{
    http_append(text, "<!DOCTYPE html>\n<html lang=\"en\">\n"
                      "<meta charset=\"utf-8\">\n<title>");
    append_shown(path, text);
    http_append(text, "</title>\n<style>td { padding-right: 2em }</style>\n"
                      "<h1>");
    append_shown(path, text);
    http_append(text, "</h1>\n<table>\n");
    if (path.len > 1)
        http_append(text, "<tr><td><a href=\"../\">../</a></td></tr>\n");
}

void http_listing_entry(const struct fs_dirent *entry,
                        const struct fs_stat *stat, struct http_text *text)
{
    struct http_slice name = { entry->name, entry->name_len };
    enum fs_type type = stat != NULL ? stat->type : entry->type;
    const char *slash = type == FS_DIRECTORY ? "/" : "";
    char minute[HTTP_MINUTE_SIZE];

    /* "./": or else "a:b" would be an address of scheme "a". */
    http_append(text, "<tr><td><a href=\"./");
    append_link(name, text);
    http_append(text, "%s\">", slash);
    append_shown(name, text);
    http_append(text, "%s</a></td><td>", slash);
    if (stat != NULL && type == FS_FILE)
        http_append(text, "%llu", (unsigned long long)stat->size);
    http_append(text, "</td><td>");
    if (stat != NULL && stat->mtime != 0) {
        http_minute_write(stat->mtime, minute);
        http_append(text, "%s", minute);
    }
    http_append(text, "</td></tr>\n");
}

void http_listing_end(struct http_text *text)
{
    http_append(text, "</table>\n</html>\n");
}
