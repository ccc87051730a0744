# SPDX-License-Identifier: MIT
"""The network card of a Unix process: its wire, and what is at the other end.
Under the sanitizers; what a guest does with frames is tested elsewhere, on
this target as well."""

from __future__ import annotations

import os
import random
import re
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from lodge.dhcp import DISCOVER, REQUEST, DhcpServer, Lease
from lodge.ethernet import (
    ARP, ARP_REPLY, ARP_REQUEST, BROADCAST, ECHO_REQUEST, Arp, Echo, Ethernet,
)  # fmt: skip
from lodge.kit import Kit
from lodge.machine import DONE, FAILED, Machine, Pace
from lodge.peer import Station, Trouble, Wire
from lodge.peer_tcp import Client

GUEST, ROUTER = "10.0.0.2", "10.0.0.1"
GUEST_MAC, ROUTER_MAC = "52:54:00:12:34:56", "02:00:00:00:00:01"
FIXED = f"ip={GUEST}/24 gw={ROUTER}"
LONGEST = 1518  # header, 1500 bytes, and a tag
Start = Callable[..., Machine]


@pytest.fixture(scope="module")
def process(build: Path) -> Kit:
    folder = build / "test-unix-lwip-address-undefined"
    return Kit(folder, build=build, arch="unix", net="lwip", sanitize="address,undefined")


@pytest.fixture
def start(process: Kit, tmp_path: Path) -> Iterator[Start]:
    """Builds an application and starts it, with what `under` names."""
    with ExitStack() as stack:

        def run(app: str, under: str = "", **variables: str) -> Machine:
            process.build_app(app)
            variables |= {"RUN_UNDER": under} if under else {}
            return stack.enter_context(
                Machine(process, app, tmp_path / app, pace=Pace(4), **variables)
            )

        yield run


@contextmanager
def on_a_wire(start: Start, app: str, **variables: str) -> Iterator[tuple[Machine, Station]]:
    wire = Wire()
    try:
        guest = wire.plug(start(app, **wire.variables(), **variables))
        yield guest, Station(wire, ROUTER_MAC, ROUTER)
        assert wire.wrong == []
    finally:
        wire.close()


def check_of(frames: list[bytes]) -> int:
    """What sniff's last line must say of them."""
    check = 0
    for byte in b"".join(frames):
        check = (check * 31 + byte) & 0xFFFFFFFF
    return check


def summary(frames: list[bytes], answered: int = 0) -> str:
    size = sum(map(len, frames))
    return f"sniff: {len(frames)} frames, {size} bytes, {answered} answered, check {check_of(frames)}"


def arp_request(target: str = GUEST) -> bytes:
    question = Arp(ARP_REQUEST, ROUTER_MAC, ROUTER, "00:00:00:00:00:00", target)
    return Ethernet(BROADCAST, ROUTER_MAC, ARP, question.pack()).pack()


# ---- Frames -------------------------------------------------------------------


def test_frames_of_every_length_come_whole_and_what_is_none_is_dropped(start: Start) -> None:
    """A message of no bytes is not the end of the wire either."""
    chance = random.Random(1)
    frames = [chance.randbytes(n) for n in range(14, LONGEST + 1)]
    no_frames = [chance.randbytes(n) for n in (0, 1, 13, LONGEST + 1, 2048, 2049, 9000, 65000)]
    challenge = f"show=0 frames={len(frames)}"
    with on_a_wire(start, "sniff", CHALLENGE=challenge) as (guest, router):
        guest.expect("^sniff: listening on net0")
        for i, frame in enumerate(frames):
            router.wire.send(frame)
            if i % 150 == 0:
                router.wire.send(no_frames[i // 150 % len(no_frames)])
        assert guest.wait_end(30) == DONE
        assert summary(frames) in guest.lines().splitlines()
        assert "sniff: 256 of 256 receive buffers are waiting for the next" in guest.lines()


def test_what_is_sent_before_it_listens_is_there_when_it_does(start: Start) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.send(arp_request())
        guest = start("sniff", sockets={"wire": theirs}, WIRE="fd:@wire@",
                      APPEND=f"ip={GUEST}", CHALLENGE="frames=1")  # fmt: skip
        assert guest.wait_end() == DONE
        answer = Ethernet.read(ours.recv(2048))
        assert (answer.target, answer.source, answer.type) == (ROUTER_MAC, GUEST_MAC, ARP)
        expected = Arp(ARP_REPLY, GUEST_MAC, GUEST, ROUTER_MAC, ROUTER)
        assert answer.data == expected.pack()


def test_a_wire_of_datagrams_does_as_well(start: Start) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        guest = start("sniff", sockets={"wire": theirs}, WIRE="fd:@wire@",
                      APPEND=f"ip={GUEST}", CHALLENGE="frames=3")  # fmt: skip
        for frame in (arp_request(), b"", arp_request("10.0.0.9"), arp_request()):
            ours.send(frame)
        assert guest.wait_end() == DONE
        assert [Ethernet.read(ours.recv(2048)).type for _ in range(2)] == [ARP, ARP]


def test_a_peer_who_takes_nothing_gets_what_fits_and_the_rest_is_refused(start: Start) -> None:
    """sniff does not ask again; each answer that it counts has come whole."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    frames = [arp_request()] * 5000
    with ours, theirs:
        guest = start("sniff", sockets={"wire": theirs}, WIRE="fd:@wire@",
                      APPEND=f"ip={GUEST}", CHALLENGE=f"show=0 frames={len(frames)}")  # fmt: skip
        for frame in frames:
            ours.send(frame)
        assert guest.wait_end(30) == DONE
        found = re.search(r"^sniff: 5000 frames, \d+ bytes, (\d+) answered", guest.lines(), re.M)
        assert found and 0 < int(found[1]) < 5000
        answers = [ours.recv(2048) for _ in range(int(found[1]))]
        assert len(set(answers)) == 1 and len(answers[0]) == 42
        theirs.close()
        assert ours.recv(2048) == b"", "that was the last"


def test_the_card_has_the_address_that_it_is_given(start: Start) -> None:
    under = "env LODGE_NET0_MAC=02:00:5e:10:00:ff"
    with on_a_wire(start, "ping", under=under, APPEND=FIXED) as (guest, router):
        guest.expect("^net0: 02:00:5e:10:00:ff, link up")
        router.ask_arp(ROUTER, GUEST)
        router.wire.wait("answer ARP", lambda: router.learnt.get(GUEST) == "02:00:5e:10:00:ff")


# ---- The stack over it ----------------------------------------------------------


def test_an_address_by_dhcp(start: Start) -> None:
    wire = Wire()
    router = Station(wire, ROUTER_MAC, ROUTER)
    dhcp = DhcpServer(router, ROUTER, Lease(GUEST))
    try:
        guest = wire.plug(start("ping", CHALLENGE="count=3 interval=1", **wire.variables()))
        guest.expect(f"^net0: {GUEST}/24, gateway {ROUTER} \\(by DHCP\\)")
        assert guest.wait_end() == DONE
        assert [m.type for m in (dhcp.messages[0], dhcp.messages[-1])] == [DISCOVER, REQUEST]
    finally:
        wire.close()


def test_pings_of_every_size_come_back_whole(start: Start) -> None:
    with on_a_wire(start, "ping", APPEND=FIXED) as (guest, router):
        guest.expect(f"^net0: {GUEST}/24")
        sent = {n: random.Random(n).randbytes(n) for n in range(0, 1473, 7)}
        for i, (n, data) in enumerate(sent.items(), start=1):
            router.ping(ROUTER, GUEST, Echo(ECHO_REQUEST, 5, n, data))
            if i % 16 == 1 or i == len(sent):  # as many as it can answer at a time
                router.wire.wait("answer pings", lambda i=i: len(router.echoes) == i)
        assert {e.number: e.data for _, e in router.echoes} == sent


@pytest.mark.parametrize(
    "size, trouble",
    [(1 << 20, None), (1 << 18, Trouble(loss=0.02, twice=0.02, late=0.02))],
    ids=["good", "bad"],
)
def test_what_is_sent_over_a_cable_comes_back_whole(
    size: int, trouble: Trouble | None, start: Start
) -> None:
    data = random.Random(2).randbytes(size)
    with on_a_wire(start, "tcpecho", APPEND=FIXED) as (guest, router):
        guest.expect("^tcpecho: listening")
        client = Client(router, ROUTER, GUEST, 7).open()
        router.wire.trouble = trouble
        for at in range(0, len(data), 1 << 16):
            client.send(data[at : at + (1 << 16)])
            router.wire.wait(
                "send it back", lambda at=at: len(client.received) >= at + (1 << 16), 60
            )
        router.wire.trouble = None
        assert bytes(client.received) == data
        client.fin()
        client.wait_end()
        guest.expect(f"^tcpecho: at rest after 1 connections, {size} bytes$", 30)


def test_a_process_may_have_several_cards(start: Start) -> None:
    wires = [Wire(), Wire()]
    routers = [Station(wire, ROUTER_MAC, ROUTER) for wire in wires]
    servers = [DhcpServer(r, ROUTER, Lease(f"10.0.0.{i + 2}")) for i, r in enumerate(routers)]
    try:
        guest = start(
            "web", sockets={"wire": wires[0].theirs, "beside": wires[1].theirs},
            WIRE="fd:@wire@", under="env LODGE_NET1=fd:@beside@",
        )  # fmt: skip
        for i, wire in enumerate(wires):
            wire.plug(guest)
            guest.expect(f"^net{i}: 52:54:00:12:34:5{6 + i}, link up, LODGE_NET{i}=fd:\\d+$")
            guest.expect(f"^net{i}: 10.0.0.{i + 2}/24, gateway {ROUTER} ")
        for router, server in zip(routers, servers):
            status, _ = Client(router, "198.51.100.7", server.lease.address, 80).get("/")
            assert status == 200
    finally:
        for wire in wires:
            wire.close()


# ---- The end of a wire ------------------------------------------------------------


def test_the_link_goes_down_when_the_other_end_goes_and_the_process_goes_on(start: Start) -> None:
    wire = Wire()
    try:
        guest = wire.plug(start("tcpecho", APPEND=FIXED, **wire.variables()))
        guest.expect("^tcpecho: listening")
        Client(Station(wire, ROUTER_MAC, ROUTER), ROUTER, GUEST, 7).open().send(b"x" * 5000)
    finally:
        wire.close()
    guest.expect("^net0: link down: the other end has gone$")
    assert guest.status is None
    assert guest.lines().count("link down") == 1


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_gone(pids: list[int]) -> None:
    """Until no such process is there, or has been waited for by its parent."""
    for pid in pids:
        try:
            watched = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        assert select.select([watched], [], [], 20)[0], f"process {pid} is still there"
        os.close(watched)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A program that reads it goes on until somebody writes there."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def test_a_program_at_the_other_end_that_ends_is_told_and_waited_for(
    start: Start, fifo: Path
) -> None:
    guest = start("ping", WIRE=f'run:sh -c "read word < {fifo}; exit 3" @fd@')
    with fifo.open("w"):  # waits for its reader
        programs = children(guest.pid)
        assert len(programs) == 1
        assert "link down" not in guest.lines()
    guest.expect("^net0: link down: the other end has gone$")
    guest.expect("^net0: the program at the other end has ended with status 3$")
    assert children(guest.pid) == []
    assert guest.status is None


@pytest.mark.parametrize(
    "command, told",
    [("false @fd@", "the program at the other end has ended with status 1"),
     ("no-such-program-anywhere @fd@", "there is no such program for the other end"),
     ("sh -c 'kill -9 $$$$' @fd@", "the program at the other end was ended by signal 9")],
    ids=["false", "none", "killed"],
)  # fmt: skip
def test_a_program_that_does_not_come_up_is_told(command: str, told: str, start: Start) -> None:
    guest = start("ping", WIRE=f"run:{command}")
    guest.expect(f"^net0: {re.escape(told)}$")
    guest.expect("^net0: link down: the other end has gone$")
    assert guest.status is None


WITHOUT_PIDFD = """
import ctypes, os, struct, sys
ALLOW, ENOSYS, PIDFD_OPEN = 0x7FFF0000, 0x50000 | 38, 434
code = [(0x20, 0, 0, 0), (0x15, 0, 1, PIDFD_OPEN), (6, 0, 0, ENOSYS), (6, 0, 0, ALLOW)]
filter = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(filter))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0  # PR_SET_SECCOMP
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_a_host_that_can_t_watch_a_program_s_end_still_starts_it(
    start: Start, fifo: Path, tmp_path: Path
) -> None:
    """As under Valgrind, and on an old Linux: pidfd_open() is not there."""
    (tmp_path / "without.py").write_text(WITHOUT_PIDFD)
    under = f"{sys.executable} {tmp_path / 'without.py'}"
    wire = f'run:sh -c "read word < {fifo}; exit 3" @fd@'
    guest = start("ping", under=under, WIRE=wire)
    with fifo.open("w"):  # waits for its reader
        assert guest.status is None
    guest.expect("^net0: link down: the other end has gone$")
    assert guest.status is None


@pytest.mark.parametrize("how", ["killed", "asked", "done"])
def test_the_program_at_the_other_end_ends_with_the_process(
    how: str, start: Start, fifo: Path
) -> None:
    """Whatever ends it: a kill, a request, or its own main()."""
    wait = f'sh -c "read word < {fifo}" @fd@'
    guest = start("sniff", WIRE=f"run:{wait}", CHALLENGE="frames=0" if how == "done" else "")
    if how == "done":
        assert guest.wait_end() == DONE
        programs = []
    else:
        guest.expect("^sniff: listening")
        programs = children(guest.pid)
        assert len(programs) == 1
        os.kill(guest.pid, 9 if how == "killed" else 15)
        guest.wait_death()
    wait_gone(programs)
    with pytest.raises(OSError):  # nobody reads it
        os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)


def test_the_program_has_the_run_s_descriptors_and_none_of_the_process_s(
    start: Start, tmp_path: Path
) -> None:
    ours, theirs = socket.socketpair()
    listing = tmp_path / "descriptors"
    with ours, theirs:
        guest = start(
            "ping", sockets={"given": theirs},
            WIRE=f'run:sh -c "ls -l /proc/self/fd > {listing}; exit 5" @fd@ @given@',
        )  # fmt: skip
        guest.expect("^net0: the program at the other end has ended with status 5$")
        words = re.search(r"@fd@ (\d+)", (guest.folder / "command").read_text())
        assert words
        opened = dict(re.findall(r" (\d+) -> (.*)$", listing.read_text(), re.M))
        assert opened.pop("0") == "/dev/null"
        assert opened[words[1]].startswith("socket:"), "the one that the run gave"
        assert not [to for to in opened.values() if "anon_inode" in to], opened
        sockets = [to for to in opened.values() if to.startswith("socket:")]
        # Console, debug console, standard output and error, the monitor's, the
        # one that was given, and the wire.
        assert len(set(sockets)) <= 6, opened


# ---- What can't be ------------------------------------------------------------------


@pytest.mark.parametrize(
    "wire, told",
    [("cable", "LODGE_NET0=cable: a wire is run:COMMAND, tap:NAME or fd:NUMBER"),
     ("run:true", "LODGE_NET0=run:COMMAND wants @fd@ in COMMAND"),
     ("fd:", "LODGE_NET0=fd:: that descriptor is no open socket"),
     ("fd:x", "LODGE_NET0=fd:x: that descriptor is no open socket"),
     ("fd:999", "LODGE_NET0=fd:999: that descriptor is no open socket"),
     ("fd:0", "LODGE_NET0=fd:0: that descriptor is no open socket"),
     ("tap:", "LODGE_NET0=tap:: a device's name has 1 to 15 letters"),
     ("tap:sixteen-letters-", "LODGE_NET0=tap:sixteen-letters-: a device's name has 1 to 15")],
)  # fmt: skip
def test_a_wire_that_can_t_be_is_a_sentence_and_no_card(
    wire: str, told: str, start: Start
) -> None:
    guest = start("ping", WIRE=wire)
    assert guest.wait_end() == FAILED
    lines = guest.lines().splitlines()
    assert lines[0].startswith(told)
    assert lines[1] == "net0: there is no such network card"


@pytest.mark.parametrize("mac", ["", "02:00:00:00:00", "03:00:00:00:00:01", "02:00:00:00:00:0g"])
def test_an_address_that_no_card_has_is_a_sentence(mac: str, start: Start) -> None:
    guest = start("ping", WIRE="fd:0", under=f"env LODGE_NET0_MAC={mac}")
    assert guest.wait_end() == FAILED
    assert f"LODGE_NET0_MAC={mac} is no address of a card, such as" in guest.lines()


# ---- Other networks -----------------------------------------------------------------


def test_the_user_network_of_a_guest_is_a_process_s_as_well(start: Start) -> None:
    guest = start("ping", CHALLENGE="count=3 interval=1")
    guest.expect(r"^net0: 10\.0\.2\.15/24, gateway 10\.0\.2\.2 \(by DHCP\)$")
    assert guest.wait_end() == DONE


def test_a_tap_device_is_a_wire_or_a_sentence_says_why_not(start: Start) -> None:
    """In a network namespace of its own, where this host lets us have one: its
    kernel is at the other end of the tap device."""
    script = (
        "ip tuntap add lodge0 mode tap && ip address add 10.0.0.1/24 dev lodge0"
        " && ip link set lodge0 up; "
    )
    space = ["unshare", "--user", "--map-root-user", "--net"]
    has_tap = subprocess.run([*space, "sh", "-c", script], capture_output=True).returncode == 0
    under = f"""{" ".join(space)} sh -c '{script} exec "$$0" "$$@"'""" if has_tap else ""
    # Elsewhere, one that can't be had, whatever this user may do.
    name = "lodge0" if has_tap else "lo"
    guest = start("ping", under=under, WIRE=f"tap:{name}", APPEND=FIXED,
                  CHALLENGE="count=3 interval=1 size=1400")  # fmt: skip
    if has_tap:
        assert guest.wait_end() == DONE
        guest.expect(r"^ping: \d+ sent, 3 answered")  # again, when late
    else:
        assert guest.wait_end() == FAILED
        guest.expect("^LODGE_NET0=tap:lo: ")
