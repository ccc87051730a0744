# SPDX-License-Identifier: MIT
"""`make bench` and `make ladder`: what they make of what they are told, and what
they say where something can't be had. How fast anything is, no test asks."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import threading
import time
import xml.etree.ElementTree as xml
from collections.abc import Callable
from pathlib import Path

import pytest

from lodge.bench import boots, fair, ladder, linux, packages, report, rounds, wrk
from lodge.bench.archive import Archive, joined
from lodge.bench.boots import LINUX, Boot
from lodge.bench.calm import Absences, NoWatch, Watch, calmest
from lodge.bench.chart import Group, Panel, draw
from lodge.bench.criteria import judge
from lodge.bench.figures import Figure, ratio, short, table
from lodge.bench.growth import Cost, answered
from lodge.bench.guest import Recipe
from lodge.bench.link import End
from lodge.bench.ours import FIRST
from lodge.bench.rounds import FEATURES, QUICK, Results, Sample
from lodge.bench.wrk import Answer, Load, NoLoad
from lodge.kit import ROOT
from shell import make, must, run

SAID = """Running 2s test @ http://10.77.1.2/1k
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.67ms    1.04ms  19.69ms   89.29%
    Req/Sec     9.99k     1.22k   12.15k    75.00%
  Latency Distribution
     50%  850.00us
     75%    1.98ms
     90%    2.63ms
     99%    1.20s
  20000 requests in 2.00s, 24.00MB read
  Socket errors: connect 0, read 3, write 0, timeout 7
  Non-2xx or 3xx responses: 5
Requests/sec:  10000.00
Transfer/sec:     12.00MB
"""


def test_what_wrk_says_is_read_with_all_that_went_wrong() -> None:
    answer = wrk.parse(SAID)
    assert (answer.requests, answer.seconds, answer.rate) == (20000, 2.0, 10000.0)
    assert answer.bytes == 24 << 20 and answer.mb_s == pytest.approx(12.58, abs=0.01)
    assert (answer.p50_ms, answer.p99_ms) == (pytest.approx(0.85), pytest.approx(1200))
    assert answer.errors == {"read": 3, "timeout": 7, "status": 5}
    clean = re.sub(r"  (Socket|Non).*\n", "", SAID)
    assert wrk.parse(clean).errors == {}


def test_what_large_files_cost_is_counted_by_their_bytes_as_most_are_still_under_way() -> None:
    def answers(requests: int, size: int) -> Answer:
        return Answer(requests, 1.0, size, 0.0, 0.0, {})

    assert answered(Load("/16m", 16), answers(1, 15 << 24)) == 15
    assert answered(Load("/1k", 16), answers(100, 130_000)) == 100
    assert answered(Load("/n10/1", 16), answers(0, 0)) == 1


@pytest.mark.parametrize("text", ["", "unable to connect to 10.77.1.2:80 Connection refused\n"])
def test_words_of_wrk_that_are_no_result_are_no_result(text: str) -> None:
    with pytest.raises(NoLoad, match="wrk said nothing of use"):
        wrk.parse(text)


def test_a_machine_without_wrk_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not wrk.is_here()
    with pytest.raises(NoLoad, match="there is no wrk here"):
        wrk.run("http://127.0.0.1", Load("/1k", 1), 1)


def test_a_machine_without_apt_is_told_that_it_has_no_linux_guest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(packages.Missing, match="apt has no kernel for virtual machines"):
        packages.unpack(tmp_path / "linux")


def test_figures_are_medians_with_spreads_and_ratios_are_taken_pair_by_pair() -> None:
    assert str(Figure.of([3, 1, 200])) == "3 (1 to 200)"
    assert ratio([10, 30, 90], [1, 2, 3]) == 15
    assert ratio([1], []) == 0
    assert [short(v) for v in (0.5, 2.25, 12.34, 12345.6)] == ["0.50", "2.2", "12.3", "12,346"]
    assert table(["", "a"], [["x", "10"]]) == "    a\nx  10"


# ---- The initramfs -----------------------------------------------------------


def entries(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """What is in it: modes and content, by name."""
    found, at = {}, 0
    while True:
        numbers = [int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        assert archive[at : at + 6] == b"070701" and at % 4 == 0
        name = archive[at + 110 : at + 109 + numbers[11]].decode()
        if name == "TRAILER!!!":
            return found
        start = (at + 110 + numbers[11] + 3) & ~3
        found[name] = (numbers[1], archive[start : start + numbers[6]])
        at = (start + numbers[6] + 3) & ~3


def test_an_initramfs_has_its_folders_before_what_is_in_them() -> None:
    archive = Archive()
    archive.file("usr/sbin/nginx", b"12345")
    archive.device("dev/null", 1, 3)
    archive.file("usr/sbin/other", b"")
    found = entries(archive.bytes())
    assert list(found) == ["usr", "usr/sbin", "usr/sbin/nginx", "dev", "dev/null",
                           "usr/sbin/other"]  # fmt: skip
    assert found["usr/sbin/nginx"] == (0o100755, b"12345")
    assert found["dev/null"][0] == 0o020666


def test_several_archives_stand_on_multiples_of_four() -> None:
    assert joined(b"12345", b"6") == b"12345\0\0\x006\0\0\0"


def test_modules_come_after_what_they_need_whatever_they_are_compressed_by(tmp_path: Path) -> None:
    def module(name: str, needs: str, packed: Callable[[bytes], bytes] = bytes) -> bytes:
        content = b"\x7fELF\0license=GPL\0depends=" + needs.encode() + b"\0name=" + name.encode()
        suffix = ".ko.gz" if packed is gzip.compress else ".ko"
        (tmp_path / f"{name}{suffix}").write_bytes(packed(content))
        return content

    net = module("virtio_net", "virtio,net-failover")
    core = module("virtio", "", gzip.compress)
    failover = module("net-failover", "")
    assert linux.module_order(tmp_path, ["virtio_net", "built_in"]) == [core, failover, net]


def test_nginx_has_the_same_configuration_in_the_guest_and_on_the_host() -> None:
    text = linux.configuration("80", "/www", "/run")
    assert "listen 80 " in text and "root /www;" in text and "@" not in text


def test_linux_stands_on_the_machine_of_our_guest_less_its_disk(tmp_path: Path) -> None:
    command = ("qemu", "-M", "q35", "-kernel", "ours", "-append", "ip=", "-netdev", "tap,id=net0",
               "-device", "virtio-net-pci", "-blockdev", "driver=raw", "-device",
               "virtio-blk-pci,drive=blk0", "-display", "none")  # fmt: skip
    ours = Recipe("ours", command, "10.77.1.2", 80, b"")
    other = linux.Linux(tmp_path / "k", tmp_path / "lean", tmp_path / "full", "6.1", "1.22")
    made = linux.recipe(other, ours, End("linux", 2))
    assert "blk" not in " ".join(made.command) and made.host == "10.77.2.2"
    assert made.command[:5] == ("qemu", "-M", "q35", "-kernel", str(tmp_path / "k"))
    assert "address=10.77.2.2 netmask=255.255.255.0" in made.command[6]
    assert made.command[-2:] == ("-initrd", str(tmp_path / "full"))


# ---- Downloads, each watched ------------------------------------------------


def test_each_downloads_share_is_counted() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n"

    def serve(one: socket.socket) -> None:
        with one:
            try:
                while one.recv(4096):
                    one.sendall(head + bytes(50000))
            except OSError:
                pass  # the client has seen enough

    def accept(server: socket.socket) -> None:
        for _ in range(1 + 3):
            one, _address = server.accept()
            threading.Thread(target=serve, args=(one,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        shares = fair.download("127.0.0.1", server.getsockname()[1], "/x", 3, 0.2)
    assert len(shares.bytes) == 3 and min(shares.bytes) > 0
    assert 0 < shares.least <= 1


def test_shares_are_held_against_a_fair_one() -> None:
    assert fair.Shares(1.0, [100, 100, 40], 0.1).least == pytest.approx(0.5)
    assert not fair.Shares(1.0, [], 0.1).stalled and fair.Shares(1.0, [1], 2.5).stalled


# ---- What is made of a run --------------------------------------------------


def found(on_tap: bool = True, errors: int = 0) -> Results:
    """A run of figures thought out."""
    def sample(rate: float) -> Sample:
        wrong = {"timeout": errors} if errors else {}
        return Sample(Answer(int(rate), 1.0, int(rate) * 1000, 1.0, 2.0, wrong), 10.0)

    results = Results(QUICK, on_tap)
    for load in QUICK.loads:
        cell = results.cell(load)
        cell.samples = {"ours": [sample(7700)], "linux": [sample(100)], "native": [sample(9900)]}
    for name in ("nothing", *FEATURES):
        every = [Load("/1k", c) for c in QUICK.features]
        results.features[name] = {n.name: rounds.Cell(n, {"ours": [sample(100)]}) for n in every}
    results.boots = {"q35": Boot([60], [100]), "microvm": Boot([20], [50]),
                     LINUX: Boot([], [2500], [100])}  # fmt: skip
    results.shares = {"ours": [fair.Shares(1.0, [100, 90], 0.1)]}
    results.image_bytes = {"ours": 200_000, "linux": 18_000_000}
    results.smallest_mib = {"ours": 3, "linux": 87}
    results.memory_mib = {"ours": 40.0, "linux": 252.0, "floor": 32.0}
    results.instructions = {"ours": Cost(2000, 300), "linux": Cost(40000, 12000)}
    results.grown = {"connections, 1 KiB": {"1": Cost(2500, 400)}}
    return results


def test_every_promise_is_judged_with_its_figure() -> None:
    criteria = judge(found())
    assert len(criteria) == 13 and all(c.met for c in criteria)
    assert [c.measured for c in criteria][:3] == ["77.0", "77.0", "77.0"]


def test_a_promise_that_is_not_kept_is_said_not_to_be() -> None:
    bad = found(errors=1)
    bad.boots["q35"] = Boot([60, 60, 60], [70, 160, 160])  # most, not the best
    bad.boots[LINUX] = Boot([], [2500], [160])
    unkept = [c.what for c in judge(bad) if c.met is False]
    assert unkept == ["boot to first byte: Linux's, to ours",
                      "boot to first byte over the floor, q35",
                      "errors and time-outs, all loads"]  # fmt: skip


def test_linux_boots_in_some_of_the_rounds_beside_ours_of_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booted: list[str] = []

    class Started:
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> Started:
            booted.append(self.name)
            return self

        def __exit__(self, *_: object) -> None: ...

        def first_serial_byte(self) -> float:
            return 0.001

        def first_http_byte(self) -> float:
            return len(booted) / 1000  # no two are the same

    class Ours:
        def recipe(self, place: object, floor: bool = False) -> str:
            return "floor" if floor else "ours"

    monkeypatch.setattr(boots, "started", Started)
    made = boots.measure(Ours(), (FIRST,), "linux", 7, 3)  # type: ignore[arg-type]
    assert booted == ["floor", "ours", "linux"] + ["floor", "ours"] * 3 + ["linux"] + [
        "floor", "ours"] * 2 + ["linux"] + ["floor", "ours"] * 2 + ["linux"]  # fmt: skip
    assert len(made[FIRST.name].floor) == len(made[FIRST.name].first_byte) == 7
    assert made[LINUX].beside == [b - 1 for b in made[LINUX].first_byte]


def test_the_watch_sees_for_how_long_it_was_kept_from_running(build: Path) -> None:
    watch = Watch(build / "bench")
    try:
        before = watch.now()
    except NoWatch as error:
        assert "real-time priority" in str(error)  # who may not have it is told so
        return
    assert len(before.processors) == len(os.sched_getaffinity(0))
    os.kill(watch.process.pid, signal.SIGSTOP)
    time.sleep(0.3)
    os.kill(watch.process.pid, signal.SIGCONT)
    while (seen := watch.now()).elapsed < before.elapsed + 400_000_000:
        pass  # until all have woken up
    for absent, earlier in zip(seen.processors, before.processors, strict=True):
        assert absent - earlier > 250_000_000
    with watch:
        pass
    with pytest.raises(NoWatch, match="the watch has ended"):
        watch.now()


def test_the_processor_that_was_absent_the_longest_counts() -> None:
    assert Absences.parse("500 22 10\n") == Absences(500, (22, 10))
    assert Absences(600, (22, 20)).since(Absences(500, (22, 10))) == pytest.approx(0.1)
    assert Absences(500, (22, 10)).since(Absences(500, (22, 10))) == 0


@pytest.mark.parametrize(
    "taken, chosen, share",
    [([2, 90, 90, 90, 90], 1, 0.002), ([90, 1, 0, 0, 0], 2, 0.001),
     ([90, 80, 90, 90, 90], 2, 0.08), ([70, 80, 90, 80, 90], 1, 0.07)],
)  # fmt: skip
def test_what_is_told_was_measured_while_the_least_was_taken(
    taken: list[int], chosen: int, share: float
) -> None:
    """At once when that is next to nothing, else the best of all tries."""
    looks = []
    for number, absent in enumerate(taken):
        looks += [Absences(1000 * number, (0,)), Absences(1000 * (number + 1), (absent,))]

    class Looks:
        def now(self) -> Absences:
            return looks.pop(0)

    made = iter(range(1, len(taken) + 1))
    found = calmest(Looks(), lambda: next(made))  # type: ignore[arg-type]
    assert found == (chosen, [pytest.approx(share)])
    assert calmest(None, lambda: 7) == (7, [])


def test_a_report_says_so_when_others_had_the_processors() -> None:
    results = found()
    results.taken = {"features": [0.0, 0.001, 0.5]}
    assert re.search(r"^features +0\.1 % +50\.0 %$", report.words(results), re.M)
    assert "a quieter hour" not in report.words(results)
    results.taken["each feature withheld"] = [0.1, 0.2, 0.3]
    assert "a quieter hour" in report.words(results)
    assert report.record(results, {}, {})["taken"]["features"]["median"] == 0.001


@pytest.mark.parametrize("measured", [0, 1, 5])
def test_what_an_interrupted_run_has_is_shown(measured: int) -> None:
    """Nothing, or so many of the first loads with features withheld."""
    results = Results(QUICK, True)
    loads = [Load("/1k", c) for c in QUICK.features]
    for at in range(measured):
        name = ("nothing", *FEATURES)[at // 3]
        cell = rounds.Cell(loads[at % 3], {"ours": [FINE]})
        results.features.setdefault(name, {})[loads[at % 3].name] = cell
    text = report.words(results)
    assert ("with one thing withheld" in text) == (measured > 0)
    assert len(re.findall(r"\b2\.5\b", text)) == measured
    assert "p99 to p50" in text and "met" not in latency(results)[1]
    assert report.record(results, {}, {})["criteria"]
    assert report.picture(results, "").startswith("<svg")


def latency(results: Results) -> tuple[str, str]:
    """Where it is the worst, and the verdict."""
    found = next(c for c in judge(results) if c.what.startswith("p99"))
    return found.what.partition("(")[2].rstrip(")"), found.verdict


SLOW = Sample(Answer(100, 1.0, 1000, 1.0, 3.5, {}), 10.0)
FINE = Sample(Answer(100, 1.0, 1000, 1.0, 2.5, {}), 10.0)


@pytest.mark.parametrize("connections", rounds.JUDGED)
@pytest.mark.parametrize("name", ["nothing", *FEATURES])
def test_latency_is_judged_with_every_feature_and_without_any_one(
    name: str, connections: int
) -> None:
    results, load = found(), Load("/1k", connections)
    cells = results.features[name]
    where = "everything on" if name == "nothing" else f"without {name}"
    cells[load.name].samples["ours"] = [SLOW]
    assert latency(results) == (f"{where}, {connections} connections", "NOT MET")
    cells[load.name].samples["ours"] = [SLOW, FINE, FINE]  # one bad round of three
    assert latency(results)[1] == "met"
    del cells[load.name]
    assert latency(results) == ("1 of 30 loads were not measured", "not judged")
    results.features["csum"]["/1k x 64" if connections == 1 else "/1k x 1"].samples["ours"] = [SLOW]
    assert latency(results)[1] == "NOT MET"


def test_other_loads_do_not_count_as_latency() -> None:
    """Nor those beside others, whom nobody hinders to wake up in between."""
    results = found()
    for load in (Load("/1k", 1), Load("/1k", 256), Load("/1k", 16, keep_alive=False), Load("/1m", 4)):
        results.cell(load).samples["ours"] = [SLOW]
    assert latency(results)[1] == "met"


def test_nothing_is_judged_over_the_user_network_nor_without_linux() -> None:
    assert {c.verdict for c in judge(found(on_tap=False))} == {"not judged"}
    alone = found()
    for cell in alone.cells.values():
        del cell.samples["linux"]
    del alone.boots[LINUX]
    verdicts = {c.what: c.verdict for c in judge(alone)}
    assert verdicts["requests/s, 1 KiB x 16, to Linux's"] == "not judged"
    assert verdicts["smallest memory"] == "met"


def test_a_run_in_which_nothing_could_be_had_is_reported_in_words() -> None:
    empty = Results(QUICK, on_tap=False, missing=["There is no Linux guest to measure beside ours."])
    text = report.words(empty)
    assert "There is no Linux guest" in text and "not measured" in text
    json.dumps(report.record(empty, {}, {}))
    xml.fromstring(report.picture(empty, "nothing"))


def test_the_report_has_each_figure_and_each_error() -> None:
    text = report.words(found(errors=3))
    for words in ("7,700", "/1k x 64, a connection each", "without event_idx", "Linux, q35",
                  "40,000", "alpine", "our guest, /1k x 16: 3 timeout"):  # fmt: skip
        assert words in text, words


def test_the_record_is_of_json_and_says_how_it_came_about() -> None:
    record = json.loads(json.dumps(report.record(found(), {"processors": 2}, {"accelerator": "tcg"})))
    assert record["machine"] == {"processors": 2} and record["link"] == "tap"
    assert record["accelerator"] == "tcg" and len(record["loads"]) == len(QUICK.loads)
    ours = record["loads"][0]["servers"]["ours"]
    assert ours["rate"] == {"median": 7700, "low": 7700, "high": 7700} and ours["errors"] == {}
    assert set(record["features"]) == {"nothing", *FEATURES}
    assert {c["verdict"] for c in record["criteria"]} == {"met"}


def test_the_chart_is_xml_with_the_figures_in_it() -> None:
    picture = report.picture(found(), "Medians of 1 <&>")
    texts = [t.text for t in xml.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    for words in ("7,700", "2,500", "our guest", "Medians of 1 <&>"):
        assert words in texts, words
    assert "prefers-color-scheme: dark" in picture


def test_a_bar_is_as_long_as_its_figure_is_large() -> None:
    panel = Panel("x", [Group("a", [50.0, None]), Group("b", [100.0, 0.0])])
    picture = xml.fromstring(draw("t", "", ["one", "two"], [[panel]]))
    bars = [float(r.attrib["width"]) for r in picture.iter("{http://www.w3.org/2000/svg}rect")
            if r.attrib.get("height") == "14"]  # fmt: skip
    assert bars == [95.0, 190.0, 1.0]


# ---- The ladder ---------------------------------------------------------------


def test_the_ladder_has_a_rung_for_all_that_can_be_withheld() -> None:
    header = (ROOT / "kernel/without/without.c").read_text()
    names = re.findall(r'\[WITHOUT_\w+\] = "(\w+)"', header)
    assert sorted(names) == sorted(FEATURES)
    rungs = ladder.rungs()
    assert sorted(rung.gives for rung in rungs) == sorted(["", *names])
    assert rungs[0].append == f"without={','.join(FEATURES)}" and rungs[-1].append == ""
    assert [len(rung.withheld) for rung in rungs] == list(range(len(names), -1, -1))


def test_the_ladder_is_a_table_a_record_and_a_chart() -> None:
    made = ladder.rungs()
    for number, rung in enumerate(made, 1):
        rung.rates, rung.mb_s, rung.cold_mb_s = [100.0 * number], [10.0 * number], [5.0]
    made[-1].cost, made[-1].errors = Cost(2000, 300), 4
    assert "x2.00" in ladder.words(made) and "2,000" in ladder.words(made)
    record = json.loads(json.dumps(ladder.record(made)))
    assert record[1]["gives"] == "content" and record[-1]["errors"] == 4
    xml.fromstring(ladder.picture(made, "below"))


def test_a_bench_that_is_asked_for_no_number_says_so(tmp_path: Path) -> None:
    refused = run("python3", "-m", "lodge.bench", tmp_path, "x", "--ladder", at=ROOT / "grader")
    assert refused.status == 1 and "RUNS=x is no number of runs" in refused.output


def test_make_hands_on_how_long_a_run_may_be(build: Path) -> None:
    said = must(make("-n", "bench", "QUICK=1", "RUNS=3", f"BUILD={build}")).output
    assert re.search(r"lodge\.bench\s[^\n]*\n?\s*'\S+' '3' --quick", said), said
    assert "--ladder" in must(make("-n", "ladder", f"BUILD={build}")).output


def test_a_quick_bench_comes_to_its_end(build: Path, soak: bool) -> None:
    # Without --soak, as far as it takes to see that it can begin.
    goals = ("bench", "QUICK=1") if soak else ("-n", "bench", "QUICK=1")
    said = must(make(*goals, f"BUILD={build}")).output
    if soak:
        assert "What was promised" in said
        record = json.loads((build / "bench/bench.json").read_text())
        assert record["boots"]["q35"]["first_byte_ms"]["median"] > 0
