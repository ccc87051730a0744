# SPDX-License-Identifier: MIT
"""Lab 13, the same server over the host's sockets.

The steps stand on host tests over a host that answers by a script
(unit/test_sockets_steps.c) and over the real one (test_sockets_*.c,
test_stream_contract.c, which lab 11's connections keep as well); the whole on
processes: `tcpecho` with clients that read late, reset and come in crowds, and
`web` with a browser.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from lodge.boots import Boots
from lodge.lab import Failed, Hint, Lab, Step
from lodge.machine import GuestSilent, Machine
from lodge.objects import Symbols
from lodge.page import serve_page

LAB = Lab(
    "13-retarget",
    "The same server elsewhere",
    app="web",
    target={"arch": "unix"},
    also=("tcpecho",),
    exercises={
        "13-retarget/sockets.c": Symbols(
            defines=(
                "listener_on_ready", "stream_begin", "stream_deliver", "stream_on_readable",
                "stream_resume", "stream_room", "stream_send", "stream_on_writable",
                "stream_close", "stream_abort", "stream_error", "stream_on_error",
                "stream_wants",
            ),
            may_use=(
                "accept4", "borrow", "borrow_possible", "close", "getsockopt",
                "listener_has_room", "listener_rest", "recv", "send", "setsockopt", "shutdown",
                "stream_finish", "stream_gone", "stream_hear", "stream_linger", "stream_make",
                "stream_see_to", "__errno_location",
            ),
            units=(
                "sockets_steps", "sockets", "sockets_open", "sockets_data", "sockets_end",
            ),
            hosted=True,
        )
    },
    steps=(
        Step(
            "13.1", "listener_on_ready",
            where="A loop with three ways out: nobody is left, there is no room, the host "
            "has nothing to give. And some answers that are no way out at all.",
            spec="accept(2): \"Error handling\" in its notes, and what its flags are for.",
            show='print("accept4: %d, errno %d\\n", fd, errno) for each.',
        ),
        Step(
            "13.2", "stream_begin",
            where="For each of the three ends (no struct, refused, taken): who closes fd?",
            spec="sockets.h: stream_make(), stream_hear(), and whose fd is when.",
            show='print("fd %d: %p\\n", fd, s).',
        ),
        Step(
            "13.3", "stream_deliver",
            where="A row of eight squares for unread[]. Let receive() take three of them.",
            spec="net/stream.h on receive() and end(). After each of the two ask who is "
            "still there.",
            show='print("%zu offered, %zu taken\\n", s->unread_len, taken).',
        ),
        Step(
            "13.4", "stream_on_readable",
            where="recv() has four kinds of answer. Write down all four, and what each "
            "means for the owner.",
            spec="recv(2): \"Return value\", and EAGAIN among its errors.",
            show='print("recv: %zd of %zu, errno %d\\n", n, room, errno).',
        ),
        Step(
            "13.5", "stream_resume",
            where="Lab 11 had the same function for the same reason.",
            spec="sockets.h on stream_see_to().",
            show="A line here and one in stream_deliver(): which comes first?",
        ),
        Step(
            "13.6", "stream_room",
            where="A list of all that can be the matter with a stream: which fields say so?",
            spec="sockets.h: STREAM_ROOM, and the comments in struct stream.",
            show='print("fd %d closed %d error %d wants %d\\n", ...).',
        ),
        Step(
            "13.7", "stream_send",
            where="A table with a row for each thing that send() may do (all, a part, "
            "nothing now, fail) and a column for each field that changes.",
            spec="send(2): MSG_NOSIGNAL, MSG_MORE, EAGAIN. signal(7) on what SIGPIPE does to "
            "who has not asked.",
            show='print("%zu offered, %zd sent, flags %x\\n", len, n, flags).',
        ),
        Step(
            "13.8", "stream_on_writable",
            where="The owner may call stream_send() inside writable(), and fall short again. "
            "Which of your lines must come first for that?",
            spec="net/stream.h on writable().",
            show='print("writable: wanted %d\\n", s->wants_room).',
        ),
        Step(
            "13.9", "stream_close",
            where="What may still come after our end, and who takes it?",
            spec="shutdown(2); [RFC 9293 §3.6.1] on closing with bytes unread.",
            show="ss -tn in another terminal: in which state is the connection?",
        ),
        Step(
            "13.10", "stream_abort",
            where="There is no call of the host's named reset. What makes a close one?",
            spec="socket(7): SO_LINGER.",
            show="tcpdump -i lo: does an R leave?",
        ),
        Step(
            "13.11", "stream_error",
            where="net/stream.h: the three numbers of error(), and what each tells the owner.",
            spec="tcp(7) and ip(7), \"Errors\"; errno(3).",
            show='print("errno %d is %d\\n", host, result).',
        ),
        Step(
            "13.12", "stream_on_error",
            where="Two sources for the reason, and two kinds of streams: a table of four.",
            spec="socket(7): SO_ERROR, and what asking for it does.",
            show='print("error %d, host %d, closed %d\\n", s->error, host, s->closed).',
        ),
        Step(
            "13.13", "stream_wants",
            where="descriptor.h says that readiness is told by level. What happens with what "
            "is ready, watched for, and not taken?",
            spec="epoll(7): level-triggered and edge-triggered.",
            show="strace -c on the process while nothing happens: how many epoll_wait()?",
        ),
    ),
    hints=(
        Hint(
            r"turns in circles",
            "Something is ready, is told, and nothing is done about it; so it is told "
            "again. What is watched for that nobody can take?",
        ),
        Hint(
            r"descriptors that were accepted are closed|is open, but descriptor",
            "A descriptor is left open on some path, or was closed twice.",
        ),
        Hint(
            r"is not called once the stream is closed",
            "Somebody was told something who had given the stream up.",
        ),
        Hint(
            r"SIGPIPE|signal 13",
            "The process was ended by a peer who had gone. A host can be told not to.",
        ),
    ),
)

# ---- 13.1 to 13.5 -----------------------------------------------------------


@LAB.check(
    "13.1 13.2", 10, "Steps 13.1 and 13.2",
    "All who wait are let in, and none more than there is room for",
    hints=[
        Hint(
            r"asked again: after errno|no trouble of the host|host has no trouble",
            "One who came to nothing has kept the others waiting: which answers are about "
            "one connection, and which about the host?",
        ),
        Hint(
            r"the listener rests",
            "The host has nothing left, and is asked again at once.",
        ),
        Hint(
            r"does not block|outlive",
            "A new descriptor has the wrong properties: one that blocks stops everybody.",
        ),
        Hint(
            r"the descriptor is closed|first words|heard before|let in|backlog|without room",
            "Count, for each who comes, what is opened, made, offered and closed.",
        ),
    ],
)  # fmt: skip
def test_open(unit):
    unit(
        "sockets_steps", "test_listener_on_ready", "test_stream_begin_closes",
        "test_stream_begin_hears",
    )  # fmt: skip


@LAB.check(
    "13.3", 8, "Step 13.3",
    "What is not taken is left, in front, and the end comes behind it",
    hints=[
        Hint(
            r"taken, in order|lie at the beginning|300 left",
            "Bytes are missing, twice there, or in another order.",
        ),
        Hint(
            r"nobody is called any more|nothing is unread|AddressSanitizer|SEGV",
            "The owner may close the stream inside receive(). What is then left to count?",
        ),
        Hint(
            r"end\(\) waits|then it is called|once, here",
            "The end is told once, behind the last byte.",
        ),
    ],
)  # fmt: skip
def test_deliver(unit):
    unit("sockets_steps", "test_stream_deliver")


@LAB.check(
    "13.4 13.5", 10, "Steps 13.4 and 13.5",
    "Bytes, the end, not now: each is what it is",
    rests_on=[test_deliver],
    hints=[
        Hint(
            r"neither an end nor an error",
            "\"Not now\" was taken for something final.",
        ),
        Hint(
            r"0 bytes are|not asked again|without room the host|called no more often",
            "After its end a peer says nothing more, and without room nobody can listen: the "
            "host was asked, or not understood.",
        ),
        Hint(
            r"all of unread|what is free of it|comes in order|40 are taken",
            "What comes goes behind what is there, into what is free.",
        ),
        Hint(
            r"calls nobody itself|leaves word",
            "stream_resume() may be called from inside receive().",
        ),
        Hint(
            r"nothing is kept|nobody is told|until the peer's end",
            "A closed stream has no owner, and still reads: why?",
        ),
    ],
)  # fmt: skip
def test_read(unit):
    unit("sockets_steps", "test_stream_on_readable", "test_stream_resume")


# ---- 13.6 to 13.8 -----------------------------------------------------------


@LAB.check(
    "13.6 13.7", 14, "Steps 13.6 and 13.7",
    "What the host takes is sent and borrowed, and no more is claimed",
    hints=[
        Hint(
            r"MSG_NOSIGNAL",
            "A peer that has gone can end this process. Who else has connections in it?",
        ),
        Hint(
            r"of 100 bytes 60|takes nothing now|returns -EAGAIN|here -?\d+$",
            "A part is not all, and not now is not never: what does stream_send() return, "
            "and what has it noted?",
        ),
        Hint(
            r"is owed|wants_room|the host is not asked|asked when",
            "Somebody waits for room, and nobody asks the host when there is some.",
        ),
        Hint(
            r"borrowed|remembered",
            "One release() for each send that took something, and none for the others.",
        ),
        Hint(
            r"MSG_MORE|waits for more|held|lets it go",
            "Full segments are made by waiting, but nothing may wait for what never comes.",
        ),
        Hint(
            r"stream_room\(\) is",
            "Something can be the matter with a stream that was not asked for.",
        ),
        Hint(
            r"given to one send|exactly as much",
            "How much is one stream's share of a round?",
        ),
    ],
)  # fmt: skip
def test_send(unit):
    unit("sockets_steps", "test_stream_room", "test_stream_send")


@LAB.check(
    "13.8", 6, "Step 13.8",
    "Who waits for room is told, and may fall short again",
    hints=[
        Hint(
            r"there is room again|once more",
            "Inside writable() the owner sends, and is told that there is no room: by what?",
        ),
        Hint(r"is not told|is told", "writable() answers one send that fell short."),
        Hint(
            r"SEGV|AddressSanitizer",
            "There may be no owner, or one without that function.",
        ),
    ],
)  # fmt: skip
def test_writable(unit):
    unit("sockets_steps", "test_stream_on_writable")


# ---- 13.9 to 13.13 ----------------------------------------------------------


@LAB.check(
    "13.9", 8, "Step 13.9",
    "A close ends our direction and lets the other come to its end",
    hints=[
        Hint(
            r"the descriptor stays|SHUT_WR",
            "The other direction was ended as well: what the peer has not read yet is lost "
            "when he sends one byte more.",
        ),
        Hint(
            r"nothing is unread|nobody is told",
            "A closed stream has no owner, nothing unread, no wishes.",
        ),
        Hint(
            r"gone at once",
            "There is nothing to shut where nobody is: what is it waiting for?",
        ),
    ],
)  # fmt: skip
def test_close(unit):
    unit("sockets_steps", "test_stream_close")


@LAB.check(
    "13.10", 6, "Step 13.10",
    "An abort is a reset, for who is refused as well",
    rests_on=[test_open],
    hints=[
        Hint(
            r"lingers for no time",
            "The peer got an end in good order, and was to get a reset.",
        ),
        Hint(
            r"is gone|closed twice|nobody is told",
            "Who closes the descriptor, and how often?",
        ),
        Hint(r"refused is reset", "accept() has said no, and the connection stays."),
    ],
)  # fmt: skip
def test_abort(unit):
    unit("sockets_steps", "test_stream_abort", "test_stream_begin_aborts")


@LAB.check(
    "13.11 13.12", 10, "Steps 13.11 and 13.12",
    "What fails is told once, by one of three names, when it is gone",
    rests_on=[test_read, test_send],
    hints=[
        Hint(
            r"the host's \d+ is our",
            "An errno has another name here than the contract says.",
        ),
        Hint(
            r"is kept",
            "The host tells of an error once, to whoever comes first. Where is it then?",
        ),
        Hint(
            r"not before the stream|called once|known already|host says why|all the same",
            "The owner hears of it once, with the reason, when there is no stream any more.",
        ),
        Hint(
            r"are no error|nobody is told",
            "A closed stream comes to its end, in good order or not: whose business is it?",
        ),
    ],
)  # fmt: skip
def test_error(unit):
    unit("sockets_steps", "test_stream_error", "test_an_error_of", "test_stream_on_error")


@LAB.check(
    "13.13", 6, "Step 13.13",
    "What can be taken and what is waited for is watched, nothing else",
    hints=[
        Hint(
            r"is watched for|while there is room|not without|same time|after the peer's end",
            "By level, what is ready is told again and again. Of what is that harmless, and "
            "of what not?",
        )
    ],
)  # fmt: skip
def test_wants(unit):
    unit("sockets_steps", "test_stream_wants")


# ---- All of it --------------------------------------------------------------


@LAB.check(
    "13", 8, "Check",
    "Over the host's real sockets: lab 11's contract, and bad days",
    rests_on=[test_open, test_writable, test_close, test_abort, test_error, test_wants],
    hints=[
        Hint(
            r"arrives? |arrive,|taken as|in order",
            "Bytes get lost, come twice or stand still between two functions that are right "
            "by themselves: which of them was to call the other?",
        ),
    ],
)  # fmt: skip
def test_contract(unit):
    unit("sockets", "test_")
    unit("sockets_open", "test_")
    unit("sockets_data", "test_")
    unit("sockets_end", "test_")


class Echo:
    """`tcpecho` as a process, and the clients that it is to have."""

    def __init__(self, guest: Machine, boot: Boots, numbers: random.Random) -> None:
        self.guest, self.boot, self.numbers = guest, boot, numbers
        self.port = guest.port(7)
        self.connections = self.bytes = 0

    @contextmanager
    def connect(self, buffer: int = 0) -> Iterator[socket.socket]:
        self.connections += 1
        with socket.socket() as s:
            if buffer:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            s.settimeout(self.guest.pace(5))
            try:
                s.connect(("127.0.0.1", self.port))
                yield s
            except OSError as error:
                self.guest.raise_if_dead("go on with a connection")
                raise GuestSilent(
                    f"The guest did not go on with a connection ({error}).", self.guest
                ) from error

    def take(self, s: socket.socket, data: bytes) -> None:
        came = bytearray()
        while len(came) < len(data) and (more := s.recv(len(data) - len(came))):
            came += more
        self.bytes += len(data)
        if came != data:
            raise Failed(
                f"{len(data)} bytes as they were sent", f"{len(came)} bytes, not these",
                self.boot.evidence(self.guest),
            )  # fmt: skip

    def end(self, s: socket.socket) -> None:
        s.shutdown(socket.SHUT_WR)
        if s.recv(1) != b"":
            raise Failed("an end in answer to ours", "more bytes", self.boot.evidence(self.guest))

    def both_ways(self) -> None:
        """Megabytes, sent while they come back."""
        data = self.numbers.randbytes(4 << 20)
        with self.connect() as s:
            sender = threading.Thread(target=s.sendall, args=(data,), daemon=True)
            sender.start()
            self.take(s, data)
            sender.join()
            self.end(s)

    def late_reader(self) -> None:
        """Who reads only when all is sent that anybody takes; others meanwhile."""
        data = self.numbers.randbytes(16 << 20)
        with self.connect(buffer=4096) as slow:
            slow.setblocking(False)
            sent = quiet = 0
            while quiet < 10:
                try:
                    sent += slow.send(data[sent : sent + 65536])
                    quiet = 0
                except BlockingIOError:
                    quiet += 1
                self.talk(500)
            slow.settimeout(self.guest.pace(10))
            self.take(slow, data[:sent])
            self.end(slow)

    def talk(self, size: int) -> None:
        data = self.numbers.randbytes(size)
        with self.connect() as s:
            s.sendall(data)
            self.take(s, data)
            self.end(s)

    def crowd(self) -> None:
        with ExitStack() as stack:
            there = [stack.enter_context(self.connect()) for _ in range(30)]
            texts = [self.numbers.randbytes(3000) for _ in there]
            for s, text in zip(there, texts):
                s.sendall(text)
            for s, text in zip(there, texts):
                self.take(s, text)

    def resets(self) -> None:
        for _ in range(10):
            with self.connect(buffer=4096) as s:
                s.sendall(bytes(50_000))
                s.recv(1000)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@LAB.check(
    "13", 8, "Check",
    "As a process: megabytes, late readers, crowds and resets",
    rests_on=[test_contract],
    hints=[
        Hint(
            r"at rest",
            "All connections are over, and one of them is still there, or its bytes are "
            "not all counted.",
        ),
        Hint(
            r"go on with|bytes, not these",
            "A connection stands still, or says other things than it heard.",
        ),
    ],
)  # fmt: skip
def test_echo(boot: Boots, rng: Callable[[str], random.Random]) -> None:
    with boot("tcpecho", "echo") as guest:
        guest.expect("^tcpecho: listening on port 7$")
        echo = Echo(guest, boot, rng("echo"))
        echo.both_ways()
        echo.late_reader()
        echo.crowd()
        rest = f"^tcpecho: at rest after {echo.connections} connections, "
        guest.expect(rest + f"{echo.bytes} bytes$", 10)
        echo.resets()
        echo.talk(1000)
        guest.expect(f"^tcpecho: at rest after {echo.connections} connections, ", 10)


@LAB.check(
    "13", 6, "Serve the page with it",
    "Your sockets carry the web page",
    rests_on=[test_echo],
    hints=[
        Hint(
            r"bytes of|other|did not answer",
            "An echo passes and a page does not: what does the server do that the echo "
            "does not?",
        )
    ],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng, machine="")
