# SPDX-License-Identifier: MIT
"""Bar charts as SVG, written by hand: light where the page is light, dark where
it is dark, and nothing to install.

    panels side by side, each of groups, each of bars that begin at the left,
    with the figure at the end of each
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lodge.bench.figures import short

_STYLE = """
  svg { color-scheme: light dark; font: 12px system-ui, sans-serif }
  .page { fill: #fff } text { fill: #24292f } .quiet { fill: #6a737d }
  .title { font-size: 16px; font-weight: 600 } .head { font-weight: 600 }
  .axis { stroke: #d0d7de } .bar0 { fill: #1f6feb } .bar1 { fill: #d9822b }
  .bar2 { fill: #9aa4af } .bar3 { fill: #2da44e }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #8b949e }
    .axis { stroke: #30363d } .bar0 { fill: #58a6ff } .bar1 { fill: #e3a25a }
    .bar2 { fill: #6e7681 } .bar3 { fill: #56d364 }
  }
"""
_BAR, _GAP, _GROUP_GAP, _MARGIN = 14, 3, 10, 24
_BARS_WIDE, _FIGURE_WIDE, _LETTER = 190, 70, 6.6


@dataclass(frozen=True)
class Group:
    label: str
    values: Sequence[float | None]  # one for each series


@dataclass(frozen=True)
class Panel:
    title: str
    groups: Sequence[Group]
    only: int = -1  # the series that it shows; -1: all

    def shown(self, group: Group) -> list[tuple[int, float]]:
        return [(i, v) for i, v in enumerate(group.values)
                if v is not None and self.only in (-1, i)]  # fmt: skip

    @property
    def label_width(self) -> float:
        return max((len(g.label) for g in self.groups), default=0) * _LETTER + 8

    @property
    def width(self) -> float:
        wide = self.label_width + _BARS_WIDE + _FIGURE_WIDE
        return max(wide, len(self.title) * 7.2)

    @property
    def height(self) -> float:
        bars = sum(len(self.shown(g)) * (_BAR + _GAP) + _GROUP_GAP for g in self.groups)
        return 28 + bars

    def draw(self, x: float, y: float) -> list[str]:
        made = [_text(x, y + 12, self.title, "head")]
        top = max((v for g in self.groups for _, v in self.shown(g)), default=0) or 1
        left, at = x + self.label_width, y + 28
        made.append(f'<path class="axis" d="M{left:.1f} {at - 4:.1f}V{y + self.height - 6:.1f}"/>')
        for group in self.groups:
            bars = self.shown(group)
            middle = at + len(bars) * (_BAR + _GAP) / 2
            made.append(_text(left - 8, middle + 3, group.label, "quiet", "end"))
            for series, value in bars:
                wide = max(1.0, _BARS_WIDE * value / top)
                made.append(
                    f'<rect class="bar{series}" x="{left:.1f}" y="{at:.1f}" '
                    f'width="{wide:.1f}" height="{_BAR}" rx="2"/>'
                )
                made.append(_text(left + wide + 5, at + 11, short(value)))
                at += _BAR + _GAP
            at += _GROUP_GAP
        return made


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return (
        f'<text{style} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def draw(title: str, below: str, series: Sequence[str], rows: Sequence[Sequence[Panel]]) -> str:
    """`below` is the small print. Rows of panels, from the top."""
    rows = [[p for p in row if p.groups] for row in rows]
    rows = [row for row in rows if row]
    columns = max((len(row) for row in rows), default=1)
    widths = [max((r[i].width for r in rows if i < len(r)), default=0) for i in range(columns)]
    width = max(sum(widths) + _MARGIN * (columns + 1), len(below) * _LETTER + 2 * _MARGIN)
    made, x = [], float(_MARGIN)
    for number, name in enumerate(series):
        made.append(f'<rect class="bar{number}" x="{x:.1f}" y="48" width="12" height="12" rx="2"/>')
        made.append(_text(x + 18, 58, name))
        x += 18 + len(name) * _LETTER + 22
    y = 84.0
    for row in rows:
        x = float(_MARGIN)
        for i, panel in enumerate(row):
            made += panel.draw(x, y)
            x += widths[i] + _MARGIN
        y += max(p.height for p in row) + 14
    height = y + 22
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>',
        _text(_MARGIN, 32, title, "title"),
        *made,
        _text(_MARGIN, height - 16, below, "quiet"),
        "</svg>", "",
    ])  # fmt: skip
