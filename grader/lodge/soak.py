# SPDX-License-Identifier: MIT
"""The report of a soak: one page of what ran, how long, and what it showed.

    python -m lodge.soak FOLDER

FOLDER has results.xml, pytest's record of a whole run with --soak, and
load.json, the figures of its load (written by tests/test_soak.py). Both become
report.md and report.json there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
import xml.etree.ElementTree as xml
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lodge.load import Figures

# The last tenth's p99 over the first tenth's: below this it has not drifted.
DRIFT = 1.5


@dataclass(frozen=True)
class Counts:
    """How much a load asks for."""

    warm: int  # requests, before the figures that the last are held against
    requests: int
    connections: int  # of one request each, besides


@dataclass(frozen=True)
class Claim:
    """A sentence, and the tests that stand for it: all that match."""

    sentence: str
    tests: str

    def verdict(self, tests: dict[str, str]) -> str:
        results = {r for name, r in tests.items() if re.search(self.tests, name)}
        if not results:
            return "not run"
        return "holds" if results == {"passed"} else "FAILS"


CLAIMS = [
    Claim("A million mixed requests and ten thousand short connections: every answer right",
          r"test_soak.*test_every_answer_is_right"),
    Claim("Memory in use is what it was after 10,000",
          r"test_soak.*(test_memory_in_use|test_every_pool|test_nothing_of_the_disk)"),
    Claim("Descriptors and pcbs are all home",
          r"test_soak.*(test_descriptors|test_pcbs)_are_all_home"),
    Claim("Ten thousand random corruptions of an ext2 image: no panic, no hang, no report",
          r"test_ext2.*(corrupt|hostile)"),
    Claim("A million malformed frames: no panic, no hang, no report",
          r"test_frames.*malformed"),
    Claim("Fuzzing of parser, path, ext2 and virtqueue finds nothing",
          r"test_units.*fuzz"),
    Claim("clang-tidy, cppcheck and the lint are clean",
          r"test_tidy.*are_clean|test_lint.*nothing_to_complain"),
    Claim("Everything else that is tested", r"."),
]  # fmt: skip


def write_record(
    file: Path, counts: Counts, load: Figures, first: dict[str, int],
    warm: dict[str, int], last: dict[str, int],
) -> None:  # fmt: skip
    """What report() needs of a load."""
    record = {
        "counts": asdict(counts),
        "requests": load.requests,
        "connections": load.connections,
        "bytes": load.bytes,
        "seconds": round(load.seconds, 1),
        "kinds": dict(load.kinds.most_common()),
        "latency_ms": {f"p{p}": round(load.p(p), 2) for p in (50, 90, 99)},
        "measured": len(load.latency),
        "drift_p99": round(load.drift(), 2),
        "figures": {"first": first, "warm": warm, "last": last},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record, indent=2) + "\n")


def _tests(results: Path) -> tuple[dict[str, str], float]:
    """What became of each test, and how long all of them took."""
    suites = xml.parse(results).getroot()
    tests = {}
    for case in suites.iter("testcase"):
        bad = [c.tag for c in case if c.tag in ("failure", "error", "skipped")]
        name = f"{case.attrib['classname']}.{case.attrib['name']}"
        tests[name] = bad[0] if bad else "passed"
    return tests, sum(float(s.attrib["time"]) for s in suites.iter("testsuite"))


def _table(head: list[str], rows: Iterable[Iterable[object]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(str(c) for c in row)} |" for row in rows]


def _load_lines(load: dict[str, Any]) -> list[str]:
    """The load's part of the page."""
    counts, latency = load["counts"], load["latency_ms"]
    figures = load["figures"]
    rate = load["requests"] / max(load["seconds"], 0.001)
    shown = ["heap_bytes", "heap_blocks", "pages_used", "net_transmit_busy",
             "net_receive_ready", "streams_open", "cache_pinned"]  # fmt: skip
    return [
        "", "## Load", "",
        f"{load['requests']:,} requests over {load['connections']:,} connections in "
        f"{load['seconds']:,.0f} s: {rate:,.0f} a second, {load['bytes'] / 1e9:,.2f} GB. "
        + ", ".join(f"{k} {n:,}" for k, n in load["kinds"].items()) + ".",
        "",
        f"A single request in between took {latency['p50']} ms (median), "
        f"{latency['p99']} ms (p99); p99 of the last tenth over that of the first: "
        f"**{load['drift_p99']}** ({load['measured']:,} measured).",
        "",
        *_table(["in use", "at the start", f"after {counts['warm']:,}", "at the end"],
                ([n] + [figures[w].get(n) for w in ("first", "warm", "last")] for n in shown)),
    ]  # fmt: skip


def report(folder: Path) -> tuple[str, dict[str, Any]]:
    """The page and the same as a record."""
    tests, seconds = _tests(folder / "results.xml")
    verdicts = {c.sentence: c.verdict(tests) for c in CLAIMS}
    load = None
    if (folder / "load.json").exists():
        load = json.loads((folder / "load.json").read_text())
        drifted = load["drift_p99"] > DRIFT
        verdicts["p99 has not drifted"] = "FAILS" if drifted else "holds"
    failed = sorted(name for name, result in tests.items() if result != "passed")
    whole = "holds"
    if "FAILS" in verdicts.values():
        whole = "FAILS"
    elif "not run" in verdicts.values() or load is None:
        whole = "incomplete"

    lines = [
        "# Soak", "",
        f"{time.strftime('%Y-%m-%d %H:%M')}, {platform.machine()}, {os.cpu_count()} "
        f"processors: {len(tests)} tests in {seconds / 60:,.0f} minutes, "
        f"{len(failed)} of them not passed. The whole: **{whole}**.",
        "",
        *_table(["sentence", "verdict"], verdicts.items()),
        *(_load_lines(load) if load else ["", "No load was run to its end."]),
    ]  # fmt: skip
    if failed:
        lines += ["", "## Not passed", "", *(f"- {name}: {tests[name]}" for name in failed)]
    record = {"verdict": whole, "verdicts": verdicts, "failed": failed,
              "tests": len(tests), "seconds": seconds, "load": load}  # fmt: skip
    return "\n".join(lines) + "\n", record


def main() -> int:
    parser = argparse.ArgumentParser(prog="lodge.soak")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    if not (folder / "results.xml").exists():
        print("soak: the tests did not come to their end; there is nothing to report")
        return 1
    text, record = report(folder)
    (folder / "report.md").write_text(text)
    (folder / "report.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)
    print(f"soak: the same is in {folder / 'report.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
