/* SPDX-License-Identifier: MIT */
/*
 * registry.c - status codes, methods and media types: tables and no more.
 */
#include "http/registry.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

const struct http_status *http_status(unsigned status_code)
{
    static const struct http_status table[] = {
        { 500, "Internal Server Error",
          "The file is there, and reading it failed.\n" },
        { 200, "OK", NULL },
        { 206, "Partial Content", NULL },
        { 301, "Moved Permanently",
          "This is a directory; its address ends with a slash.\n" },
        { 304, "Not Modified", NULL },
        { 400, "Bad Request",
          "The request is not HTTP as this server understands it.\n" },
        { 404, "Not Found", "There is nothing at this address.\n" },
        { 405, "Method Not Allowed", "Files here can only be read.\n" },
        { 406, "Not Acceptable",
          "The request allows no form of this file that there is.\n" },
        { 408, "Request Timeout", "The request did not come to its end.\n" },
        { 411, "Length Required",
          "The request has content and does not say how long it is.\n" },
        { 412, "Precondition Failed",
          "The file is not the version that the request is about.\n" },
        { 413, "Content Too Large",
          "The request has more content than this server reads.\n" },
        { 414, "URI Too Long", "The address is too long for this server.\n" },
        { 416, "Range Not Satisfiable",
          "The file ends before the part that the request is about.\n" },
        { 431, "Request Header Fields Too Large",
          "The head of the request is too long for this server.\n" },
        { 501, "Not Implemented",
          "The request asks for something that this server can't do.\n" },
        { 503, "Service Unavailable",
          "There is no memory left for this; try again later.\n" },
        { 505, "HTTP Version Not Supported",
          "This server speaks HTTP/1.1 and HTTP/1.0.\n" },
    };

    for (size_t i = 0; i < LENGTH(table); i++)
        if (table[i].status_code == status_code)
            return &table[i];
    return &table[0];
}

bool http_method_known(struct http_slice method)
{
    static const char *const known[] = {
        "GET",     "HEAD",    "POST",  "PUT",   "DELETE",
        "CONNECT", "OPTIONS", "TRACE", "PATCH",
    };

    for (size_t i = 0; i < LENGTH(known); i++)
        if (http_slice_is(method, known[i]))
            return true;
    return false;
}

/*
 * What a type is, by the end of a name. Of a type that is worth compressing
 * the site may have a second file, "a.css.gz" beside "a.css".
 */
struct media_type {
    const char *extension, *type;
    bool compresses;
};

static const struct media_type types[] = {
    { "html", "text/html; charset=utf-8", true },
    { "htm", "text/html; charset=utf-8", true },
    { "css", "text/css; charset=utf-8", true },
    { "js", "text/javascript; charset=utf-8", true },
    { "mjs", "text/javascript; charset=utf-8", true },
    { "json", "application/json", true },
    { "txt", "text/plain; charset=utf-8", true },
    { "md", "text/plain; charset=utf-8", true },
    { "csv", "text/csv; charset=utf-8", true },
    { "svg", "image/svg+xml", true },
    { "xml", "application/xml", true },
    { "wasm", "application/wasm", true },
    { "png", "image/png", false },
    { "jpg", "image/jpeg", false },
    { "jpeg", "image/jpeg", false },
    { "gif", "image/gif", false },
    { "webp", "image/webp", false },
    { "ico", "image/x-icon", false },
    { "woff2", "font/woff2", false },
    { "pdf", "application/pdf", false },
    { "mp4", "video/mp4", false },
    { "webm", "video/webm", false },
    { "gz", "application/gzip", false },
    { "zip", "application/zip", false },
};

static const struct media_type *find_type(struct http_slice path)
{
    static const struct media_type text = {
        "", "text/plain; charset=utf-8", true,
    };
    static const struct media_type any = {
        "", "application/octet-stream", false,
    };
    size_t start = path.len;

    while (start > 0 && path.data[start - 1] != '.' &&
           path.data[start - 1] != '/')
        start--;
    if (start == 0 || path.data[start - 1] == '/')
        return &text;
    struct http_slice extension = { path.data + start, path.len - start };
    for (size_t i = 0; i < LENGTH(types); i++)
        if (http_slice_is_nocase(extension, types[i].extension))
            return &types[i];
    return &any;
}

const char *http_media_type(struct http_slice path)
{
    return find_type(path)->type;
}

bool http_type_compresses(struct http_slice path)
{
    return find_type(path)->compresses;
}
