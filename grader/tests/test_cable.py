# SPDX-License-Identifier: MIT
"""What the other end of a guest's cable does for a card (lodge/offload.py): if
that were wrong, test_segments.py would prove nothing."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from lodge.ethernet import (
    ACK, FIN, IPV4, PSH, TCP, UDP, Ethernet, IPv4, Segment, Udp, checksum,
)  # fmt: skip
from lodge.offload import Offload, left_open
from lodge.peer import Wire
from lodge.peer_tap import TapWire, cable
from lodge.tap import open_tap

US, THEM = "10.0.0.1", "10.0.0.2"
DATA = random.Random(1).randbytes(50_001)


def framed(protocol: int, data: bytes, ident: int = 0) -> bytes:
    packet = IPv4(US, THEM, protocol, data, ident)
    return Ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", IPV4, packet.pack()).pack()


def large(flags: int, seq: int = 0xFFFF_F000) -> tuple[Offload, bytes]:
    """As a driver hands it to a card that cuts: numbers wrap in the middle."""
    segment = Segment(80, 20001, seq, 7, flags, 500, DATA)
    header, frame = left_open(framed(TCP, segment.pack(US, THEM), 0xFFFE))
    return replace(header, gso_type=1, gso_size=1460, hdr_len=54), frame


def test_a_large_segment_is_cut_as_its_header_says() -> None:
    header, frame = large(ACK | PSH | FIN)
    parts = [IPv4.read(Ethernet.read(f).data) for f in header.finished(frame)]
    assert [p.ident for p in parts[:3]] == [0xFFFE, 0xFFFF, 0]
    segments = [Segment.read(p) for p in parts]  # checksums and all
    assert b"".join(s.data for s in segments) == DATA
    for number, s in enumerate(segments):
        assert s.seq == (0xFFFF_F000 + 1460 * number) % (1 << 32)
        assert s.flags == (ACK | PSH | FIN if s is segments[-1] else ACK)
        assert len(s.data) == 1460 or s is segments[-1]


@pytest.mark.parametrize("size", [0, 1, 2, 999, 1400])
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_what_was_left_open_is_finished_as_it_was(protocol: int, size: int) -> None:
    segment = Segment(80, 20001, 1, 7, ACK, 500, DATA[:size])
    datagram = Udp(67, 68, DATA[:size])
    whole = framed(protocol, (segment if protocol == TCP else datagram).pack(US, THEM))
    header, frame = left_open(whole)
    assert header.sums and frame != whole and Offload.read(header.pack()) == header
    if protocol == TCP:
        assert header.finished(frame) == [whole]
    with pytest.raises(ValueError, match="a wrong"):
        packet = IPv4.read(Ethernet.read(frame).data)
        Segment.read(packet) if protocol == TCP else Udp.read(packet)


def test_what_a_driver_should_not_ask_for_is_told() -> None:
    header, frame = large(ACK)
    for changed, told in (
        ({"gso_type": 0, "gso_size": 0}, "a frame of 50055 bytes that is not to be cut"),
        ({"flags": 0}, "to be cut whose checksums nobody is to make"),
        ({"flags": 2}, "flags 0x2"),
        ({"gso_type": 3}, "gso_type 0x3"),
        ({"gso_size": 0}, "pieces of nothing"),
        ({"gso_size": 1461}, "to be cut by 1461"),
        ({"csum_start": 35}, "a checksum from 35 into 51"),
        ({"csum_offset": 6}, "a checksum from 34 into 40"),
    ):
        with pytest.raises(ValueError, match=told):
            replace(header, **changed).finished(frame)
    spoilt = frame[:50] + struct.pack("!H", 1) + frame[52:]
    with pytest.raises(ValueError, match="0x0001 for a pseudo-header's sum"):
        header.finished(spoilt)
    with pytest.raises(ValueError, match="in no segment of TCP"):
        header.finished(framed(UDP, Udp(67, 68, DATA).pack(US, THEM)))


def test_the_checksum_is_that_of_words_with_the_carry_put_back() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D  # of RFC 1071 §3
    assert [checksum(d) for d in (b"", bytes(8), b"\xff" * 8, b"\x12")] == [0xFFFF, 0xFFFF, 0, 0xEDFF]


def test_where_no_tap_can_be_had_a_cable_offers_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wire = cable()
    had = open_tap()
    assert isinstance(wire, TapWire) == (had is not None)
    for one in (wire, had):
        if one:
            one.close()
    monkeypatch.setattr("lodge.tap._SPACES", (["no-such-program"],) * 2)
    plain = cable()
    assert type(plain) is Wire
    plain.close()
