/* SPDX-License-Identifier: MIT */
/*
 * shown.h - bytes as a failure's text shows them: on one line, with \r, \n,
 * \t, \\ and \xNN for those that could not be told apart otherwise.
 */
#ifndef UNIT_SHOWN_H
#define UNIT_SHOWN_H

#include <stdio.h>
#include <string.h>

/* Good until the fourth call after this one. What is very long is cut off. */
static inline const char *shown_bytes(const char *data, size_t len)
{
    enum { ROOM = 1200 };
    static char texts[4][ROOM];
    static unsigned turn;
    static const char plain[] = "\r\n\t\\", names[] = "rnt\\";
    char *text = texts[turn++ % 4];
    size_t at = 0;

    for (size_t i = 0; data != NULL && i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        const char *found = c != '\0' ? strchr(plain, c) : NULL;
        size_t room = ROOM - at;

        if (room < 10) {
            at += (size_t)snprintf(text + at, room, "...");
            break;
        }
        if (found != NULL)
            at += (size_t)snprintf(text + at, room, "\\%c",
                                   names[found - plain]);
        else if (c < ' ' || c >= 0x7f)
            at += (size_t)snprintf(text + at, room, "\\x%02x", c);
        else
            text[at++] = (char)c;
    }
    text[at] = '\0';
    return text;
}

static inline const char *shown(const char *text)
{
    return shown_bytes(text, strlen(text));
}

#endif
