/* SPDX-License-Identifier: MIT */
/*
 * path.c - from a request-target to a path inside the site, and nowhere else.
 *
 * Pure: characters in, characters out. It stands between the parser, which
 * made sure that a target is of visible characters, and the file system,
 * which trusts that a path is confined. Which file "/" stands for, and
 * whether there is one, is select.c's business.
 *
 * Contracts: kernel/http/path.h.
 */
#include "http/path.h"

#include "core/panic.h"
#include "lib/errno.h"

long http_decode(struct http_slice from, char *to, size_t cap)
{
    /* TODO 12.6 http_decode: once and once only: "%2541" is "%41", not "A".
     * Look at how many characters are left before you look at the two behind
     * a %, and at how much room is left before you write. A NUL would end the
     * path early for whoever thinks of strings: refuse it however it is
     * written. A slash that comes as %2F would make two parts of one: refuse
     * that too. */
    lab_todo("12.6 http_decode");
    /* END 12.6 */
}

long http_normalise(char *path, size_t len)
{
    /* TODO 12.7 http_normalise: go through the parts, and keep in the same
     * buffer what you have so far; it is never longer than what you have
     * read. ".." takes the last part of that away again. "..." is a name like
     * any other. */
    lab_todo("12.7 http_normalise");
    /* END 12.7 */
}

unsigned http_path(struct http_slice request_target, struct http_path *out)
{
    /* TODO 12.8 http_path: http_target() finds the path in the target; then
     * the two functions above, in the only order that is safe. */
    lab_todo("12.8 http_path");
    /* END 12.8 */
}
