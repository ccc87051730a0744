/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include "fake_request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct http_request r;

unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value)
{
    unsigned count = 0;

    for (unsigned i = 0; i < request->field_count; i++)
        if (strcasecmp(request->field[i].field_name.data, name) == 0 &&
            count++ == 0)
            *value = request->field[i].field_value;
    return count;
}

bool http_field_has(const struct http_request *request, const char *name,
                    const char *token)
{
    for (unsigned i = 0; i < request->field_count; i++) {
        char members[200], *rest = members, *member;
        snprintf(members, sizeof members, "%s",
                 request->field[i].field_value.data);
        while ((member = strtok_r(rest, ", ", &rest)))
            if (strcasecmp(request->field[i].field_name.data, name) == 0 &&
                strcasecmp(member, token) == 0)
                return true;
    }
    return false;
}

struct http_slice slice(const char *text)
{
    struct http_slice made = { text, strlen(text) };
    return made;
}

void request(const char *method, const char *target, unsigned minor,
             const char *fields)
{
    static char text[1000];
    char *rest = text, *line;

    http_request_start(&r);
    r.method = slice(method);
    r.request_target = slice(target);
    r.major = 1;
    r.minor = minor;
    r.persist = true;
    r.content_length = 12345;
    snprintf(text, sizeof text, "%s", fields);
    while ((line = strtok_r(rest, "|", &rest))) {
        char *colon = strchr(line, ':');
        *colon = '\0';
        r.field[r.field_count].field_name = slice(line);
        r.field[r.field_count].field_value = slice(colon + 2);
        r.field_count++;
    }
}
