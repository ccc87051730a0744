/* SPDX-License-Identifier: MIT */
/*
 * test_stream_open.c - lab 11: connections are accepted, refused,
 * and made to wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "net/lwip/buffers.h"
#include "net/lwip/streams.h"
#include "stream_owner.h"
#include "unit.h"

TEST(test_a_port_that_is_taken_is_busy)
{
    int err;

    start();
    err = stream_listen(PORT, 1, owner_accept);
    CHECK(err == -EBUSY, "a second stream_listen() on a port returns -EBUSY, "
          "here %d", err);
    CHECK(pool_out("TCP_PCB") == 0, "no pcb is left over");
}

TEST(test_beyond_the_backlog_nobody_is_answered_until_one_has_gone)
{
    struct peer *a, *b, *c;

    start();
    CHECK(stream_listen(81, 2, owner_accept) == 0, "another port is free");
    a = peer_connect(81);
    b = peer_connect(81);
    c = peer_connect(81);
    CHECK(a->established && b->established, "with a backlog of 2 the first "
          "two connections are established");
    CHECK(!c->established && !c->reset, "the third is neither accepted nor "
          "reset while two are open");
    peer_reset(a);
    peer_syn(c, 81);
    CHECK(c->established, "once one has gone, the next SYN is answered");
    CHECK(!b->reset, "the others don't notice");
    owner.dead = false;
    peer_reset(b);
    owner.dead = false;
    peer_reset(c);
    check_all_gone();
}

TEST(test_without_memory_for_a_connection_a_syn_waits)
{
    struct peer *p;

    start();
    pool_set_limit("TCP_PCB", 0);
    p = peer_connect(PORT);
    CHECK(!p->established && !p->reset && owner.accepted == 0, "a SYN for "
          "which there is no pcb is neither answered nor refused, and "
          "accept() not called");
    pool_set_limit("TCP_PCB", 10);
    peer_syn(p, PORT);
    CHECK(p->established && owner.accepted == 1, "the next one is answered");
    finish(p);
}
