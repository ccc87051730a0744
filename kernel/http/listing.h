/* SPDX-License-Identifier: MIT */
/*
 * listing.h - a directory's content as a page: what is written, line by line.
 * Who reads the directory is directory.c.
 */
#ifndef HTTP_LISTING_H
#define HTTP_LISTING_H

#include "fs/fs.h"
#include "http/response.h"

enum {
    HTTP_LISTING_SHOWN = 60,    /* bytes of a name that a reader gets to see */
    /* No call below appends more: a name whose every byte is escaped, and
     * what stands around it. */
    HTTP_LISTING_MOST = 3 * FS_NAME_MAX + 6 * HTTP_LISTING_SHOWN + 128,
};

/* Appends the page's beginning; `path` is the directory's, "/pub/". */
void http_listing_begin(struct http_slice path, struct http_text *text);

/* Appends the line of one entry. `stat` may be NULL: not known. A name is
 * escaped for where it stands: as a path in the link, as a text for the
 * reader. */
void http_listing_entry(const struct fs_dirent *entry,
                        const struct fs_stat *stat, struct http_text *text);

void http_listing_end(struct http_text *text);

#endif
