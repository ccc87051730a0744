# SPDX-License-Identifier: MIT
"""Content arrives whole, by hash, whatever the card does for us and whatever we
do without, over a good cable and over one that loses, reorders and duplicates.

The other end of the cable is ours (lodge/peer_tap.py): it sees each frame as
the card was given it, cuts it as the frame asks, and only then lets segments
get lost. Where no tap device can be had the same is done over a cable on which
nothing is offered, and the names of the tests say so. What this host's kernel
makes of the frames is test_offload.py's."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lodge.bench.rounds import FEATURES
from lodge.dhcp import DhcpServer, Lease
from lodge.ethernet import IPV4, TCP, Ethernet, IPv4, Segment
from lodge.kit import Kit
from lodge.peer import Trouble, Wire
from lodge.peer_tap import TapWire
from lodge.peer_tcp import Client
from lodge.tap import may_tap
from segments import GUEST, LARGE, ROUTER, SMALL, WINDOW, Case, Line, body, make_disk, sha, started

MSS = 1460
CABLE = "tap" if may_tap() else "no-tap-so-nothing-is-offered"


@pytest.fixture(scope="module")
def web(kit: Kit) -> Kit:
    kit.build_app("web")
    return kit


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_disk(tmp_path_factory.mktemp("disk"))


@pytest.fixture(scope="module")
def shared(web: Kit, disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """One guest with everything, for all tests that leave it as it was."""
    with started(Case(), web, disk, tmp_path_factory.mktemp("all")) as line:
        line.all_arrives()  # what is remembered and cached is so by now
        yield line


@pytest.fixture
def line(shared: Line) -> Iterator[Line]:
    yield shared
    shared.wire.trouble = None
    shared.wire.spies.clear()
    shared.wire.leaves_open = True


# ---- Every feature, and without each of them ----------------------------------

OFFERED = ("csum", "host_tso4", "guest_csum", "event_idx", "mrg_rxbuf", "indirect_desc")
LEGACY = Case(off=("any_layout",), virtio="legacy")
# Each of one beside one of the other; all; nothing.
FEW = [
    Case(),
    *(Case((lacks,), (off,)) for lacks, off in zip(FEATURES, itertools.cycle(OFFERED))),
    Case(virtio="legacy"),
    LEGACY,
    Case(FEATURES, OFFERED),
]


def check(case: Case, web: Kit, disk: Path, folder: Path) -> None:
    """Twice, as what was asked for before may be answered in another way."""
    with started(case, web, disk, folder) as line:
        line.all_arrives()
        check_asked(case, line.wire)
        line.wire.trouble = Trouble(loss=0.004, twice=0.02, late=0.01)
        line.all_arrives()


def check_asked(case: Case, wire: Wire) -> None:
    """The card was given to do what it offers and we make use of, no more."""
    if not isinstance(wire, TapWire):
        return
    sums = not {"csum"} & {*case.without, *case.off}
    cuts = sums and not {"tso", "transmit"} & {*case.without} and "host_tso4" not in case.off
    assert bool(wire.asked["summed"]) == sums and bool(wire.asked["cut"]) == cuts, wire.asked
    assert wire.dropped() == 0


@pytest.mark.parametrize("case", FEW, ids=lambda case: f"{CABLE}-{case}")
def test_files_arrive_whole(case: Case, web: Kit, disk: Path, tmp_path: Path) -> None:
    check(case, web, disk, tmp_path)


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [s for n in range(len(names) + 1) for s in itertools.combinations(names, n)]


@pytest.mark.parametrize("cable_is", [CABLE])
def test_files_arrive_whole_with_every_subset(
    cable_is: str, web: Kit, disk: Path, tmp_path: Path, soak: bool
) -> None:
    """In a soak: each with one more of whatever the card may not offer. Else
    one of them."""
    chance = random.Random(5)
    offers = [*(Case(off=s) for s in subsets(OFFERED)), LEGACY, Case(virtio="legacy")]
    every = subsets(FEATURES) if soak else [("content", "tso", "kick")]
    for number, lacks in enumerate(every):
        other = chance.choice(offers)
        check(Case(lacks, other.off, other.virtio), web, disk, tmp_path / str(number))


# ---- Large segments, on a wire that is not kind -----------------------------


@dataclass(frozen=True)
class Frame:
    """A segment with data of the guest's, as its card was given it."""

    begin: int  # of all it has sent over this connection
    length: int

    @property
    def end(self) -> int:
        return self.begin + self.length


def watched(line: Line, client: Client) -> list[Frame]:
    """Grows by what the guest sends to the client."""
    frames: list[Frame] = []

    def spy(frame: Ethernet) -> None:
        if frame.type != IPV4 or frame.data[9] != TCP:
            return
        segment = Segment.read(IPv4.read(frame.data), summed=False)
        if segment.target == client.own_port and segment.data:
            frames.append(Frame(client.place(segment), len(segment.data)))

    line.wire.spies.append(spy)
    return frames


class LoseOne(Trouble):
    """Loses the first segment of `client` that begins at or behind `at`."""

    def __init__(self, client: Client, at: int) -> None:
        super().__init__()
        self.client, self.at = client, at
        self.lost: Frame | None = None

    def fate(self, frame: bytes) -> list[float]:
        packet = IPv4.read(Ethernet.read(frame).data)
        if self.lost is None and packet.protocol == TCP:
            segment = Segment.read(packet)
            begin = self.client.place(segment)
            if segment.target == self.client.own_port and segment.data and begin >= self.at:
                self.lost = Frame(begin, len(segment.data))
                return []
        return [0.0]


def again_of(frames: list[Frame]) -> list[Frame]:
    """Those that begin with what had been sent before; probes of a window
    that was shut are none."""
    furthest, again = 0, []
    for frame in frames:
        if frame.begin < furthest and frame.end > 1001:
            again.append(frame)
        furthest = max(furthest, frame.end)
    return again


def held_open(line: Line, scale: int = 0) -> Client:
    """A client of /large who has offered room for 1000 bytes: to the byte, if
    windows are not scaled."""
    client = Client(line.router, ROUTER, GUEST, 80, scale=scale)
    client.window, client.limit = WINDOW if scale else 65535, 1000
    client.open()
    client.send(b"GET /large HTTP/1.0\r\n\r\n")
    return client


def open_up(client: Client, limit: int | None) -> None:
    with client.wire.changed:
        client.limit = limit
        client.acknowledge()


def length_of_answer(client: Client) -> int:
    """All that will come, once the head has."""
    head, end, _ = client.received.partition(b"\r\n\r\n")
    found = re.search(rb"^Content-Length: (\d+)\r?$", head, re.M)
    assert found and end
    return len(head) + len(end) + int(found[1])


def check_large(line: Line, client: Client) -> None:
    assert sha(body(line.end(client))[0]) == sha(LARGE)


def test_of_what_is_lost_a_segment_of_the_wires_is_sent_again(line: Line) -> None:
    client = held_open(line, scale=7)
    frames = watched(line, client)
    line.wire.trouble = lose = LoseOne(client, 1_000_000)
    open_up(client, None)
    check_large(line, client)
    # How large they grow goes by when our acknowledgements come, which is this
    # host's business; not whether they do.
    if isinstance(line.wire, TapWire):
        assert max(f.length for f in frames) > 10 * MSS, "large segments, to begin with"
    # It was lost once, so what is missing comes first. Where this host makes
    # us wait for long, a time-out has the guest send one more.
    again = again_of(frames)
    assert again[0] == lose.lost, again
    assert sum(f.length for f in again) <= 3 * MSS, again


class LoseAll(Trouble):
    """From a byte on, nothing arrives any more, until the guest begins to send
    what it had sent before."""

    def __init__(self, frames: list[Frame], at: int) -> None:
        super().__init__()
        self.frames, self.at = frames, at

    def fate(self, frame: bytes) -> list[float]:
        dead = max((f.end for f in self.frames), default=0) >= self.at
        return [] if dead and not again_of(self.frames) else [0.0]


def test_after_a_time_out_it_begins_with_one_segment_of_the_wires(line: Line) -> None:
    client = held_open(line, scale=7)
    frames = watched(line, client)
    line.wire.trouble = LoseAll(frames, 1_000_000)
    open_up(client, None)
    line.wire.wait("send again", lambda: again_of(frames))
    line.wire.trouble = None
    check_large(line, client)
    sizes = [f.length for f in again_of(frames)]
    assert all(size <= MSS << n for n, size in enumerate(sizes)), sizes


def test_a_window_that_closes_in_mid_segment_is_filled_and_never_overrun(line: Line) -> None:
    client = held_open(line)
    frames = watched(line, client)
    client.wait_for("send 1000 bytes", lambda: len(client.received) == 1000)
    last = length_of_answer(client) - 903  # of the segment that has the FIN
    for limit in (100_001, 100_903, 400_001, 1_000_003, last):
        open_up(client, limit)
        client.wait_for(f"send {limit} bytes", lambda: len(client.received) == limit, 30)
        over = [f for f in frames if f.end > limit and f.length > 1]
        assert not over, f"up to {limit} was offered, and there came {over}"
    open_up(client, None)
    check_large(line, client)


@pytest.mark.parametrize("cable_is", [CABLE])
def test_a_reset_in_mid_file_leaves_every_pool_as_it_was(
    cable_is: str, web: Kit, disk: Path, tmp_path: Path
) -> None:
    """Of a connection that waits for a window, and of one that is under way."""
    with started(Case(), web, disk, tmp_path) as line:
        assert sha(line.fetch("/large")) == sha(LARGE)
        before = line.in_use()
        for limit in (1, 5_000, 66_000, 131_072, 700_001):
            waiting = [held_open(line) for _ in range(3)]
            for client in waiting:
                open_up(client, max(limit, 1000))
            for client in waiting:
                client.wait_for("fill the window", lambda c=client: len(c.received) >= limit, 30)
                client.rst()
        for client in [line.get("/large") for _ in range(3)]:
            client.wait_for("send", lambda c=client: len(c.received) > 100_000)
            client.rst()
        assert line.in_use() == before


def test_a_wrong_checksum_is_not_believed_beside_those_that_the_card_vouches_for(
    line: Line,
) -> None:
    client = Client(line.router, ROUTER, GUEST, 80)
    client.open()
    client.again = 0
    request = b"GET /small7 HTTP/1.0\r\n\r\n"
    wrong = client.segment(0x18, request.replace(b"7", b"8"))
    packet = IPv4(ROUTER, GUEST, TCP, wrong.pack(ROUTER, GUEST).replace(b"small8", b"small9"))
    line.wire.leaves_open = False
    line.router.send_ip(packet)
    line.pong()
    assert not client.received
    line.wire.leaves_open = True
    client.again = 0.3
    client.send(request)
    assert body(line.end(client))[0] == SMALL["/small7"]


@pytest.mark.parametrize("cable_is", [CABLE])
def test_an_address_by_dhcp_from_a_server_on_this_host_who_sums_nothing(
    cable_is: str, web: Kit, disk: Path, tmp_path: Path
) -> None:
    with started(Case(), web, disk, tmp_path, APPEND="") as line:
        DhcpServer(line.router, ROUTER, Lease(GUEST))
        line.guest.expect(f"^net0: {GUEST}/24")
        assert line.fetch("/small3") == SMALL["/small3"]
