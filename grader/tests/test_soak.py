# SPDX-License-Identifier: MIT
"""After very many requests the guest is what it was after a few: a sample in
`make test`, a million requests and ten thousand connections in `make soak`,
and on for as long as it is told (HOURS=)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lodge.kit import Kit
from lodge.load import Ask, Figures, Load, Wrong
from lodge.machine import Machine, Pace
from lodge.soak import Counts, report, write_record
from lodge.web import at_rest, serving, site_of

SAMPLE = Counts(warm=2_000, requests=20_000, connections=500)
SOAK = Counts(warm=10_000, requests=1_000_000, connections=10_000)


@dataclass(frozen=True)
class Soaked:
    """What was done, and the guest's figures before, after a few, and after."""

    counts: Counts
    load: Figures
    first: dict[str, int]
    warm: dict[str, int]
    last: dict[str, int]

    def same(self, *names: str) -> None:
        for name in names:
            assert self.last[name] == self.warm[name], (
                f"{name} was {self.warm[name]} after {self.counts.warm} requests and is "
                f"{self.last[name]} after {self.load.requests}"
            )


@pytest.fixture(scope="module")
def soaked(
    kit: Kit, build: Path, soak: bool, request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Soaked]:  # fmt: skip
    kit.build_app("web")
    counts = SOAK if soak else SAMPLE
    folder = tmp_path_factory.mktemp("soak")
    with Machine(kit, "web", folder, pace=Pace(4), PORT="0") as guest:
        port = serving(guest)
        first = at_rest(guest, port)
        load = Load(port, site_of(kit), "soak")
        end = time.monotonic() + 3600 * request.config.getoption("hours")
        try:
            load.mixed(counts.warm)
            load.short(counts.connections // 20)
            warm = at_rest(guest, port)
            load.mixed(counts.requests - counts.warm, more=lambda: time.monotonic() < end)
            load.short(counts.connections - counts.connections // 20)
        except (OSError, Wrong):
            guest.raise_if_dead("answer")
            raise
        last = at_rest(guest, port)
        result = Soaked(counts, load.figures, first, warm, last)
        name = "load.json" if soak else "sample.json"
        write_record(build / "soak" / name, counts, load.figures, first, warm, last)
        yield result


def test_every_answer_is_right_whatever_was_asked_before(soaked: Soaked) -> None:
    """Each was looked at when it came: see lodge/load.py."""
    assert soaked.load.requests >= soaked.counts.requests
    assert soaked.load.connections >= soaked.counts.connections
    kinds = set(soaked.load.kinds)
    for kind in ("GET", "HEAD", "range", "304", "404", "400", "abort", "refused", "short"):
        assert kind in kinds, f"no {kind} among {sorted(kinds)}"


def test_memory_in_use_is_what_it_was_after_the_first_requests(soaked: Soaked) -> None:
    soaked.same("heap_bytes", "heap_blocks", "pages_used", "pages_total")


def test_descriptors_are_all_home(soaked: Soaked) -> None:
    assert soaked.last["net_transmit_busy"] == 0
    # The frame that asks for the figures is in the guest's hands meanwhile.
    assert soaked.last["net_receive_buffers"] - soaked.last["net_receive_ready"] <= 1
    soaked.same("pool_transmit", "pool_received", "pool_borrowed")


def test_pcbs_are_all_home(soaked: Soaked) -> None:
    """But for those that rest for a minute, as TCP has it."""
    for figures in (soaked.warm, soaked.last):
        in_use = figures["pool_TCP_PCB"] - figures["streams_resting"]
        assert in_use == figures["streams_open"] == 1
    soaked.same("connections", "streams_open", "streams_limit", "pool_TCP_PCB_LISTEN")


def test_every_pool_has_what_it_had(soaked: Soaked) -> None:
    """But for those of connections that wait to be forgotten, of which each has
    a PCB and a place in the table."""
    resting = {"pool_TCP_PCB", "pool_connections"}
    pools = [n for n in soaked.last if n.startswith("pool_") and n not in resting]
    assert len(pools) > 10
    soaked.same(*pools)
    assert soaked.last["pool_connections"] == soaked.last["pool_TCP_PCB"]


def test_nothing_of_the_disk_is_pinned_or_on_its_way(soaked: Soaked) -> None:
    assert soaked.last["cache_pinned"] == soaked.last["cache_reading"] == 0
    assert soaked.last["cache_errors"] == 0
    assert soaked.last["cache_hits"] > soaked.warm["cache_hits"]


def test_how_long_an_answer_takes_is_measured_all_along(soaked: Soaked) -> None:
    """No limit is set here: the report shows how p99 has drifted."""
    assert len(soaked.load.latency) >= 20
    assert soaked.load.p(99) >= soaked.load.p(50) > 0
    assert soaked.load.drift() > 0


def test_a_load_goes_on_for_as_long_as_it_is_told(kit: Kit, tmp_path: Path) -> None:
    kit.build_app("web")
    with Machine(kit, "web", tmp_path, pace=Pace(4), PORT="0") as guest:
        load = Load(serving(guest), site_of(kit), "hours")
        load.mixed(10, more=lambda: load.figures.requests < 2_000)
        assert load.figures.requests >= 2_000


# ---- Who asks is no less careful ------------------------------------------------


ASK = Ask("GET", b"GET / HTTP/1.1\r\n\r\n", 200, 5, 0x3610A686, body=True)


@pytest.mark.parametrize(
    ("status", "length", "content", "said"),
    [
        (404, 5, b"hello", "404, not 200"),
        (200, 4, b"hell", "4 bytes, not 5"),
        (200, 5, b"hallo", "other content"),
    ],
)
def test_the_load_notices_a_wrong_answer(
    status: int, length: int, content: bytes, said: str
) -> None:
    ASK.check(200, 5, memoryview(b"hello"))
    with pytest.raises(Wrong, match=said):
        ASK.check(status, length, memoryview(content))


@pytest.mark.parametrize(("drift", "verdict"), [(1.2, "holds"), (2.0, "FAILS")])
def test_the_report_is_a_page_and_says_whether_p99_has_drifted(
    drift: float, verdict: str, tmp_path: Path
) -> None:
    results = tmp_path / "results.xml"
    results.write_text('<testsuites><testsuite tests="0" time="1.0"/></testsuites>')
    count = 100_000
    slow = [drift * 0.01] * (count // 10)
    figures = Figures(seconds=9.0, latency=[0.01] * (count - len(slow)) + slow)
    write_record(tmp_path / "load.json", SOAK, figures, {}, {}, {})
    text, record = report(tmp_path)
    assert record["verdicts"]["p99 has not drifted"] == verdict
    assert f"| p99 has not drifted | {verdict} |" in text
    assert len(text.splitlines()) < 60


def test_the_report_says_what_is_missing(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text('<testsuites><testsuite tests="0" time="1.0"/></testsuites>')
    text, record = report(tmp_path)
    assert "not run" in text and record["verdict"] == "incomplete"
    json.dumps(record)
