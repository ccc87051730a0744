# SPDX-License-Identifier: MIT
"""Connections from outside: what is sent to tcpecho comes back, whoever is slow,
silent or gone."""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from lodge.machine import Machine, Pace
from lodge.peer import Station, Trouble, Wire
from lodge.peer_tcp import Client
from lodge.target import AARCH64, KINDS, Q35, TARGETS, UNIX_LWIP, Target

GUEST, ROUTER = "10.0.0.2", "10.0.0.1"
PORT = 7
MEBIBYTE = 1 << 20
Boot = Callable[..., Machine]


class Echo:
    """A guest that echoes, over QEMU's user network: sockets of this host lead
    to it."""

    def __init__(self, guest: Machine) -> None:
        self.guest = guest
        guest.expect("^tcpecho: listening on port 7$")
        if guest.kit.has_qemu:
            guest.expect(r"^net0: \d+\.\d+\.\d+\.\d+/\d+")
        self.port = guest.port(PORT)

    @contextmanager
    def connection(self, buffer: int = 0) -> Iterator[socket.socket]:
        with socket.socket() as s:
            if buffer:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            s.settimeout(self.guest.pace(20))
            s.connect(("127.0.0.1", self.port))
            yield s

    def rests(self) -> tuple[int, int]:
        """Waits until all is over and all memory home; how many connections
        and bytes there were by then. What was before doesn't count."""
        line = r"^tcpecho: at rest after (\d+) connections, (\d+) bytes$"
        found = self.guest.expect(line, 90, since=self.seen)
        self.begin()
        return int(found[1]), int(found[2])

    def begin(self) -> None:
        self.seen = len(self.guest.lines())


NET = {"NETDEV": f"user,hostfwd=tcp:127.0.0.1:0-:{PORT}"}


@pytest.fixture(scope="module", params=(*KINDS, UNIX_LWIP), ids=str)
def shared(
    request: pytest.FixtureRequest, build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """One guest a target for all tests that leave it as it was."""
    target: Target = request.param
    kit = target.kit(build)
    kit.build_app("tcpecho")
    settings = NET | target.variables
    folder = tmp_path_factory.mktemp(target.name)
    with Machine(kit, "tcpecho", folder, pace=Pace(4), **settings) as guest:
        yield guest


@pytest.fixture
def echo(shared: Machine) -> Echo:
    echo = Echo(shared)
    echo.begin()
    return echo


def take(s: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (more := s.recv(min(count - len(data), 1 << 16))):
        data += more
    return bytes(data)


def send_meanwhile(s: socket.socket, data: bytes) -> threading.Thread:
    """Sends from a thread of its own, and then says that this was all."""

    def run() -> None:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


# ---- Over sockets -----------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_what_is_sent_comes_back_on_every_target(target: Target, boot: Boot) -> None:
    echo = Echo(boot("tcpecho", target, **NET))
    echo.begin()
    with echo.connection() as s:
        for text in (b"h", b"hello localhost :)", bytes(range(256)) * 40):
            s.sendall(text)
            assert take(s, len(text)) == text
        s.shutdown(socket.SHUT_WR)
        assert s.recv(1) == b"", "the end is answered with the end"
    assert echo.rests()[0] == 1
    assert not [e for e in echo.guest.guest_errors() if "virtio" in e]


def test_megabytes_come_back_both_ways_at_once(echo: Echo) -> None:
    data = random.Random(1).randbytes(8 * MEBIBYTE)
    with echo.connection() as s:
        sender = send_meanwhile(s, data)
        assert take(s, len(data)) == data
        assert s.recv(1) == b""
        sender.join()
    echo.rests()


def test_a_reader_who_stops_gets_everything_when_he_goes_on(echo: Echo) -> None:
    """He does not read before all that fits between him and the sender is on
    its way; and others are served meanwhile."""
    data = random.Random(2).randbytes(16 * MEBIBYTE)
    with echo.connection(buffer=4096) as slow:
        slow.setblocking(False)
        sent = 0
        quiet = 0
        while quiet < 20:  # rounds of another's in which nothing more is taken
            try:
                sent += slow.send(data[sent : sent + 65536])
                quiet = 0
            except BlockingIOError:
                quiet += 1
            with echo.connection() as other:
                other.sendall(b"meanwhile")
                assert take(other, 9) == b"meanwhile"
        assert sent < len(data), "somebody has taken 16 MiB that nobody reads"
        slow.settimeout(echo.guest.pace(20))
        sender = send_meanwhile(slow, data[sent:])
        assert take(slow, len(data)) == data
        assert slow.recv(1) == b""
        sender.join()
    echo.rests()


def test_after_half_a_close_the_rest_still_comes(echo: Echo) -> None:
    data = random.Random(3).randbytes(300_000)
    with echo.connection() as s:
        sender = send_meanwhile(s, data)
        sender.join()  # all is sent and ended, nothing yet read
        assert take(s, len(data) + 1) == data
    echo.rests()


def test_a_reset_in_mid_stream_leaves_nothing(echo: Echo) -> None:
    for _ in range(20):
        with echo.connection(buffer=4096) as s:
            s.sendall(bytes(50_000))
            assert take(s, 1000)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with echo.connection() as s:
        s.sendall(b"still there?")
        assert take(s, 12) == b"still there?"
    echo.rests()


def test_many_connections_at_a_time_each_get_their_own(echo: Echo) -> None:
    with ExitStack() as stack:
        open_ones = []
        for _ in range(30):
            open_ones.append(stack.enter_context(echo.connection()))
            # QEMU queues but one that connects: this one has come through.
            open_ones[-1].sendall(b"?")
            assert take(open_ones[-1], 1) == b"?"
        for round_ in range(2):
            texts = [random.Random(f"{round_} {i}").randbytes(9000) for i in range(30)]
            for s, text in zip(open_ones, texts, strict=True):
                s.sendall(text)
            for s, text in zip(open_ones, texts, strict=True):
                assert take(s, len(text)) == text
    echo.rests()


def test_more_connections_than_there_may_be_have_their_turn(echo: Echo) -> None:
    for i in range(150):
        with echo.connection() as s:
            s.sendall(b"%d" % i)
            assert take(s, len(str(i))) == b"%d" % i
    echo.rests()


def test_nothing_is_left_after_all_of_these(echo: Echo) -> None:
    """The guest says that it is at rest only when each pool of the network is
    as full as before the first connection."""
    with echo.connection() as s:
        s.sendall(b"last")
        assert take(s, 4) == b"last"
    connections, size = echo.rests()
    ends = re.findall(r"^tcpecho: (\d+) bytes, ", echo.guest.lines(), re.M)
    assert (len(ends), sum(map(int, ends))) == (connections, size)


# ---- Over a cable -----------------------------------------------------------


@pytest.fixture(scope="module", params=(Q35, AARCH64, UNIX_LWIP), ids=str)
def cable(
    request: pytest.FixtureRequest, build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Station]:
    target: Target = request.param
    kit = target.kit(build)
    kit.build_app("tcpecho")
    wire = Wire()
    try:
        with Machine(
            kit, "tcpecho", tmp_path_factory.mktemp("cable"), pace=Pace(4),
            APPEND=f"ip={GUEST}/24 gw={ROUTER}", **wire.variables(), **target.variables,
        ) as guest:  # fmt: skip
            wire.plug(guest).expect("^tcpecho: listening")
            yield Station(wire, "02:00:00:00:00:01", ROUTER)
            assert wire.wrong == []
    finally:
        wire.close()


def connect(router: Station, **more: int) -> Client:
    return Client(router, ROUTER, GUEST, PORT, **more).open()


def wait_bytes(client: Client, count: int, seconds: float = 10) -> bytes:
    client.wire.wait(
        f"send {count} bytes", lambda: len(client.received) >= count or client.reset, seconds
    )
    return bytes(client.received)


def end_well(client: Client) -> None:
    client.fin()
    client.wait_end()
    assert client.ended and not client.reset


def test_the_window_of_a_peer_who_takes_nothing_shuts_and_opens_again(cable: Station) -> None:
    client = connect(cable)
    client.window, client.keep = 0, 1 << 20
    client.acknowledge()
    data = random.Random(4).randbytes(400_000)
    sent = 0

    def shut() -> bool:
        return bool(client.segments) and client.segments[-1].window << 4 < client.mss

    while not shut() and sent < len(data):
        client.send(data[sent : sent + 10 * client.mss])
        sent += 10 * client.mss
        expected = client.seq
        cable.wire.wait(
            "acknowledge what it has room for",
            lambda at=expected: shut() or client.segments[-1].ack == at,
        )
    assert shut() and sent < 300_000, f"{sent} bytes were taken of a peer who takes none"
    assert len(client.received) <= client.mss + 1, "more than what was on its way, and a probe"
    client.window = MEBIBYTE
    client.acknowledge()
    wait_bytes(client, sent, 30)
    assert bytes(client.received) == data[:sent]
    assert client.segments[-1].window << 4 > 100_000, "the window is open again"
    end_well(client)


def test_after_the_peer_s_end_the_last_byte_comes_and_then_the_guest_s_end(
    cable: Station,
) -> None:
    data = random.Random(5).randbytes(9000)
    client = connect(cable)
    client.send(data)
    client.fin()
    assert client.wait_end() == data
    assert client.ended and not client.reset


def test_bytes_come_back_through_a_bad_cable(cable: Station) -> None:
    data = random.Random(6).randbytes(60_000)
    cable.wire.trouble = Trouble(loss=0.05, twice=0.05, late=0.05)
    try:
        client = connect(cable)
        for i in range(0, len(data), 6000):
            client.send(data[i : i + 6000])
            wait_bytes(client, i + 6000, 30)
        assert bytes(client.received) == data
    finally:
        cable.wire.trouble = None
    end_well(client)


def test_who_falls_silent_in_mid_stream_holds_nobody_up(cable: Station) -> None:
    silent = [connect(cable) for _ in range(8)]
    for client in silent:
        client.acks = False
        client.send(bytes(20_000))
    client = connect(cable)
    client.send(b"and me?")
    assert wait_bytes(client, 7) == b"and me?"
    end_well(client)
    for client in silent:
        client.acks = True
        client.acknowledge()
        wait_bytes(client, 20_000, 30)
        assert bytes(client.received) == bytes(20_000)
        end_well(client)


def test_a_reset_is_believed_and_the_memory_comes_home(cable: Station) -> None:
    assert cable.wire.guest
    since = len(cable.wire.guest.lines())
    for i in range(10):
        client = connect(cable)
        client.acks = i % 2 == 0
        client.send(bytes(30_000))
        wait_bytes(client, 1)
        # Its number must be the next one, which all bytes before have to have
        # come for [RFC 9293 §3.10.7.4].
        cable.wire.wait(
            "acknowledge what came", lambda c=client: not c._unacked or not c.acks
        )
        client.rst()
    cable.wire.guest.expect("^tcpecho: at rest", 90, since=since)
