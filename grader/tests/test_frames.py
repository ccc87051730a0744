# SPDX-License-Identifier: MIT
"""Frames on the wire: sniff tells what comes and answers ARP, ping asks and is
asked, and nothing that is malformed does any harm."""

from __future__ import annotations

import random
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lodge.ethernet import (
    ACK, ARP, ARP_REPLY, BROADCAST, ECHO_REPLY, ECHO_REQUEST, ICMP, IPV4, SYN, TCP, UDP, Arp,
    Echo, Ethernet, IPv4, Segment, Udp,
)  # fmt: skip
from lodge.kit import Kit
from lodge.machine import DONE, Machine
from lodge.mangle import Mangler
from lodge.peer import Station, Wire
from lodge.peer_tcp import Client

MACHINES = ["q35", "pc", "microvm"]
GUEST, ROUTER, STRANGER = "10.0.0.2", "10.0.0.1", "10.0.0.66"
ROUTER_MAC, STRANGER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:66"
FIXED = f"ip={GUEST}/24 gw={ROUTER}"
Boot = Callable[..., Machine]


@contextmanager
def on_a_wire(boot: Boot, app: str, **variables: str) -> Iterator[tuple[Machine, Station]]:
    """The guest and a router on its cable."""
    wire = Wire()
    try:
        variables.setdefault("APPEND", FIXED)
        guest = wire.plug(boot(app, **wire.variables(), **variables))
        yield guest, Station(wire, ROUTER_MAC, ROUTER)
        assert wire.wrong == []
    finally:
        wire.close()


def check_of(frames: list[bytes]) -> int:
    """What sniff's last line must say of them."""
    check = 0
    for frame in frames:
        for byte in frame:
            check = (check * 31 + byte) & 0xFFFFFFFF
    return check


def total(frames: list[bytes], answered: int) -> str:
    size = sum(map(len, frames))
    return f"sniff: {len(frames)} frames, {size} bytes, {answered} answered, check {check_of(frames)}"


# ---- sniff ------------------------------------------------------------------


def arp_request(target: str) -> bytes:
    question = Arp(1, ROUTER_MAC, ROUTER, "00:00:00:00:00:00", target)
    return Ethernet(BROADCAST, ROUTER_MAC, ARP, question.pack()).pack()


@pytest.mark.parametrize("machine", MACHINES)
def test_each_frame_has_a_line_and_who_asks_for_our_address_is_answered(
    machine: str, boot: Boot
) -> None:
    datagram = Udp(68, 67, b"x").pack(ROUTER, GUEST)
    segment = Segment(40000, 80, 1, 0, SYN, 100).pack(ROUTER, GUEST)
    echo = Echo(ECHO_REQUEST, 1, 1, b"")
    to, of = "52:54:00:12:34:56", ROUTER_MAC
    told = [
        (arp_request("10.0.0.9"), f"{of} > {BROADCAST}, 42 bytes, ARP who has 10.0.0.9? tell {ROUTER}"),
        (arp_request(GUEST), f"{of} > {BROADCAST}, 42 bytes, ARP who has {GUEST}? tell {ROUTER}"),
        (Ethernet(to, of, IPV4, IPv4(ROUTER, GUEST, UDP, datagram).pack()).pack(),
         f"{of} > {to}, 43 bytes, IPv4 {ROUTER} > {GUEST}, UDP 68 > 67"),
        (Ethernet(to, of, IPV4, IPv4(ROUTER, GUEST, TCP, segment).pack()).pack(),
         f"{of} > {to}, 54 bytes, IPv4 {ROUTER} > {GUEST}, TCP 40000 > 80"),
        (Ethernet(to, of, IPV4, IPv4(ROUTER, GUEST, ICMP, echo.pack()).pack()).pack(),
         f"{of} > {to}, 42 bytes, IPv4 {ROUTER} > {GUEST}, ICMP type 8"),
        (Ethernet("33:33:00:00:00:01", of, 0x86DD, bytes(1500)).pack(),
         f"{of} > 33:33:00:00:00:01, 1514 bytes, type 0x86dd"),
        (arp_request(GUEST)[:41], f"{of} > {BROADCAST}, 41 bytes, ARP, cut short"),
    ]  # fmt: skip
    frames = [frame for frame, _ in told]
    challenge = f"frames={len(frames)}"
    with on_a_wire(boot, "sniff", MACHINE=machine, CHALLENGE=challenge) as (guest, router):
        guest.expect(f"^sniff: listening on net0, and answering for {GUEST}")
        for frame in frames:
            router.wire.send(frame)
        assert guest.wait_end() == DONE
        lines = guest.lines().splitlines()
        assert [n for n in lines if " > " in n] == [f"sniff: {words}" for _, words in told]
        assert total(frames, 1) in lines
        router.wire.wait("answer ARP", lambda: router.arps, 5)
        assert router.arps == [Arp(ARP_REPLY, to, GUEST, ROUTER_MAC, ROUTER)]
        assert router.wire.seen == 1
        assert not [e for e in guest.guest_errors() if "virtio" in e]


def test_more_than_65536_frames_come_whole_and_in_order_and_the_ring_stays_full(
    boot: Boot,
) -> None:
    """First nothing is sent, so that nothing else tells the card of buffers that
    are its again. Then who asks is answered each time, more often than there are
    buffers for what is sent."""
    chance = random.Random(9)
    frames = [
        Ethernet(BROADCAST, ROUTER_MAC, 0x88B5, chance.randbytes(chance.randrange(64))).pack()
        for _ in range(69_000)
    ]  # fmt: skip
    frames[-9000::25] = [arp_request(GUEST)] * 360
    with on_a_wire(boot, "sniff", CHALLENGE=f"show=0 frames={len(frames)}") as (guest, router):
        guest.expect("^sniff: listening")
        for frame in frames:
            router.wire.send(frame)
        assert guest.wait_end(60) == DONE
        assert total(frames, 360) in guest.lines()
        ready = re.search(r"^sniff: (\d+) of (\d+) receive buffers", guest.lines(), re.M)
        assert ready and ready[1] == ready[2] != "0"
        router.wire.wait("answer ARP", lambda: len(router.arps) == 360)


def test_without_an_address_or_with_nonsense_sniff_listens_and_says_nothing(
    boot: Boot,
) -> None:
    with on_a_wire(boot, "sniff", APPEND="ip=10.0.0", CHALLENGE="frames=2") as (guest, router):
        guest.expect("^sniff: ip=10.0.0 is no address, such as ip=10.0.2.15$")
        guest.expect("^sniff: listening on net0$")
        for _ in range(2):
            router.wire.send(arp_request("0.0.0.0"))
        assert guest.wait_end() == DONE
        assert router.wire.seen == 0


# ---- ping -------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_the_gateway_that_dhcp_tells_is_pinged(machine: str, boot: Boot) -> None:
    guest = boot("ping", MACHINE=machine, CHALLENGE="count=3 interval=1 size=1000")
    assert guest.wait_end() == DONE
    said = re.findall(r"^ping: 1000 bytes from 10\.0\.2\.2, sequence (\d+), \d+\.\d{3} ms$",
                      guest.lines(), re.M)  # fmt: skip
    assert said == sorted(said, key=int) and len(said) == 3
    assert re.search(r"^ping: \d+ sent, 3 answered; asked 0 times$", guest.lines(), re.M)


def test_the_guest_answers_pings_and_says_so(boot: Boot) -> None:
    append = f"{FIXED} ping={STRANGER}"
    with on_a_wire(boot, "ping", APPEND=append, CHALLENGE="count=1 interval=10") as (guest, router):
        guest.expect("^net0: 10")
        router.ping(ROUTER, GUEST, Echo(ECHO_REQUEST, 5, 77, b"twelve bytes"))
        guest.expect(f"^ping: answering {ROUTER}, sequence 77, 12 bytes$")
        router.wire.wait("answer a ping", lambda: router.echoes)
        assert router.echoes[0][1] == Echo(ECHO_REPLY, 5, 77, b"twelve bytes")
        router.answers.add(STRANGER)  # now who is asked is there
        assert guest.wait_end() == DONE
        guest.expect(f"^ping: 56 bytes from {STRANGER}, sequence ")
        guest.expect(r"^ping: \d+ sent, 1 answered; asked 1 times$")


def test_a_wrong_answer_to_a_ping_is_none(boot: Boot) -> None:
    """Each request is answered wrongly in every way, and at last rightly."""
    with on_a_wire(boot, "ping", CHALLENGE="count=2 interval=10 size=20") as (guest, router):
        router.answers.add(ROUTER)

        def answer_wrongly(frame: Ethernet) -> None:
            if frame.type != IPV4:
                return
            packet = IPv4.read(frame.data)
            echo = Echo.read(packet.data)
            number = echo.number
            for wrong in (
                Echo(ECHO_REPLY, echo.ident, number + 1, echo.data),
                Echo(ECHO_REPLY, echo.ident + 1, number, echo.data),
                Echo(ECHO_REPLY, echo.ident, number, echo.data[:-1]),
                Echo(ECHO_REPLY, echo.ident, number, echo.data[:-1] + b"?"),
                Echo(3, echo.ident, number, echo.data),
            ):
                router.ping(ROUTER, GUEST, wrong)
            right = Echo(ECHO_REPLY, echo.ident, number, echo.data)
            router.send_ip(IPv4(STRANGER, GUEST, ICMP, right.pack()))
            spoilt = right.pack()
            router.send_ip(IPv4(ROUTER, GUEST, ICMP, spoilt[:2] + b"??" + spoilt[4:]))

        # Before the router itself, which answers rightly.
        router.wire.listeners.insert(0, answer_wrongly)
        assert guest.wait_end() == DONE
        said = re.findall(r"^ping: 20 bytes from (\S+), sequence (\d+)", guest.lines(), re.M)
        assert [who for who, _ in said] == [ROUTER] * 2
        assert len(set(said)) == 2, "one answer was taken twice"


# ---- Strangers --------------------------------------------------------------


def mangler(seed: int, guest: str, port: int) -> Mangler:
    return Mangler(random.Random(seed), STRANGER_MAC, STRANGER, "52:54:00:12:34:56", guest, port)


def count_of(soak: bool) -> int:
    return 1_000_000 if soak else 20_000


def test_malformed_frames_do_sniff_no_harm(boot: Boot, soak: bool) -> None:
    count = count_of(soak)
    sent = [f for f in mangler(1, GUEST, 80).frames(count) if len(f) >= 14]
    with on_a_wire(boot, "sniff", CHALLENGE=f"show=2000 frames={len(sent) + 1}") as (guest, router):
        guest.expect("^sniff: listening")
        for frame in sent:
            router.wire.send(frame)
        router.wire.send(arp_request(GUEST))
        assert guest.wait_end(60 + count / 1000) == DONE
        whole = [*sent, arp_request(GUEST)]
        size = sum(map(len, whole))
        assert f"sniff: {len(whole)} frames, {size} bytes, " in guest.lines()
        assert f"check {check_of(whole)}\n" in guest.lines()
        assert Arp(ARP_REPLY, "52:54:00:12:34:56", GUEST, ROUTER_MAC, ROUTER) in router.arps
        assert not [e for e in guest.guest_errors() if "virtio" in e]


def stats(router: Station) -> dict[str, int]:
    status, body = Client(router, ROUTER, GUEST, 80).get("/stats")
    assert status == 200
    return {k: int(v) for k, v in (n.split() for n in body.decode().splitlines())}


def test_a_million_malformed_frames_meet_no_sanitizer(kit: Kit, soak: bool) -> None:
    """Into lwIP and all that stands on it, in a process of this host: 20,000
    with each seed, and a million under soak."""
    program = kit.build_unit("frames")
    for seed in range(50 if soak else 1):
        done = subprocess.run(
            [program, "--seed", str(seed), "--time-limit", "60", "test_malformed"],
            capture_output=True, text=True, errors="replace",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def cut_off(client: Client) -> None:
    """Resets a connection in which the guest may have believed more than we
    know. Who sends it something old is told what it expects next, and a reset
    has to have that number [RFC 9293 §3.10.7.4]."""
    station, count = client.station, len(client.segments)
    client.keep = count + 1
    station.ask_arp(ROUTER, GUEST)  # lest it be told to somebody else
    client.emit(client.segment(ACK, seq=client.seq - 1))
    mark = Echo(ECHO_REQUEST, 7, client.own_port, b"")
    station.ping(ROUTER, GUEST, mark)
    client.wire.wait(
        "answer a ping", lambda: any(e.number == mark.number for _, e in station.echoes)
    )
    if len(client.segments) > count:  # else it has been closed meanwhile
        client.seq = client.segments[-1].ack
    client.rst()


def test_malformed_frames_do_web_no_harm(boot: Boot, soak: bool) -> None:
    """With conversations between them, whose segments come malformed as well."""
    with on_a_wire(boot, "web") as (guest, router):
        wire = router.wire
        router.answers.update((ROUTER, STRANGER))
        guest.expect("^web: serving")
        Client(router, ROUTER, GUEST, 80).get("/")
        before = stats(router)
        abuse = mangler(2, GUEST, 80)
        for i, frame in enumerate(abuse.frames(count_of(soak))):
            wire.send(frame)
            if i % 1000 == 0:
                # Some stranger may have told the guest that he is the router.
                router.ask_arp(ROUTER, GUEST)
                client = Client(router, ROUTER, GUEST, 80).open(10)
            elif i % 10 == 0:
                segment = client.segment(ACK, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                good = IPv4(ROUTER, GUEST, TCP, segment.pack(ROUTER, GUEST)).pack()
                wire.send(abuse.spoiled(Ethernet(wire.mac, ROUTER_MAC, IPV4, good).pack()))
            if i % 1000 == 999:
                cut_off(client)
        router.ask_arp(ROUTER, GUEST)
        status, _ = Client(router, ROUTER, GUEST, 80).get("/", 60)
        assert status == 200
        wire.wrong.clear()  # what it says to nonsense, our own reader may not like

        def abroad() -> dict[str, tuple[int, int]]:
            now = stats(router)
            return {k: (was, now[k]) for k, was in before.items() if is_held(k) and now[k] > was}

        # Half-open connections take half a minute to go, and one that nonsense
        # has cut off from its client a little more than HTTP_IDLE_S.
        for _ in range(900):
            if not abroad():
                break
            moment = threading.Event()
            wire.after(0.2, moment.set)
            moment.wait()
        assert not abroad()


def is_held(figure: str) -> bool:
    """Of the figures of /stats: what must come back to what it was."""
    return figure in ("heap_bytes", "heap_blocks", "pages_used", "streams_open") or (
        figure.startswith("pool_")
        # A connection that waits to be forgotten holds a PCB, and its place in the table.
        and not figure.endswith(("TCP_PCB", "_connections", "borrowed", "transmit"))
    )
