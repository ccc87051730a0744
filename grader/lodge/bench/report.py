# SPDX-License-Identifier: MIT
"""What a person reads of a run: tables, a picture, and a record for programs."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from lodge.bench import boots, criteria
from lodge.bench.calm import CALM
from lodge.bench.chart import Group, Panel, draw
from lodge.bench.figures import Figure, short, table
from lodge.bench.rounds import Cell, Results, Sample, cpu, mb_s, p50, p99, rate, tail
from lodge.bench.wrk import Load

SERVERS = {"ours": "our guest", "linux": "Linux with nginx", "native": "nginx, no guest"}

# Compressed or not as published, in MB: they still need a kernel under them.
BASE_IMAGES = {
    "distroless/static": 2.0,
    "alpine, compressed": 3.5,
    "debian-slim, compressed": 27.0,
    "ubuntu": 78.0,
}


def _cells(results: Results, of: Callable[[Sample], float], small: bool) -> str:
    """A table of loads by servers, with ratios."""
    rows = []
    for cell in results.cells.values():
        if (cell.load.path == "/1k") != small or not cell.samples:
            continue
        figures = [str(cell.figure(who, of) or "") for who in SERVERS]
        ratio = cell.ratio("ours", "linux", of)
        rows.append([cell.load.name, *figures, short(ratio) if ratio else ""])
    return table(["", *SERVERS.values(), "ours to Linux's"], rows)


def _errors(results: Results) -> list[str]:
    found = []
    for cell in results.cells.values():
        for who in cell.samples:
            if errors := cell.errors(who):
                said = ", ".join(f"{n} {kind}" for kind, n in errors.items())
                found.append(f"{SERVERS[who]}, {cell.load.name}: {said}")
    for name, cells in results.features.items():
        for cell in cells.values():
            if errors := cell.errors("ours"):
                said = ", ".join(f"{n} {kind}" for kind, n in errors.items())
                found.append(f"our guest without {name}, {cell.load.name}: {said}")
    return found


def _sizes(results: Results) -> str:
    rows = [[SERVERS[who] + ("" if who == "ours" else ", kernel and payload"),
             f"{n / 1e6:.2f}"] for who, n in results.image_bytes.items()]  # fmt: skip
    rows += [[f"{name} (as published)", f"{mb:.2f}"] for name, mb in BASE_IMAGES.items()]
    return table(["image", "MB"], rows)


def _memory(results: Results) -> str:
    rows = []
    for who, name in SERVERS.items():
        if who in results.memory_mib:
            least = results.smallest_mib.get(who)
            rows.append([name, str(least or "?"), short(results.memory_mib[who])])
    if "floor" in results.memory_mib:
        rows.append(["an empty guest", "", short(results.memory_mib["floor"])])
    return table(["MiB", "smallest -m", "of the host, serving"], rows)


def _features(results: Results) -> str:
    def shown(cell: Cell | None, of: Callable[[Sample], float]) -> str:
        figure = cell.figure("ours", of) if cell else None
        return short(figure.median) if figure else ""

    first = next(iter(results.features.values()), {})
    rows = []
    for name, cells in results.features.items():
        row = [f"without {name}"]
        for load in first:
            small = first[load].load.path == "/1k"
            row += [shown(cells.get(load), of) for of in ((rate, tail) if small else (mb_s,))]
        rows.append(row)
    head = [""]
    for cell in first.values():
        if cell.load.path == "/1k":
            head += [f"{cell.load.name} /s", "p99:p50"]
        else:
            head.append(f"{cell.load.name} MB/s")
    return table(head, rows)


def _shares(results: Results) -> str:
    rows = []
    for who, shares in results.shares.items():
        least = Figure.of([s.least for s in shares])
        longest = max(s.longest_s for s in shares)
        rows.append([SERVERS[who], str(least), f"{longest:.2f} s"])
    return table(["16 MiB x 16", "the least share, of a fair one", "longest without a byte"], rows)


def _instructions(results: Results) -> str:
    rows = [[SERVERS[who], short(c.instructions), short(c.blocks)]
            for who, c in results.instructions.items()]  # fmt: skip
    for what, steps in results.grown.items():
        rows.append([what, "", ""])
        rows += [[f"    {n}", short(c.instructions), short(c.blocks)] for n, c in steps.items()]
    return table(["a request, 1 KiB x 16", "instructions", "blocks"], rows)


def _taken(results: Results) -> str:
    rows = [[part, f"{100 * median(shares):.1f} %", f"{100 * max(shares):.1f} %"]
            for part, shares in results.taken.items() if shares]  # fmt: skip
    text = table(["of the processors", "median", "most"], rows)
    if any(median(shares) > CALM for shares in results.taken.values() if shares):
        text += (
            "\n\nOthers had this machine's processors while its programs waited for them: every "
            "p99\nhas that in it. At a quieter hour they are the guest's own."
        )
    return text


def words(results: Results) -> str:
    """All of it, for a terminal."""
    parts: list[tuple[str, str]] = []
    if results.boots:
        title = "From the start to the first byte, ms: median (lowest to highest)"
        parts.append((title, boots.words(results.boots)))
    if results.cells:
        parts += [
            ("Requests a second", _cells(results, rate, small=True)),
            ("MB a second", _cells(results, mb_s, small=False)),
            ("Latency, p50, ms", _cells(results, p50, small=True)),
            ("Latency, p99, ms", _cells(results, p99, small=True)),
            ("Latency, p99 to p50", _cells(results, tail, small=True)),
            ("The host's processor time a request, us", _cells(results, cpu, small=True)),
        ]
    if results.shares:
        parts.append(("Fairness", _shares(results)))
    if results.features:
        parts.append(("Our guest, with one thing withheld", _features(results)))
    if results.image_bytes:
        parts.append(("Size", _sizes(results)))
    if results.memory_mib:
        parts.append(("Memory", _memory(results)))
        parts.append(("Idle", f"{results.idle_percent:.1f} % of a processor of the host's"))
    if results.instructions or results.grown:
        parts.append(("Guest instructions and blocks of them", _instructions(results)))
    if found := _errors(results):
        parts.append(("Errors, as wrk counts them", "\n".join(found)))
    if any(results.taken.values()):
        parts.append(("Taken by others while it was measured", _taken(results)))
    if results.missing:
        parts.append(("What could not be had", "\n".join(results.missing)))
    made = criteria.judge(results)
    rows = [[c.what, c.wanted, c.measured, c.verdict] for c in made]
    parts.append(("What was promised", table(["", "wanted", "measured", ""], rows)))
    return "\n\n".join(f"{title}\n\n{text}" for title, text in parts)


def _record(cell: Cell) -> dict[str, Any]:
    of = {"rate": rate, "mb_s": mb_s, "p50_ms": p50, "p99_ms": p99, "cpu_us": cpu}
    servers = {
        who: {name: vars(Figure.of(cell.values(who, f))) for name, f in of.items()}
        | {"errors": cell.errors(who)}
        for who in cell.samples
    }
    return {"path": cell.load.path, "connections": cell.load.connections,
            "keep_alive": cell.load.keep_alive, "servers": servers}  # fmt: skip


def record(results: Results, machine: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """For a program. `said`: which accelerator, which versions."""
    return {
        "machine": machine,
        **said,
        "link": "tap" if results.on_tap else "user",
        "boots": {name: boot.record() for name, boot in results.boots.items()},
        "loads": [_record(cell) for cell in results.cells.values()],
        "shares": {
            who: [{"least": s.least, "longest_s": s.longest_s} for s in shares]
            for who, shares in results.shares.items()
        },
        "features": {
            name: [_record(cell) for cell in cells.values()]
            for name, cells in results.features.items()
        },
        "image_bytes": results.image_bytes,
        "smallest_mib": results.smallest_mib,
        "memory_mib": results.memory_mib,
        "idle_percent": results.idle_percent,
        "instructions": {who: vars(c) for who, c in results.instructions.items()},
        "growth": {
            what: {n: vars(c) for n, c in steps.items()} for what, steps in results.grown.items()
        },
        "missing": results.missing,
        "taken": {part: vars(Figure.of(s)) for part, s in results.taken.items() if s},
        "criteria": [vars(c) | {"verdict": c.verdict} for c in criteria.judge(results)],
    }


def _group(results: Results, load: Load, label: str, of: Callable[[Sample], float]) -> Group:
    figures = [results.cell(load).figure(who, of) for who in SERVERS]
    return Group(label, [f.median if f else None for f in figures])


def picture(results: Results, below: str) -> str:
    """The chart."""
    plan = results.plan

    def small(keep: bool, of: Callable[[Sample], float]) -> list[Group]:
        return [_group(results, Load("/1k", c, keep), f"{c} conn.", of) for c in plan.connections]

    def large(path: str) -> list[Group]:
        return [_group(results, Load(path, c), f"{c} conn.", mb_s) for c in plan.downloads]

    def single(of: dict[str, Any], unit: str = "") -> list[Group]:
        values = [of.get(who) for who in SERVERS]
        return [Group(unit, values)] if any(values) else []

    first_byte: dict[str, float] = {}
    if results.boots:
        first_byte["ours"] = Figure.of(results.boots["q35"].first_byte).median
        if linux := results.boots.get(boots.LINUX):
            first_byte["linux"] = Figure.of(linux.first_byte).median
    megabytes = {who: n / 1e6 for who, n in results.image_bytes.items()}
    counted = {who: c.instructions for who, c in results.instructions.items()}
    rows = [
        [Panel("Requests/s, 1 KiB, keep-alive", small(True, rate)),
         Panel("Requests/s, a connection each", small(False, rate)),
         Panel("p99, ms, 1 KiB, keep-alive", small(True, p99))],
        [Panel("MB/s, 1 MiB", large("/1m")), Panel("MB/s, 16 MiB", large("/16m")),
         Panel("Host CPU a request, µs, 1 KiB", small(True, cpu))],
        [Panel("Boot to first byte, ms", single(first_byte)),
         Panel("Image, MB", single(megabytes)),
         Panel("Host memory, serving, MiB", single(results.memory_mib))],
        [Panel("Guest instructions a request, 1 KiB, 16 conn.", single(counted))],
    ]  # fmt: skip
    return draw("The web server, beside Linux with nginx", below, list(SERVERS.values()), rows)
