/* SPDX-License-Identifier: MIT */
/*
 * tcpecho - lab 11's application: sends back whatever comes on TCP port 7
 * [RFC 862].
 */
#include "apps/tcpecho/echo.h"
#include "console/log.h"
#include "core/start.h"
#include "event/event.h"
#include "net/up.h"

int main(void)
{
    int error = net_up("net0"); /* by DHCP, or as told: ip=... */
    if (error)
        return error;
    error = echo_serve(7);
    if (error)
        return error;

    log_line("tcpecho: listening on port 7");
    event_run(); /* from here on, only events */
}
