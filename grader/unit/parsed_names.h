/* SPDX-License-Identifier: MIT */
/*
 * parsed_names.h - http_parse()'s results by their names.
 */
#ifndef UNIT_PARSED_NAMES_H
#define UNIT_PARSED_NAMES_H

#include "http/request.h"

static inline const char *parsed_name(enum http_parsed parsed)
{
    switch (parsed) {
    case HTTP_PARTIAL:
        return "HTTP_PARTIAL";
    case HTTP_OK:
        return "HTTP_OK";
    case HTTP_BAD:
        return "HTTP_BAD";
    }
    return "none of the three";
}

#endif
