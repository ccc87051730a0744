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
        { 301, "Moved Permanently",
          "This is a directory; its address ends with a slash.\n" },
        { 400, "Bad Request",
          "The request is not HTTP as this server understands it.\n" },
        { 404, "Not Found", "There is nothing at this address.\n" },
        { 405, "Method Not Allowed", "Files here can only be read.\n" },
        { 408, "Request Timeout", "The request did not come to its end.\n" },
        { 414, "URI Too Long", "The address is too long for this server.\n" },
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

const char *http_media_type(struct http_slice path)
{
    static const struct {
        const char *extension, *type;
    } table[] = {
        { "html", "text/html; charset=utf-8" },
        { "htm", "text/html; charset=utf-8" },
        { "css", "text/css; charset=utf-8" },
        { "js", "text/javascript; charset=utf-8" },
        { "mjs", "text/javascript; charset=utf-8" },
        { "json", "application/json" },
        { "txt", "text/plain; charset=utf-8" },
        { "md", "text/plain; charset=utf-8" },
        { "svg", "image/svg+xml" },
        { "png", "image/png" },
        { "jpg", "image/jpeg" },
        { "jpeg", "image/jpeg" },
        { "gif", "image/gif" },
        { "webp", "image/webp" },
        { "ico", "image/x-icon" },
        { "woff2", "font/woff2" },
        { "wasm", "application/wasm" },
        { "pdf", "application/pdf" },
        { "mp4", "video/mp4" },
        { "webm", "video/webm" },
        { "xml", "application/xml" },
    };
    size_t start = path.len;

    while (start > 0 && path.data[start - 1] != '.' &&
           path.data[start - 1] != '/')
        start--;
    if (start == 0 || path.data[start - 1] == '/')
        return "text/plain; charset=utf-8";
    struct http_slice extension = { path.data + start, path.len - start };
    for (size_t i = 0; i < LENGTH(table); i++)
        if (http_slice_is_nocase(extension, table[i].extension))
            return table[i].type;
    return "application/octet-stream";
}
