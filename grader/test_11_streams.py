# SPDX-License-Identifier: MIT
"""Lab 11, connections.

The steps stand on host tests with the real lwIP between the student's file and
a peer that does what a test tells it (unit/test_stream_*.c); the whole on a
cable to `tcpecho`, at whose other end are clients that cut oddly, read late,
fall silent, reset, and come in crowds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from lodge.boots import Boots
from lodge.lab import Hint, Lab, Step
from lodge.lan import Lan
from lodge.machine import Machine
from lodge.objects import Symbols
from lodge.page import serve_page
from lodge.peer_tcp import Client

LAB = Lab(
    "11-streams",
    "Connections",
    app="tcpecho",
    exercises={
        "11-streams/stream.c": Symbols(
            defines=(
                "stream_listen", "stream_on_accept", "stream_deliver", "stream_on_receive",
                "stream_resume", "stream_room", "stream_send", "stream_on_sent",
                "stream_close", "stream_abort", "stream_on_poll", "stream_on_error",
            ),
            may_use=(
                "borrow", "borrow_possible", "borrowed_return", "borrowed_return_all",
                "ip_addr_any", "listener_find_free", "listener_has_room", "stream_consume",
                "stream_context", "stream_detach", "stream_discard", "stream_finish",
                "stream_left", "stream_make", "stream_see_to", "stream_share", "stream_write",
                "pbuf_cat", "pbuf_free", "tcp_abort", "tcp_accept", "tcp_arg", "tcp_bind",
                "tcp_close", "tcp_listen_with_backlog", "tcp_listen_with_backlog_and_err",
                "tcp_new", "tcp_new_ip_type", "tcp_output", "tcp_recved", "tcp_shutdown",
            ),
            units=(
                "stream_steps_in", "stream_steps_out", "stream_contract", "stream_open",
                "stream_send", "stream_receive", "stream_close", "stream_error",
                "stream_window", "stream_weather",
            ),
        )
    },
    steps=(
        Step(
            "11.1", "stream_listen",
            where="Four calls of lwIP's, in a row. For each: what does it return when it "
            "fails, and what exists by then that nobody else will free?",
            spec="lwip/tcp.h: tcp_new(), tcp_bind(), tcp_listen(), and what becomes of the "
            "pcb that is handed to the third. [RFC 9293 §3.9.1.1] is OPEN, passive.",
            show='print("%p bound, %p listens\\n", pcb, listening).',
        ),
        Step(
            "11.2", "stream_on_accept",
            where="The sentence above stream_on_accept() in streams.h lists three results. "
            "Which of them does lwIP answer by aborting the pcb itself?",
            spec="lwip/tcp.h, above tcp_accept_fn; streams.h on what stands around whatever "
            "may call the owner.",
            show='print("accept %p, error %d\\n", pcb, err), and what is returned.',
        ),
        Step(
            "11.3", "stream_deliver",
            where="After each call of the owner's, write down what may have happened to "
            "`s` in it: all that net/stream.h allows a callback to do.",
            spec="lwip/tcp.h: tcp_recved(). [RFC 9293 §3.8.6]: what a window is, and who "
            "opens it; §3.8.6.2.2: when lwIP says so.",
            show='print("%zu offered, %zu taken, window %u\\n", len, taken, '
            "s->pcb->rcv_wnd).",
        ),
        Step(
            "11.4", "stream_on_receive",
            where="Two questions, each with two answers: is there a pbuf? Has the stream "
            "been closed by us? Fill in all four fields.",
            spec="lwip/tcp.h, above tcp_recv_fn: what NULL means. [RFC 9293 §3.10.7.4], "
            "\"Eighth, check the FIN bit\".",
            show='print("%p, %u bytes, closed %d\\n", p, p ? p->tot_len : 0, s->closed).',
        ),
        Step(
            "11.5", "stream_resume",
            where="The picture of back-pressure: who is on the stack when the owner calls "
            "this from inside receive()?",
            spec="net/stream.h on stream_resume(); streams.h on stream_see_to().",
            show="A line in stream_resume(), and one in stream_deliver(): which is first?",
        ),
        Step(
            "11.6", "stream_room",
            where="Three limits. Which of them are bytes, and which is not? What is each, "
            "with nothing under way?",
            spec="lwip/tcp.h: struct tcp_pcb's snd_buf and its comment, tcp_sndbuf(), "
            "tcp_sndqueuelen(); lwipopts.h on TCP_SND_BUF.",
            show='print("%u bytes, %u pbufs of %d, share %zu\\n", ...) while a large file '
            "is on its way.",
        ),
        Step(
            "11.7", "stream_send",
            where="The picture of the send buffer. Which of its marks moves in this "
            "function, and by how much when only a part was taken?",
            spec="streams.h on stream_write() and borrow(); net/stream.h on what is "
            "returned. [RFC 9293 §3.9.1.2] is SEND, with the PUSH flag.",
            show='print("%zu offered, %zu room, %zu taken\\n", len, room, taken) at the end.',
        ),
        Step(
            "11.8", "stream_on_sent",
            where="The same picture: which mark moves here? And who may wait for that?",
            spec="lwip/tcp.h, above tcp_sent_fn; TCP_SNDLOWAT in lwipopts.h. "
            "[RFC 9293 §3.4]: what an acknowledgement says.",
            show='print("%u more, %llu of %llu\\n", len, s->acknowledged, s->accepted).',
        ),
        Step(
            "11.9", "stream_close",
            where="The picture of a connection's life, from `open` to the right. Which of "
            "the two directions is ours to end, and what may still come in the other?",
            spec="[RFC 9293 §3.6]: closing, and its case of unread data in §3.6.1. "
            "lwip/tcp.h: tcp_shutdown() with its two flags.",
            show='print("unread %p, window %u\\n", s->unread, s->pcb->rcv_wnd) before the '
            "FIN: what would lwIP think of a window that is not wide open?",
        ),
        Step(
            "11.10", "stream_abort",
            where="tcp_abort() calls on_error, which would tell the owner of his own deed. "
            "What has lwIP to forget first?",
            spec="lwip/tcp.h, above tcp_err_fn and, on ERR_ABRT, above each of the others; "
            "streams.h on stream_detach().",
            show='print("busy %u, pcb %p\\n", s->busy, s->pcb) on entry.',
        ),
        Step(
            "11.11", "stream_on_poll",
            where="A list of ways in which a connection can stand still for ever, with "
            "nobody left who would move it. The text in the stub has three.",
            spec="[RFC 9293 §3.6], figure 12, and there FIN-WAIT-2; streams.h: STREAM_LINGER "
            "and STREAM_PATIENCE are in polls, of half a second.",
            show='print("state %d, quiet %u, wants room %d\\n", ...).',
        ),
        Step(
            "11.12", "stream_on_error",
            where="What of `s` may still be touched when this is called, and what by the "
            "owner once he has been told?",
            spec="lwip/tcp.h, above tcp_err_fn: the @note. net/stream.h: the three errors.",
            show='print("error %d, owner %p\\n", err, s->events).',
        ),
    ),
    hints=(
        Hint(
            r"is not called once the stream is closed",
            "Somebody was told something who had given the stream up. Which invariant of "
            "struct stream says that nobody is to be told?",
        ),
        Hint(
            r"AddressSanitizer: heap-use-after-free",
            "A pcb, a pbuf or a stream was used after it had gone. The report's second "
            "stack says in whose call it went; after that call, what may be touched?",
        ),
        Hint(
            r"each stream_enter\(\) has",
            "A way out of a function goes past stream_leave(): the stream is never freed.",
        ),
        Hint(
            r"parts? .*given back|all that was borrowed|of pool \"borrowed\"|each release\(\)",
            "What was lent does not come back, or comes back twice. Compare what was "
            "counted as accepted with what is counted as acknowledged.",
        ),
        Hint(
            r"no stream is left|of pool \"streams\"",
            "A stream stays for ever: nobody is waiting for anything of it any more, and "
            "nobody says so.",
        ),
    ),
)

# ---- 11.1 and 11.2 ----------------------------------------------------------


@LAB.check(
    "11.1 11.2", 8, "Steps 11.1 and 11.2",
    "Who calls is answered, and offered to the owner once",
    hints=[
        Hint(
            r"no pcb is left over|ports are listened on|still free, here",
            "A pcb is left over after a failure, with nobody who knows of it; the port "
            "stays taken, too.",
        ),
        Hint(
            r"the pcb that listens|argument is the struct listener",
            "tcp_listen() gives another, smaller pcb back, and has freed the one that it "
            "was given. Which of the two do you go on with?",
        ),
        Hint(
            r"returns -EBUSY|returns -ENOMEM|is refused with",
            "The contract above stream_listen() has two errors. What did lwIP say, and "
            "which of the two is that?",
        ),
        Hint(
            r"stream_on_accept\(\)|answered by one SYN|knows whom to ask|its backlog",
            "lwIP, or the struct listener, was not told everything about whom to call.",
        ),
        Hint(
            r"without a pcb|lwIP hears|without a stream",
            "lwIP also calls when it has failed. And when we fail it goes by what we "
            "return: who aborts the connection then?",
        ),
    ],
)  # fmt: skip
def test_accept(unit):
    unit("stream_steps_in", "test_stream_listen", "test_stream_on_accept")


# ---- 11.3 to 11.5 -----------------------------------------------------------

WINDOW = Hint(
    r"the window opens by|the window's edge|window is open again|opened again",
    "The peer may send as far as the window reaches. It opens by what was taken: if by "
    "less, it shuts for ever one day; if by more, there is more to keep than there is room.",
)


@LAB.check(
    "11.3", 10, "Step 11.3", "What came is offered until it is taken, and opens the window",
    rests_on=[test_accept],
    hints=[
        WINDOW,
        Hint(
            r"AddressSanitizer|SEGV|panic|nobody is called any more",
            "The owner may close or abort the stream inside receive(). What is left of it "
            "when he returns?",
        ),
        Hint(
            r"took less than|takes nothing is called once",
            "Who has just said that he can take no more is asked again and again.",
        ),
        Hint(
            r"has taken \d+ bytes",
            "Bytes are missing, twice there, or in another order. What of the first pbuf "
            "is left when receive() has taken a part of it?",
        ),
        Hint(
            r"end\(\) waits|then it is called|once, here|told later|without an owner",
            "The peer's end is told behind its last byte, once, and to who wants to know.",
        ),
    ],
)  # fmt: skip
def test_deliver(unit):
    unit("stream_steps_in", "test_stream_deliver")


@LAB.check(
    "11.4 11.5", 8, "Steps 11.4 and 11.5",
    "What is not taken waits, in order, and is offered again",
    rests_on=[test_deliver],
    hints=[
        WINDOW,
        Hint(
            r"calls nobody itself",
            "Whoever calls stream_resume() may be in the middle of receive(): he would be "
            "called while he is calling.",
        ),
        Hint(
            r"next round|ten by ten|offered again unasked",
            "What was left is not offered again, or without end. Who runs stream_deliver() "
            "after a stream_resume(), and how does he know that he is to?",
        ),
        Hint(
            r"end\(\)",
            "After its last byte the peer's end is told, once: how does it come to you?",
        ),
        Hint(
            r"are received as|comes before what is new|then end\(\)",
            "Bytes are missing or in another order: what is there to be taken when a pbuf "
            "comes and the one before is still unread?",
        ),
    ],
)  # fmt: skip
def test_receive(unit):
    unit("stream_steps_in", "test_stream_on_receive", "test_stream_resume")


# ---- 11.6 to 11.8 -----------------------------------------------------------


@LAB.check(
    "11.6 11.7", 12, "Steps 11.6 and 11.7",
    "As much is queued as there is room for, and borrowed once",
    rests_on=[test_accept],
    hints=[
        Hint(
            r"stream_room\(\) is",
            "Of the three limits one was passed over, or read in another unit or width "
            "than it has.",
        ),
        Hint(
            r"as much is taken as|takes \d+ bytes while",
            "Less was taken than there was room for, or more. One stream_write() takes so "
            "much at most: and then?",
        ),
        Hint(
            r"few are taken|without a TCP_SEG",
            "ERR_MEM means that this many did not go just now. It is no error of the "
            "connection's, and no reason to tell the owner that all went.",
        ),
        Hint(
            r"is to hear of room|does not wait for room|writable\(\) is owed",
            "Who must be told when there is room again? He who got less than he wanted, "
            "and no one else.",
        ),
        Hint(
            r"accepted is|were accepted",
            "What was counted is not what lwIP has taken. Everything that is borrowed is "
            "measured by that count.",
        ),
        Hint(
            r"borrows one piece|can't be remembered|borrows nothing",
            "One call of stream_send(), one release(): and for what can't be remembered "
            "there would never be one.",
        ),
        Hint(
            r"sends nothing itself|leave in one segment",
            "Pieces that are sent one after the other could have left together, had "
            "nobody been in a hurry.",
        ),
        Hint(
            r"has PSH|has not, here",
            "`more` says whether the last byte of this call is the last for now. To which "
            "of your stream_write()s does that apply?",
        ),
    ],
)  # fmt: skip
def test_send(unit):
    unit("stream_steps_out", "test_stream_room", "test_stream_send")


@LAB.check(
    "11.8", 10, "Step 11.8", "What is acknowledged goes back, and who waits hears of room",
    rests_on=[test_receive, test_send],
    hints=[
        Hint(
            r"pieces are released|acknowledged is",
            "Memory goes back too early, too late or never. What has the peer said with "
            "this acknowledgement, and what had it said before?",
        ),
        Hint(
            r"not worth a word",
            "The owner is woken for a few bytes, again and again, and makes segments of a "
            "few bytes.",
        ),
        Hint(
            r"writable\(\) comes|only once while|writable\(\) is for",
            "writable() answers one stream_send() that fell short: not none, not two.",
        ),
        Hint(
            r"all of 3 MiB",
            "A stream stands still in the middle: the owner waits for room, and there is "
            "room. Who was to tell him?",
        ),
    ],
)  # fmt: skip
def test_sent(unit):
    unit("stream_steps_out", "test_stream_on_sent")


# ---- 11.9 to 11.12 ----------------------------------------------------------

@LAB.check(
    "11.9", 10, "Step 11.9", "A closed stream ends in good order, behind its last byte",
    rests_on=[test_sent],
    hints=[
        Hint(
            r"is as open as",
            "What was thrown away was never read by anybody, and the window does not know "
            "it yet: the peer has more to say, and may not.",
        ),
        Hint(
            r"AddressSanitizer|released once|are released",
            "The owner had his memory back while lwIP might still send it, for the first "
            "time or again. Until when does a closed stream need its pcb?",
        ),
        Hint(
            r"not with a RST|not a RST|and not reset",
            "The peer was reset, and a reset destroys what it has not read yet: our last "
            "words too. lwIP resets whom it owes bytes that nobody took.",
        ),
        Hint(
            r"gets a FIN|ends with a FIN|sends a FIN",
            "The peer never hears that this was all, and waits.",
        ),
        Hint(
            r"arrive before the FIN|last words arrive",
            "The end came before the last byte did.",
        ),
    ],
)  # fmt: skip
def test_close(unit):
    unit(
        "stream_contract", "test_close_sends", "test_accept_may_send", "test_receive_may_close"
    )
    unit("stream_close", "test_close_with_unread")


ABORTS = (
    "test_a_refused_connection", "test_accept_may_abort", "test_receive_may_abort",
    "test_abort_between", "test_end_may_abort",
)  # fmt: skip


@LAB.check(
    "11.10", 10, "Step 11.10", "An aborted stream is gone at once, in whatever callback",
    rests_on=[test_close],
    hints=[
        Hint(
            r"AddressSanitizer|panic|SEGV|inside hears ERR_ABRT",
            "lwIP went on with a pcb that had been aborted in one of its own callbacks. By "
            "what does it know?",
        ),
        Hint(
            r"is reset|sends a RST",
            "The peer was not told at once that the connection is no more.",
        ),
        Hint(
            r"from inside a call",
            "release() comes from the event loop: the card may still be reading.",
        ),
    ],
)  # fmt: skip
def test_abort(unit):
    unit("stream_error", "test_abort_resets")
    unit("stream_contract", *ABORTS)


@LAB.check(
    "11.11 11.12", 10, "Steps 11.11 and 11.12",
    "Who falls silent, resets or never ends is not waited for",
    rests_on=[test_abort],
    hints=[
        Hint(
            r"in error\(\) the stream still",
            "The owner is told while the stream still looks alive, and what he calls next "
            "goes by that. What must hold of a struct stream before anybody else is "
            "called?",
        ),
        Hint(
            r"is waited for, as it has",
            "A peer that has everything was given no time to say its own end. What counts "
            "the polls, and with what is the count compared?",
        ),
        Hint(
            r"comes by itself",
            "The owner waits for room, nothing of his is under way, so nothing can be "
            "acknowledged: who is left to tell him?",
        ),
        Hint(
            r"gone, and nobody was reset|whose window stays shut|goes on sending|"
            r"a segment every ten seconds|a closed stream should be (there for|gone after)",
            "A closed stream was given up too early, or is kept for ever. Between the two "
            "lie STREAM_LINGER and STREAM_PATIENCE, and what counts as progress.",
        ),
        Hint(
            r"one error\(\)|error\(\) is called|error\(\) has come|has no error",
            "The owner hears once that his stream is gone, and why; unless he has given it "
            "up himself.",
        ),
        Hint(
            r"AddressSanitizer|SEGV|is given back, here 0",
            "When lwIP says that there was an error the pcb is gone: who still touches "
            "it, or goes on as if it were there?",
        ),
    ],
)  # fmt: skip
def test_silence(unit):
    unit("stream_send", "test_writable_comes")
    unit(
        "stream_contract", "test_a_peer_that_never", "test_a_silent_peer", "test_what_comes_after",
        "test_writable_may", "test_after_the_peers_end", "test_end_may_close", "test_a_reset",
        "test_a_stream_without",
    )  # fmt: skip
    unit("stream_close", "test_a_", "test_both_close")
    unit("stream_error", "test_a")


# ---- All of it --------------------------------------------------------------


@LAB.check(
    "11", 4, "Check", "Bad weather: what gets lost, empty pools, shut windows, strangers",
    rests_on=[test_silence],
    hints=[
        Hint(
            r"pools that fail|delays and loses nothing",
            "A pool was empty for a moment, and something was lost for good by it.",
        ),
        Hint(
            r"shut|window",
            "A peer may keep its window shut for as long as it likes, and nothing of ours "
            "may get lost or be given up meanwhile.",
        ),
    ],
)  # fmt: skip
def test_weather(unit):
    unit("stream_open", "test_beyond", "test_without_memory")
    unit(
        "stream_send", "test_nothing_is_copied", "test_release_comes", "test_an_empty_pool",
        "test_a_full_card", "test_pieces_of_a_byte",
    )  # fmt: skip
    unit("stream_window", "test_a_peer_with", "test_a_shut_window_outlasts_pools")
    unit("stream_receive", "test_a_window_full", "test_the_window_opens")
    unit("stream_weather", "test_what_gets_lost", "test_pools_that", "test_no_segment")


class Echo:
    """A guest that echoes, on a cable; and what it has been sent so far."""

    def __init__(self, lan: Lan, guest: Machine, numbers: random.Random) -> None:
        self.lan, self.guest, self.numbers = lan, guest, numbers
        self.connections = self.bytes = 0

    def connect(self, **more: int) -> Client:
        self.connections += 1
        lan = self.lan
        return Client(lan.router, lan.router_ip, lan.guest_ip, 7, **more).open()

    def send(self, client: Client, data: bytes, end: bool = False) -> None:
        self.bytes += len(data)
        client.send(data, end)

    def comes_back(self, client: Client, data: bytes) -> None:
        client.wait_for(
            f"send {len(data)} bytes back", lambda: len(client.received) >= len(data)
        )
        if bytes(client.received) != data:
            same = next(i for i, (a, b) in enumerate(zip(client.received, data)) if a != b)
            self.lan.fail(f"{len(data)} bytes as they were sent", f"others from {same} on")

    def end(self, client: Client, data: bytes) -> None:
        """We say that this was all; after the last byte the guest does."""
        client.fin()
        client.wait_end()
        if client.reset or bytes(client.received) != data:
            self.lan.fail(
                f"the last of {len(data)} bytes and then an end in good order",
                f"{len(client.received)} bytes and " + ("a reset" if client.reset else "an end"),
            )

    def talk(self, size: int) -> None:
        """A whole connection, if only for a few words."""
        data = self.numbers.randbytes(size)
        client = self.connect()
        self.send(client, data)
        self.comes_back(client, data)
        self.end(client, data)


@pytest.fixture(scope="module")
def echo(boot: Boots, rng: Callable[[str], random.Random]) -> Iterator[Echo]:
    """One guest for both checks."""
    numbers = rng("echo")
    with Lan(boot, numbers) as lan:
        with lan.boot("tcpecho", "echo", APPEND=lan.fixed) as guest:
            guest.expect("^tcpecho: listening on port 7$")
            yield Echo(lan, guest, numbers)


@LAB.check(
    "11", 8, "Check", "On a cable: what is sent comes back, however it was cut",
    rests_on=[test_close, test_silence],
    hints=[
        Hint(
            r"did not send \d+ bytes back",
            "How many came back? The capture has every segment: look for the last one, and "
            "at the window and the acknowledgement in it.",
        ),
        Hint(r"others from|makes no sense", "Bytes came back that are not those that went."),
        Hint(
            r"an end in good order",
            "After the peer's end all is sent that is queued, and then ours: by a FIN, "
            "behind the last byte.",
        ),
    ],
)  # fmt: skip
def test_echo(echo):
    clients = [echo.connect(mss=echo.numbers.randrange(300, 1461)) for _ in range(6)]
    texts = [echo.numbers.randbytes(echo.numbers.randrange(20_000, 40_000)) for _ in clients]
    left = dict(enumerate(texts))
    while left:  # a little of one, a little of another, never twice the same cut
        i = echo.numbers.choice(sorted(left))
        cut = echo.numbers.randrange(1, 4000)
        echo.send(clients[i], left[i][:cut])
        left[i] = left[i][cut:]
        if not left[i]:
            del left[i]
    for client, text in zip(clients, texts):
        echo.comes_back(client, text)
        echo.end(client, text)
    echo.lan.check_sense()


def shut_and_open(echo: Echo) -> None:
    """A peer that reads nothing for as long as the guest takes anything. Others
    are served meanwhile; then it reads."""
    client = echo.connect()
    client.window, client.keep = 0, 1 << 20
    client.acknowledge()
    data = echo.numbers.randbytes(400_000)
    sent = 0

    def shut() -> bool:
        return bool(client.segments) and client.segments[-1].window << 4 < client.mss

    while not shut():
        if sent >= 320_000:
            echo.lan.fail(
                "a window that shuts, as nobody takes what is echoed",
                f"{sent} bytes that were taken",
            )
        echo.send(client, data[sent : sent + 10 * client.mss])
        sent += 10 * client.mss
        client.wait_for(
            "acknowledge what it has room for",
            lambda at=client.seq: shut() or client.segments[-1].ack == at,
        )
    echo.talk(5000)
    client.window = 1 << 20
    client.acknowledge()
    echo.comes_back(client, data[:sent])
    echo.end(client, data[:sent])


def silence(echo: Echo) -> None:
    """Peers that acknowledge nothing for a while, and one that does."""
    silent = [echo.connect() for _ in range(4)]
    data = echo.numbers.randbytes(9000)
    for client in silent:
        client.acks = False
        echo.send(client, data)
    echo.talk(3000)
    for client in silent:
        client.acks = True
        client.acknowledge()
        echo.comes_back(client, data)
        echo.end(client, data)


def resets(echo: Echo) -> None:
    """In mid-stream: of what comes back a part is never acknowledged."""
    for _ in range(8):
        client = echo.connect()
        client.acks = False
        echo.send(client, echo.numbers.randbytes(echo.numbers.randrange(2000, 8000)))
        client.wait_for("send something back", lambda: len(client.received) > 0)
        client.wait_acknowledged()
        client.rst()


@LAB.check(
    "11", 4, "Check", "On a cable: late readers, resets and crowds, and all comes home",
    rests_on=[test_echo],
    hints=[
        Hint(
            r"a window that shuts",
            "What nobody takes must not be taken from the peer either: the window shuts "
            "because it is not opened.",
        ),
        Hint(
            r"tcpecho: at rest",
            "All connections are over, but something of them is not: a stream, a pcb, a "
            "pbuf, or what was borrowed. The serial log's last lines say how many bytes "
            "each had.",
        ),
        Hint(
            r"did not send \d+ bytes back|acknowledge what",
            "One connection stands still. What is its owner waiting for, and who was to "
            "tell him?",
        ),
        Hint(
            r"answer a SYN",
            "New connections find no place: are the old ones gone?",
        ),
    ],
)  # fmt: skip
def test_peers(echo):
    shut_and_open(echo)
    silence(echo)
    resets(echo)
    for _ in range(40):  # more than there may be at a time
        echo.talk(echo.numbers.randrange(1, 3000))
    echo.guest.expect(
        f"^tcpecho: at rest after {echo.connections} connections, {echo.bytes} bytes$", 10
    )
    echo.lan.check_sense()


@LAB.check(
    "11", 6, "Serve the page with it", "Your connections carry the web page",
    rests_on=[test_echo],
    hints=[
        Hint(
            r"bytes of|other|did not answer",
            "An echo is small, a file is larger than any window: partial sends, and what "
            "comes after them.",
        )
    ],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
