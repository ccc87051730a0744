/* SPDX-License-Identifier: MIT */
/*
 * errno.h - why a call failed. A fallible function returns 0 or a size, or
 * one of these negated. The numbers are Linux's, so that they mean the same
 * in a Unix process.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#define ENOENT 2            /* no such thing */
#define EIO 5               /* the device failed */
#define E2BIG 7             /* more than the limit */
#define EAGAIN 11           /* not now: started, try again when woken */
#define ENOMEM 12           /* no memory, or a pool is empty */
#define EBUSY 16            /* taken */
#define ENODEV 19           /* no such device */
#define ENOTDIR 20          /* a file where a directory was needed */
#define EISDIR 21           /* a directory where a file was needed */
#define EINVAL 22           /* an argument that can't be */
#define ENOSPC 28           /* full */
#define EROFS 30            /* only to be read */
#define ERANGE 34           /* beyond the end */
#define ENAMETOOLONG 36     /* a name longer than the limit */
#define ELOOP 40            /* symbolic links that lead nowhere */
#define EPROTO 71           /* the other side broke the protocol */
#define ENOTSUP 95          /* not offered */
#define ECONNABORTED 103    /* given up by us */
#define ECONNRESET 104      /* given up by the peer */
#define ETIMEDOUT 110       /* no answer in time */

#endif
