/* SPDX-License-Identifier: MIT */
/*
 * path.h - from what the client wrote to a path that can be trusted.
 *
 *     request_target     /pub/./a%20b/../c?x=1
 *       http_target        /pub/./a%20b/../c        x=1
 *       http_decode        /pub/./a b/../c
 *       http_normalise     /pub/c
 *
 * In this order: a "%2e%2e" must be a ".." before anybody looks for those.
 * Confined means: the path is absolute, has no "." or ".." or empty part, no
 * NUL, and no '/' that was written as %2F; so whoever walks it stays below
 * the root that it starts from.
 */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stddef.h>

#include "fs/fs.h"
#include "http/slice.h"

/* The two parts of a request-target that are our concern. */
struct http_target {
    struct http_slice path;     /* "/a%20b", as the client wrote it */
    struct http_slice query;    /* behind the '?'; data NULL: there is none */
};

/* Given, in target.c. Takes a request-target apart: origin-form "/a?b", or
 * absolute-form "http://host/a?b", whose host must be one that can be, and is
 * not looked at otherwise. Returns 0, or -EINVAL for any other, and for what
 * has a '#' in it. [RFC 9112 §3.2] */
int http_target(struct http_slice request_target, struct http_target *out);

struct http_path {
    size_t len;
    char text[FS_PATH_MAX + 1];         /* a NUL follows */
};

/* ---- 12-http/path.c ---- */

/* Writes `from` to to[cap], each %XX replaced by the byte that it stands for.
 * Returns how many bytes it wrote; -EINVAL for a % without two hexadecimal
 * digits behind it, for a NUL, and for a '/' that was written as %2F;
 * -ENAMETOOLONG when they are more than cap. [RFC 3986 §2.1] */
long http_decode(struct http_slice from, char *to, size_t cap);

/* Takes the "." and ".." parts out of the absolute path[len], in place: "."
 * goes, ".." goes and takes the part before it with it. A path that ended in
 * '/' or in such a part ends in '/' afterwards. Returns the new length;
 * -EINVAL when path does not begin with '/', when a ".." has nothing before
 * it, and for an empty part ("//"). [RFC 3986 §5.2.4, but stricter] */
long http_normalise(char *path, size_t len);

/* All of it: the confined path that `request_target` means. Returns 0, or the
 * status code to answer: 400, or 414 for a path that is, decoded, longer than
 * FS_PATH_MAX. */
unsigned http_path(struct http_slice request_target, struct http_path *out);

#endif
