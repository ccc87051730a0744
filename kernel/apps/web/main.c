/* SPDX-License-Identifier: MIT */
/*
 * web - serves the files in www/, and one that tells how the guest is doing.
 */
#include "apps/web/stats.h"
#include "console/log.h"
#include "event/event.h"
#include "fs/mem/mem.h"
#include "http/http.h"
#include "net/up.h"

static struct fs_mem files;
static struct fs_mem_made stats = { .path = "/stats", .make = stats_make };
static const struct http_site site = { .fs = &files.fs, .index = "index.html" };

int main(void)
{
    fs_mem_mount(&files, &fs_mem_tree);     /* www/, linked into the image */
    int error = fs_mem_add(&files, &stats); /* made when it is asked for */
    if (error)
        return error;

    error = net_up("net0"); /* by DHCP, or as told: ip=... */
    if (error)
        return error;
    error = http_serve(80, &site);
    if (error)
        return error;

    log_line("web: serving on port 80");
    event_run(); /* from here on, only events */
}
