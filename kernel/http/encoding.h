/* SPDX-License-Identifier: MIT */
/*
 * encoding.h - which content coding the client may be sent, by its
 * Accept-Encoding. [RFC 9110 §12.5.3, §8.4.1]
 */
#ifndef HTTP_ENCODING_H
#define HTTP_ENCODING_H

#include "http/request.h"

enum http_coding {
    HTTP_IDENTITY,              /* the file as it is */
    HTTP_GZIP,
    HTTP_NO_CODING,             /* it will have none that there is: 406 */
};

/* The best of what the client accepts and there is: the file as it is, and,
 * if `gzip_there`, compressed. Of two that it likes as much, the smaller. A
 * member that can't be understood is as if it were not there. */
enum http_coding http_coding(const struct http_request *request,
                             bool gzip_there);

#endif
