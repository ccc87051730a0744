# SPDX-License-Identifier: MIT
"""A flame graph: how often each chain of calls was met, as a picture.

A box is a function, as wide as it was often met; it stands on the one that
called it, and what it called stands on it. From left to right is by name, not
by time. The picture is one SVG file that needs nothing else: a click on a box
makes it as wide as all, and what is typed into its field is searched for.

Stacks are tuples of names, outermost first. As text, for other tools: a line
"main;event_run;tcp_input 42" each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from zlib import crc32

Stack = tuple[str, ...]

WIDTH, ROW, EDGE, TOP = 1200, 18, 10, 64
LETTER = 6.7  # width of one, in a box
# What is narrower than so many is left out; the text has it.
LEAST = 0.3

# Hues of rooms, in the order in which they get them.
_HUES = (205, 130, 35, 280, 350, 60, 175, 320, 95, 240, 15, 155)


def folded(stacks: Mapping[Stack, int]) -> str:
    return "".join(f"{';'.join(s)} {n}\n" for s, n in sorted(stacks.items()))


def unfolded(text: str) -> Counter[Stack]:
    stacks: Counter[Stack] = Counter()
    for line in text.splitlines():
        names, _, count = line.rpartition(" ")
        stacks[tuple(names.split(";"))] += int(count)
    return stacks


@dataclass
class Box:
    name: str
    depth: int  # 0: all
    at: int = 0  # samples to the left of it
    count: int = 0
    inner: dict[str, Box] = field(default_factory=dict)

    def walk(self) -> Iterator[Box]:
        yield self
        for name in sorted(self.inner):
            yield from self.inner[name].walk()


def boxes(stacks: Mapping[Stack, int]) -> Box:
    """The outermost box, which has all of them in it."""
    root = Box("all", 0)
    for stack, count in sorted(stacks.items()):
        box = root
        box.count += count
        for name in stack:
            box = box.inner.setdefault(name, Box(name, box.depth + 1))
            box.count += count
    _place(root)
    return root


def _place(box: Box) -> None:
    at = box.at
    for name in sorted(box.inner):
        box.inner[name].at = at
        at += box.inner[name].count
        _place(box.inner[name])


@dataclass(frozen=True)
class Row:
    """A line of the table: `own` samples in it, `total` in it and below."""

    name: str
    own: int
    total: int


def table(stacks: Mapping[Stack, int]) -> list[Row]:
    """All functions, those with most of their own first."""
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for stack, count in stacks.items():
        own[stack[-1]] += count
        for name in set(stack):
            total[name] += count
    rows = [Row(name, own[name], n) for name, n in total.items()]
    return sorted(rows, key=lambda r: (-r.own, -r.total, r.name))


# ---- The picture ----------------------------------------------------------------

_STYLE = """
svg { --paper: #fff; --ink: #1b1b1b; --dim: #666; --light: 78%; --found: #e0007a; background: var(--paper) }
@media (prefers-color-scheme: dark) {
  svg { --paper: #16181c; --ink: #e8e8e8; --dim: #9a9a9a; --light: 62%; --found: #ff4fb0 }
}
text { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--ink) }
.title { font: 600 17px system-ui, sans-serif }
.dim { font: 12px system-ui, sans-serif; fill: var(--dim) }
.box { cursor: pointer }
.box rect { stroke: var(--paper); stroke-width: .7 }
.box text { fill: #10131a; font-size: 11px; pointer-events: none }
.box:hover rect { stroke: var(--ink); stroke-width: 1.4 }
.above rect { opacity: .45 }
.found rect { fill: var(--found) !important }
input { font: 13px system-ui, sans-serif; width: 15em; box-sizing: border-box; padding: 2px 6px;
  color: var(--ink); background: var(--paper); border: 1px solid var(--dim); border-radius: 4px }
"""

_SCRIPT = """
const svg = document.currentScript.closest("svg");
const boxes = [...svg.querySelectorAll(".box")].map(g => ({
  g, rect: g.querySelector("rect"), text: g.querySelector("text"),
  name: g.dataset.n, at: +g.dataset.a, count: +g.dataset.c, depth: +g.dataset.d }));
const all = boxes[0], says = svg.querySelector("#says"), field = svg.querySelector("input");
const WIDTH = %(width)d, EDGE = %(edge)d, LETTER = %(letter)s;
function zoom(to) {
  for (const b of boxes) {
    const above = b.depth < to.depth && b.at <= to.at && b.at + b.count >= to.at + to.count;
    const inside = b.depth >= to.depth && b.at >= to.at && b.at + b.count <= to.at + to.count;
    b.g.style.display = above || inside ? "" : "none";
    b.g.classList.toggle("above", above);
    const x = above ? 0 : (b.at - to.at) / to.count * WIDTH;
    const w = above ? WIDTH : b.count / to.count * WIDTH;
    b.rect.setAttribute("x", EDGE + x);
    b.rect.setAttribute("width", w);
    b.text.setAttribute("x", EDGE + x + 3);
    const room = Math.floor((w - 6) / LETTER);
    b.text.textContent = room < 3 ? "" : b.name.length <= room ? b.name : b.name.slice(0, room - 1) + "\\u2026";
  }
}
function search(word) {
  let sum = 0, end = -1;
  for (const b of boxes) {
    const hit = word !== "" && b !== all && b.name.includes(word);
    b.g.classList.toggle("found", hit);
    if (hit && b.at >= end) { sum += b.count; end = b.at + b.count; }
  }
  says.textContent = word === "" ? "" : (100 * sum / all.count).toFixed(1) + " %% of all";
}
for (const b of boxes) b.g.addEventListener("click", () => zoom(b));
field.addEventListener("input", () => search(field.value));
addEventListener("keydown", e => { if (e.key === "Escape") { field.value = ""; search(""); zoom(all); } });
"""


def _colors(rooms: list[str]) -> dict[str, str]:
    hues = {room: _HUES[i % len(_HUES)] for i, room in enumerate(rooms)}
    return {room: f"hsl({hue} 62% var(--light))" for room, hue in hues.items()} | {
        "": "hsl(0 0% var(--light))"
    }


def _label(name: str, width: float) -> str:
    room = int((width - 6) / LETTER)
    return "" if room < 3 else name if len(name) <= room else name[: room - 1] + "\u2026"


def _shade(name: str) -> str:
    """Neighbours of one room differ a little."""
    return f"{0.82 + crc32(name.encode()) % 19 / 100:.2f}"


def _box(box: Box, root: Box, height: int, color: str, hint: str) -> str:
    x = EDGE + box.at / root.count * WIDTH
    width = box.count / root.count * WIDTH
    y = height - EDGE - (box.depth + 1) * ROW
    share = 100 * box.count / root.count
    title = f"{box.name}: {share:.2f} %, {box.count} samples{hint}"
    return (
        f'<g class="box" data-n="{escape(box.name)}" data-a="{box.at}" data-c="{box.count}"'
        f' data-d="{box.depth}"><title>{escape(title)}</title>'
        f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 1}" rx="2"'
        f' style="fill:{color};fill-opacity:{_shade(box.name)}"/>'
        f'<text x="{x + 3:.2f}" y="{y + 12.5}">{escape(_label(box.name, width))}</text></g>\n'
    )


def _legend(colors: Mapping[str, str]) -> str:
    text, x = "", EDGE
    for room, color in colors.items():
        if room:
            text += f'<rect x="{x}" y="45" width="11" height="11" rx="2" style="fill:{color}"/>'
            text += f'<text class="dim" x="{x + 15}" y="55">{escape(room)}</text>\n'
            x += 32 + 7 * len(room)
    return text


def svg(
    stacks: Mapping[Stack, int],
    title: str,
    said: str = "",
    room: Callable[[str], str] = lambda name: "",
    where: Callable[[str], str] = lambda name: "",
) -> str:
    """`said` stands below the title. `room` of a function gives it its color,
    and `where` is shown with it; both may be ""."""
    root = boxes(stacks)
    every = [b for b in root.walk() if b.count * WIDTH >= LEAST * root.count]
    height = TOP + 2 * EDGE + ROW * (1 + max((b.depth for b in every), default=0))
    weights: Counter[str] = Counter()
    for b in every:
        weights[room(b.name)] += b.count
    colors = _colors([r for r, _ in weights.most_common() if r])
    drawn = "".join(
        _box(b, root, height, colors[room(b.name)], f", {w}" if (w := where(b.name)) else "")
        for b in every
        if root.count
    )
    full = WIDTH + 2 * EDGE
    script = _SCRIPT % {"width": WIDTH, "edge": EDGE, "letter": LETTER}
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full} {height}"'
        f' width="{full}" height="{height}">\n<style>{_STYLE}</style>\n'
        f'<text class="title" x="{EDGE}" y="20">{escape(title)}</text>\n'
        f'<text class="dim" x="{EDGE}" y="37">{escape(said)}</text>\n'
        f'<text class="dim" id="says" x="{full - 330}" y="55"/>\n'
        f'<foreignObject x="{full - 230}" y="6" width="225" height="30">'
        '<input xmlns="http://www.w3.org/1999/xhtml" type="search" placeholder="search"'
        ' aria-label="search"/></foreignObject>\n'
        f"{_legend(colors)}{drawn}<script><![CDATA[{script}]]></script>\n</svg>\n"
    )
