/* SPDX-License-Identifier: MIT */
/*
 * test_sockets_steps.c - lab 13 step by step: each function by itself, over a
 * host that says what the test has written down for it, and given functions
 * that note when they are called. Over the real ones: test_sockets_open.c,
 * _data.c, _end.c, test_stream_contract.c.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/sockets/sockets.h"
#include "unit.h"

enum { FD = 1000, DOOR = 2000, ANSWERS = 16 };

/* ---- The host ----------------------------------------------------------- */

/* What a call answers, one after the other: a number, or minus an errno. */
struct script {
    long answers[ANSWERS];
    unsigned length, calls;
};

static struct script accepts, recvs, sends, shutdowns;
static int flags_seen, fd_seen, how_seen;
static size_t len_seen;
static unsigned closed_fds, so_error_asked;
static int so_error;
static struct linger linger_seen;
static uint8_t said[8192];      /* by the peer; recv() gives from its start */

static void answer(struct script *s, long what)
{
    CHECK(s->length < ANSWERS, "a script has at most %d answers", ANSWERS);
    s->answers[s->length++] = what;
}

static long next(struct script *s, const char *call)
{
    long what;

    CHECK(s->calls < s->length, "%s() is called no more often than there is "
          "reason to, %u times, here once more", call, s->length);
    what = s->answers[s->calls++];
    if (what < 0)
        errno = (int)-what;
    return what < 0 ? -1 : what;
}

int accept4(int fd, struct sockaddr *name, socklen_t *len, int flags)
{
    (void)name, (void)len;
    fd_seen = fd;
    flags_seen = flags;
    return (int)next(&accepts, "accept4");
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    long n = next(&recvs, "recv");

    fd_seen = fd;
    len_seen = len;
    CHECK(!(flags & MSG_WAITALL), "recv() takes what is there");
    CHECK(n <= (long)len, "there is room for what comes: %ld bytes in %zu", n,
          len);
    if (n > 0) {
        memcpy(buf, said, (size_t)n);
        memmove(said, said + n, sizeof said - (size_t)n);
    }
    return n;
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
    (void)buf;
    fd_seen = fd;
    len_seen = len;
    flags_seen = flags;
    return next(&sends, "send");
}

int shutdown(int fd, int how)
{
    fd_seen = fd;
    how_seen = how;
    return (int)next(&shutdowns, "shutdown");
}

int close(int fd)
{
    if (fd < FD)
        return (int)syscall(SYS_close, fd);
    closed_fds++;
    fd_seen = fd;
    return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    fd_seen = fd;
    if (level == SOL_SOCKET && name == SO_LINGER && len == sizeof linger_seen)
        memcpy(&linger_seen, value, sizeof linger_seen);
    return 0;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    CHECK(level == SOL_SOCKET && name == SO_ERROR && *len == sizeof(int),
          "what is asked for is SO_ERROR");
    fd_seen = fd;
    so_error_asked++;
    memcpy(value, &so_error, sizeof(int));
    so_error = 0;
    return 0;
}

/* ---- Given code --------------------------------------------------------- */

static struct stream stream;
static bool no_stream;
static unsigned made, heard, seen_to, gone, lingering, rested, borrowed;
static unsigned told_before_gone;       /* owner calls, when it was gone */
static bool can_not_borrow;

bool listener_has_room(const struct listener *l)
{
    return l->open < l->backlog;
}

void listener_rest(struct listener *l)
{
    l->resting = true;
    rested++;
}

struct stream *stream_make(struct listener *l, int fd)
{
    if (no_stream)
        return NULL;
    made++;
    l->open++;
    memset(&stream, 0, sizeof stream);
    stream.wire.fd = fd;
    stream.listener = l;
    return &stream;
}

void stream_hear(struct stream *s)
{
    CHECK(s == &stream && accepts.calls <= made + 1, "each is heard before "
          "the next is let in");
    heard++;
}

void stream_see_to(struct stream *s)
{
    (void)s;
    seen_to++;
}

static unsigned errors, ends, writables, receives;

void stream_gone(struct stream *s)
{
    gone++;
    told_before_gone = errors;
    s->wire.fd = -1;
    s->events = NULL;
}

void stream_linger(struct stream *s)
{
    CHECK(s->closed && s->wire.fd >= 0, "who lingers is closed, and its "
          "descriptor open");
    lingering++;
}

void stream_finish(struct stream *s)
{
    (void)s;
}

bool borrow_possible(stream_release_t release)
{
    return !release || !can_not_borrow;
}

void borrow(stream_release_t release, void *ctx)
{
    (void)release, (void)ctx;
    borrowed++;
}

/* ---- The owner ---------------------------------------------------------- */

static uint8_t got[8192];
static size_t got_len, takes = SIZE_MAX;
static int error_told;
static void (*in_receive)(struct stream *s), (*in_writable)(struct stream *s);

static size_t on_receive(struct stream *s, const uint8_t *data, size_t len)
{
    size_t n = len < takes ? len : takes;

    receives++;
    CHECK(len > 0, "receive() is called with something to take");
    memcpy(got + got_len, data, n);
    got_len += n;
    if (in_receive)
        in_receive(s);
    return n;
}

static void on_end(struct stream *s)
{
    (void)s;
    ends++;
}

static void on_writable(struct stream *s)
{
    writables++;
    if (in_writable)
        in_writable(s);
}

static void on_error(struct stream *s, int error)
{
    (void)s;
    errors++;
    error_told = error;
}

static const struct stream_events events = {
    on_receive, on_end, on_writable, on_error,
};
static int accept_says;

static int on_accept(struct stream *s)
{
    s->events = &events;
    return accept_says;
}

static struct listener listener = {
    .wire = { .fd = DOOR }, .accept = on_accept, .backlog = 4,
};

/* A stream of the owner's. */
static struct stream *start(void)
{
    stream = (struct stream){ .wire = { .fd = FD }, .listener = &listener,
                              .events = &events };
    for (unsigned i = 0; i < sizeof said; i++)
        said[i] = (uint8_t)unit_random();
    return &stream;
}

/* As stream_close() leaves it. */
static void lose_owner(struct stream *s)
{
    s->events = NULL;
    s->closed = true;
    s->unread_len = 0;
}

/* ---- 13.1 --------------------------------------------------------------- */

TEST(test_listener_on_ready_stops_when_nobody_is_left)
{
    answer(&accepts, -EAGAIN);
    listener_on_ready(&listener);
    CHECK(accepts.calls == 1 && fd_seen == DOOR, "accept4() is asked, of the "
          "listener's descriptor");
    CHECK(flags_seen == (SOCK_NONBLOCK | SOCK_CLOEXEC), "a new descriptor does "
          "not block and does not outlive an exec: flags are %x, here %x",
          SOCK_NONBLOCK | SOCK_CLOEXEC, flags_seen);
    CHECK(rested == 0, "EAGAIN is no trouble of the host's");
}

TEST(test_listener_on_ready_asks_for_no_more_than_there_is_room_for)
{
    listener.open = listener.backlog;
    listener_on_ready(&listener);
    CHECK(accepts.calls == 0, "without room accept4() is not called: who waits "
          "in the host's queue waits on");
}

TEST(test_listener_on_ready_passes_over_those_that_came_to_nothing)
{
    static const int errors_[] = { ECONNABORTED, EINTR, EPROTO, ENETDOWN,
                                   EHOSTUNREACH };

    for (unsigned i = 0; i < sizeof errors_ / sizeof *errors_; i++)
        answer(&accepts, -errors_[i]);
    answer(&accepts, -EAGAIN);
    listener_on_ready(&listener);
    CHECK(accepts.calls == accepts.length, "after one that came to nothing "
          "accept4() is asked again: after errno %d it was not",
          errors_[accepts.calls - 1]);
    CHECK(rested == 0, "and the host has no trouble");
}

TEST(test_listener_on_ready_rests_when_the_host_has_nothing_left)
{
    static const int errors_[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS };

    for (unsigned i = 0; i < sizeof errors_ / sizeof *errors_; i++) {
        answer(&accepts, -errors_[i]);
        listener_on_ready(&listener);
        CHECK(rested == i + 1, "after errno %d the listener rests", errors_[i]);
    }
}

/* ---- 13.2 --------------------------------------------------------------- */

TEST(test_stream_begin_closes_what_there_is_no_stream_for)
{
    no_stream = true;
    stream_begin(&listener, FD);
    CHECK(closed_fds == 1 && fd_seen == FD, "without a struct stream the "
          "descriptor is closed, here %u times", closed_fds);
}

TEST(test_stream_begin_hears_the_first_words_of_those_that_are_let_in)
{
    stream_begin(&listener, FD);
    CHECK(made == 1 && stream.wire.fd == FD, "a stream is made of it");
    CHECK(heard == 1, "and its first words are heard, here %u times", heard);
    CHECK(closed_fds == 0 && gone == 0, "and it stays");
}

TEST(test_listener_on_ready_lets_all_in_one_after_the_other)
{
    for (unsigned i = 0; i < 3; i++)
        answer(&accepts, FD + i);
    answer(&accepts, -EAGAIN);
    listener_on_ready(&listener);
    CHECK(made == 3 && heard == 3, "all three who wait are let in, here %u",
          made);
    for (unsigned i = 0; i < 5; i++)
        answer(&accepts, FD + i);
    listener_on_ready(&listener);
    CHECK(made == 4, "and no more than the backlog has room for, here %u",
          made);
}

/* ---- 13.3 --------------------------------------------------------------- */

static void comes(struct stream *s, size_t len)
{
    memcpy(s->unread + s->unread_len, said, len);
    memmove(said, said + len, sizeof said - len);
    s->unread_len += len;
}

TEST(test_stream_deliver_moves_what_is_left_to_the_front)
{
    struct stream *s = start();
    uint8_t all[1000];

    memcpy(all, said, sizeof all);
    comes(s, sizeof all);
    takes = 700;
    stream_deliver(s);
    CHECK(got_len == 700 && s->unread_len == 300, "of 1000 bytes 700 are taken "
          "and 300 left, here %zu and %zu", got_len, s->unread_len);
    CHECK(memcmp(s->unread, all + 700, 300) == 0, "those that are left lie at "
          "the beginning");
    CHECK(receives == 1, "receive() is called once, here %u times", receives);
    takes = SIZE_MAX;
    stream_deliver(s);
    CHECK(got_len == 1000 && memcmp(got, all, 1000) == 0, "then the rest is "
          "taken, in order, here %zu", got_len);
    stream_deliver(s);
    CHECK(receives == 2, "and with nothing to take receive() is not called");
}

TEST(test_stream_deliver_tells_the_end_once_and_behind_the_last_byte)
{
    struct stream *s = start();

    comes(s, 10);
    s->peer_ended = true;
    takes = 9;
    stream_deliver(s);
    CHECK(ends == 0, "end() waits until all has been taken");
    stream_deliver(s);
    CHECK(ends == 1, "then it is called, here %u times", ends);
    stream_deliver(s);
    CHECK(ends == 1, "once, here %u times", ends);
}

TEST(test_stream_deliver_does_without_an_end_or_an_owner)
{
    static const struct stream_events no_end = { .receive = on_receive };
    struct stream *s = start();

    s->peer_ended = true;
    s->events = &no_end;
    stream_deliver(s);
    s->events = NULL;
    comes(s, 10);
    stream_deliver(s);
    CHECK(receives == 0, "without an owner nobody is called");
}

TEST(test_stream_deliver_stops_when_receive_has_closed_the_stream)
{
    struct stream *s = start();

    comes(s, 10);
    s->peer_ended = true;
    in_receive = lose_owner;
    stream_deliver(s);
    CHECK(ends == 0 && s->unread_len == 0, "nobody is called any more, and "
          "nothing is unread, here %zu bytes", s->unread_len);
}

/* ---- 13.4 --------------------------------------------------------------- */

TEST(test_stream_on_readable_delivers_what_comes)
{
    struct stream *s = start();
    uint8_t all[5000];

    memcpy(all, said, sizeof all);
    answer(&recvs, 100);
    takes = 40;
    stream_on_readable(s);
    CHECK(fd_seen == FD && len_seen == STREAM_UNREAD, "recv() has all of "
          "unread[] to fill, here %zu bytes", len_seen);
    CHECK(got_len == 40 && s->unread_len == 60, "100 bytes come, 40 are taken, "
          "60 left, here %zu and %zu", got_len, s->unread_len);
    answer(&recvs, STREAM_UNREAD - 60);
    takes = 0;
    stream_on_readable(s);
    CHECK(len_seen == STREAM_UNREAD - 60, "then there is room for what is free "
          "of it, %d, here %zu", STREAM_UNREAD - 60, len_seen);
    stream_on_readable(s);
    CHECK(recvs.calls == 2, "and without room the host is not asked");
    takes = SIZE_MAX;
    stream_deliver(s);
    CHECK(got_len == STREAM_UNREAD + 40 && memcmp(got, all, got_len) == 0,
          "all of it comes in order, here %zu bytes", got_len);
}

TEST(test_stream_on_readable_knows_the_end_from_nothing_yet)
{
    struct stream *s = start();

    answer(&recvs, -EAGAIN);
    answer(&recvs, -EINTR);
    stream_on_readable(s);
    stream_on_readable(s);
    CHECK(!s->peer_ended && !s->error && ends == 0, "not now (EAGAIN, EINTR) "
          "is neither an end nor an error, here error is %d", s->error);
    answer(&recvs, 0);
    stream_on_readable(s);
    CHECK(s->peer_ended && ends == 1, "0 bytes are the peer's end");
    stream_on_readable(s);
    CHECK(recvs.calls == 3, "after which the host is not asked again");
}

TEST(test_stream_on_readable_throws_away_what_comes_to_a_closed_stream)
{
    struct stream *s = start();

    lose_owner(s);
    answer(&recvs, 100);
    stream_on_readable(s);
    CHECK(s->unread_len == 0 && receives == 0, "nothing is kept of it, here "
          "%zu bytes", s->unread_len);
    answer(&recvs, 0);
    stream_on_readable(s);
    CHECK(s->peer_ended && ends == 0, "until the peer's end, which nobody is "
          "told of");
}

/* ---- 13.5 --------------------------------------------------------------- */

TEST(test_stream_resume_calls_nobody_itself)
{
    struct stream *s = start();

    comes(s, 10);
    stream_resume(s);
    CHECK(receives == 0, "stream_resume() calls nobody itself");
    CHECK(s->resume && seen_to == 1, "but leaves word, and has the loop come "
          "by");
}

/* ---- 13.6 --------------------------------------------------------------- */

static void check_room(struct stream s, size_t room, const char *what)
{
    CHECK(stream_room(&s) == room, "%s: stream_room() is %zu, here %zu", what,
          room, stream_room(&s));
}

TEST(test_stream_room_is_none_for_who_can_not_send_now)
{
    const struct stream s = *start();
    struct stream other;

    check_room(s, STREAM_ROOM, "nothing is in the way");
    other = s;
    other.wire.fd = -1;
    check_room(other, 0, "it is gone");
    other = s;
    other.wire.fd = 0;
    check_room(other, STREAM_ROOM, "its descriptor is 0");
    other = s;
    other.closed = true;
    check_room(other, 0, "it is closed");
    other = s;
    other.error = -ECONNRESET;
    check_room(other, 0, "it has failed");
    other = s;
    other.wants_room = true;
    check_room(other, 0, "the last send fell short");
}

/* ---- 13.7 --------------------------------------------------------------- */

static void released(void *ctx)
{
    (void)ctx;
}

static long send_(struct stream *s, size_t len, bool more)
{
    return stream_send(s, got, len, more, released, NULL);
}

TEST(test_stream_send_that_is_taken_whole)
{
    struct stream *s = start();
    long n;

    answer(&sends, 100);
    n = send_(s, 100, false);
    CHECK(n == 100 && len_seen == 100 && fd_seen == FD, "100 bytes are sent, "
          "here %ld", n);
    CHECK(flags_seen & MSG_NOSIGNAL, "a peer that has gone must not end the "
          "process: MSG_NOSIGNAL, here flags are %x", flags_seen);
    CHECK(!(flags_seen & MSG_MORE) && !s->held, "nothing waits for more, here "
          "flags are %x", flags_seen);
    CHECK(borrowed == 1, "it is borrowed, once, here %u times", borrowed);
    CHECK(!s->wants_room && seen_to == 0, "and nothing is left to be seen to");
}

TEST(test_stream_send_of_a_single_byte)
{
    struct stream *s = start();
    long n;

    answer(&sends, 1);
    n = send_(s, 1, false);
    CHECK(n == 1 && borrowed == 1, "one byte is sent and borrowed, here %ld, "
          "and %u pieces are borrowed", n, borrowed);
    CHECK(!s->wants_room, "and writable() is not owed for it");
}

TEST(test_stream_send_of_which_a_part_is_taken)
{
    struct stream *s = start();
    long n;

    answer(&sends, 60);
    n = send_(s, 100, false);
    CHECK(n == 60, "of 100 bytes 60 are taken, here %ld", n);
    CHECK(s->wants_room && seen_to == 1, "writable() is owed, and the host "
          "will be asked when");
    CHECK(borrowed == 1, "what was taken is borrowed");
    n = send_(s, 40, false);
    CHECK(n == -EAGAIN && sends.calls == 1, "until then nothing is taken, and "
          "the host is not asked, here %ld", n);
    CHECK(borrowed == 1, "or borrowed");
}

TEST(test_stream_send_of_which_nothing_is_taken)
{
    for (unsigned i = 0; i < 2; i++) {
        struct stream *s = start();
        long n;

        answer(&sends, i == 0 ? -EAGAIN : -EINTR);
        n = send_(s, 100, false);
        CHECK(n == -EAGAIN, "when the host takes nothing now stream_send() "
              "returns -EAGAIN (%d), here %ld", -EAGAIN, n);
        CHECK(s->wants_room && seen_to == i + 1 && !s->error, "writable() is "
              "owed, and it is no error, here %d", s->error);
        CHECK(borrowed == 0, "what was not taken is not borrowed");
    }
}

TEST(test_stream_send_may_wait_for_more)
{
    struct stream *s = start();

    answer(&sends, 100);
    send_(s, 100, true);
    CHECK(flags_seen & MSG_MORE, "with more to come the host may wait for it: "
          "MSG_MORE, here flags are %x", flags_seen);
    CHECK(s->held && seen_to == 1, "but not beyond the round: held is set, and "
          "the loop will come by");
    answer(&sends, 10);
    send_(s, 10, false);
    CHECK(!s->held, "what comes last lets it go");
}

TEST(test_stream_send_takes_only_so_much_at_a_time)
{
    struct stream *s = start();
    long n;

    answer(&sends, STREAM_ROOM);
    n = send_(s, STREAM_ROOM + 1, false);
    CHECK(n == STREAM_ROOM && len_seen == STREAM_ROOM, "at most %d bytes are "
          "given to one send(), here %zu", STREAM_ROOM, len_seen);
    CHECK((flags_seen & MSG_MORE) && s->wants_room, "the rest is more to come");
    s = start();
    answer(&sends, STREAM_ROOM);
    send_(s, STREAM_ROOM, false);
    CHECK(!(flags_seen & MSG_MORE) && !s->wants_room, "exactly as much is all");
}

TEST(test_stream_send_takes_nothing_that_can_not_be_remembered)
{
    struct stream *s = start();
    long n;

    can_not_borrow = true;
    n = send_(s, 100, false);
    CHECK(n == -EAGAIN && sends.calls == 0, "what can't be borrowed is not "
          "sent, here %ld", n);
    CHECK(s->wants_room && seen_to == 1, "but writable() is owed");
    s = start();
    answer(&sends, 100);
    n = stream_send(s, got, 100, false, NULL, NULL);
    CHECK(n == 100, "with a release of NULL nothing is borrowed, here %ld", n);
}

/* ---- 13.8 --------------------------------------------------------------- */

static void fall_short(struct stream *s)
{
    CHECK(!s->wants_room, "inside writable() there is room again");
    s->wants_room = true;
}

TEST(test_stream_on_writable_tells_who_waits_and_no_one_else)
{
    struct stream *s = start();

    stream_on_writable(s);
    CHECK(writables == 0, "who did not wait for room is not told");
    s->wants_room = true;
    stream_on_writable(s);
    CHECK(writables == 1 && !s->wants_room, "who did is told, here %u times",
          writables);
    s->wants_room = true;
    in_writable = fall_short;
    stream_on_writable(s);
    CHECK(writables == 2 && s->wants_room, "and may fall short once more");
}

TEST(test_stream_on_writable_does_without_an_owner)
{
    static const struct stream_events none = { .receive = on_receive };
    struct stream *s = start();

    s->wants_room = true;
    s->events = &none;
    stream_on_writable(s);
    s->wants_room = true;
    s->events = NULL;
    stream_on_writable(s);
    CHECK(!s->wants_room, "it waits no longer");
}

/* ---- 13.9 and 13.10 ----------------------------------------------------- */

TEST(test_stream_close_shuts_our_direction_and_lingers)
{
    struct stream *s = start();

    comes(s, 100);
    s->wants_room = true;
    answer(&shutdowns, 0);
    stream_close(s);
    CHECK(shutdowns.calls == 1 && how_seen == SHUT_WR, "our direction is shut, "
          "and the other is not: shutdown() with SHUT_WR (%d), here %d",
          SHUT_WR, how_seen);
    CHECK(!s->events && s->closed && s->unread_len == 0 && !s->wants_room,
          "nobody is told anything any more, and nothing is unread");
    CHECK(lingering == 1 && closed_fds == 0 && gone == 0, "the descriptor "
          "stays, as closing it with bytes unread is a reset");
}

TEST(test_stream_close_of_one_who_has_gone)
{
    struct stream *s = start();

    answer(&shutdowns, -ENOTCONN);
    stream_close(s);
    CHECK(gone == 1 && lingering == 0, "where there is nothing to shut the "
          "stream is gone at once");
}

TEST(test_stream_abort_is_a_reset)
{
    struct stream *s = start();

    stream_abort(s);
    CHECK(linger_seen.l_onoff == 1 && linger_seen.l_linger == 0, "the socket "
          "lingers for no time at all: SO_LINGER is on (1) with 0, here %d "
          "with %d", linger_seen.l_onoff, linger_seen.l_linger);
    CHECK(fd_seen == FD && gone == 1 && errors == 0, "then it is gone, and "
          "nobody is told");
}

TEST(test_stream_begin_aborts_what_accept_refuses)
{
    accept_says = -ENOMEM;
    stream_begin(&listener, FD);
    CHECK(linger_seen.l_onoff == 1 && gone == 1, "who is refused is reset");
    CHECK(heard == 0 && closed_fds == 0, "and neither heard nor closed twice");
}

/* ---- 13.11 and 13.12 ---------------------------------------------------- */

TEST(test_stream_error_has_three_names_for_all)
{
    static const int table[][2] = {
        { ETIMEDOUT, -ETIMEDOUT }, { EHOSTUNREACH, -ETIMEDOUT },
        { EHOSTDOWN, -ETIMEDOUT }, { ENETUNREACH, -ETIMEDOUT },
        { ENETDOWN, -ETIMEDOUT }, { ENOMEM, -ENOMEM }, { ENOBUFS, -ENOMEM },
        { ECONNRESET, -ECONNRESET }, { EPIPE, -ECONNRESET },
        { EBADF, -ECONNRESET }, { 0, -ECONNRESET },
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        CHECK(stream_error(table[i][0]) == table[i][1], "the host's %d is our "
              "%d, here %d", table[i][0], table[i][1],
              stream_error(table[i][0]));
}

TEST(test_an_error_of_recv_or_send_is_left_for_later)
{
    struct stream *s = start();

    answer(&recvs, -ENOBUFS);
    stream_on_readable(s);
    CHECK(s->error == -ENOMEM && errors == 0, "what recv() says is kept, and "
          "told to nobody yet, here %d", s->error);
    s = start();
    answer(&sends, -EPIPE);
    CHECK(send_(s, 10, false) == -EAGAIN, "a send() that fails takes nothing");
    CHECK(s->error == -ECONNRESET && errors == 0 && seen_to == 1, "what it "
          "says is kept, and the loop will come by, here %d", s->error);
}

TEST(test_stream_on_error_tells_when_the_stream_is_gone)
{
    struct stream *s = start();

    s->error = -ENOMEM;
    stream_on_error(s);
    CHECK(so_error_asked == 0, "what is known already is not asked for");
    CHECK(errors == 1 && error_told == -ENOMEM, "error() is called once, with "
          "-ENOMEM, here %u times, %d", errors, error_told);
    CHECK(gone == 1 && told_before_gone == 0, "and not before the stream is "
          "gone");
    s = start();
    so_error = ETIMEDOUT;
    stream_on_error(s);
    CHECK(errors == 2 && error_told == -ETIMEDOUT, "otherwise the host says "
          "why, here %d", error_told);
    s = start();
    stream_on_error(s);
    CHECK(errors == 3 && error_told == -ECONNRESET && gone == 3, "and where it "
          "has no reason the stream is gone all the same, here %d", error_told);
}

TEST(test_stream_on_error_is_nobodys_business_once_closed)
{
    struct stream *s = start();

    lose_owner(s);
    stream_on_error(s);
    CHECK(gone == 0, "both directions of a closed stream at their end are no "
          "error");
    so_error = ECONNRESET;
    stream_on_error(s);
    CHECK(gone == 1 && errors == 0, "a reset is the end of it, and nobody is "
          "told");
}

/* ---- 13.13 -------------------------------------------------------------- */

TEST(test_stream_wants_what_it_can_take_and_waits_for)
{
    struct stream *s = start();

    CHECK(stream_wants(s) == DESCRIPTOR_IN, "what comes is watched for, and "
          "nothing else, here %u", stream_wants(s));
    s->unread_len = STREAM_UNREAD - 1;
    CHECK(stream_wants(s) == DESCRIPTOR_IN, "while there is room for a byte");
    s->unread_len = STREAM_UNREAD;
    CHECK(stream_wants(s) == 0, "and not without, here %u", stream_wants(s));
    s->wants_room = true;
    CHECK(stream_wants(s) == DESCRIPTOR_OUT, "room is watched for while it is "
          "wanted, here %u", stream_wants(s));
    s->unread_len = 0;
    CHECK(stream_wants(s) == (DESCRIPTOR_IN | DESCRIPTOR_OUT), "both at the "
          "same time, here %u", stream_wants(s));
    s->peer_ended = true;
    CHECK(stream_wants(s) == DESCRIPTOR_OUT, "after the peer's end nothing "
          "comes any more, here %u", stream_wants(s));
}
