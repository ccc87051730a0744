# SPDX-License-Identifier: MIT
"""Wrong programs on purpose.

By hand: patches under grader/mutants/NN-lab/, each a mistake that a student
could have made, with the checks that must fail and the hint that must be
shown. By rule: every comparison, constant and line of an exercise file changed
in turn.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lodge.kit import ROOT, GraderError

FOLDER = ROOT / "grader/mutants"
SOLUTIONS = ROOT / "solutions"


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str  # NN-lab/file.c
    text: str  # of the whole mutated file
    what: str
    fails: tuple[str, ...] = ()  # the first of these that runs must fail
    hint: str = ""  # how the shown hint begins

    def write(self, labs: Path) -> None:
        path = labs / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text)


# ---- By hand ----------------------------------------------------------------


def load(lab: str) -> list[Mutant]:
    return [_load(path) for path in sorted((FOLDER / lab).glob("*.patch"))]


def _load(path: Path) -> Mutant:
    head, _, diff = path.read_text().partition("\n--- a/")
    fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
    file, _, hunks = diff.partition("\n")
    text = (SOLUTIONS / file).read_text()
    for hunk in re.split(r"^@@.*@@.*\n", hunks, flags=re.M)[1:]:
        text = _apply(path, text, hunk.splitlines(keepends=True))
    return Mutant(
        path.stem, file, text, fields["What"], tuple(fields["Fails"].split()),
        fields["Hint"],
    )  # fmt: skip


def _apply(path: Path, text: str, hunk: list[str]) -> str:
    """Wherever in the file the hunk's lines are now: but in one place only. A
    comment with which the hunk begins may have been reworded since."""
    while re.match(r" +(/\*|\*)", hunk[0]):
        hunk = hunk[1:]
    old = "".join(n[1:] for n in hunk if n[0] in " -")
    new = "".join(n[1:] for n in hunk if n[0] in " +")
    if text.count(old) != 1:
        raise GraderError(
            f"{path} does not fit its solution any more: these lines are there "
            f"{text.count(old)} times\n{old}"
        )
    return text.replace(old, new)


# ---- By rule ----------------------------------------------------------------

_SWAPS = [
    (r"(?<![<>=!-])<=", ("<", "==")),
    (r">=", (">", "==")),
    (r"(?<![<-])<(?![<=])", ("<=", "!=")),
    (r"(?<![->])>(?![>=])", (">=", "!=")),
    (r"==", ("!=",)),
    (r"!=", ("==",)),
    (r"&&", ("||",)),
    (r"\|\|", ("&&",)),
    (r"(?<=[\w)\]]) \+ (?=[\w(])", (" - ",)),
    (r"(?<=[\w)\]]) - (?=[\w(])", (" + ",)),
    (r"(?<=[\w)\]]) & (?=[\w(])", (" | ",)),
    (r"\+=", ("-=",)),
    (r"-=", ("+=",)),
    (r"\+\+", ("--",)),
    (r"\b0\b(?![.x])", ("1",)),
    (r"\b1\b", ("0", "2")),
    (r"\btrue\b", ("false",)),
    (r"\bfalse\b", ("true",)),
    (r"\bout\b(?= [><])", ("in",)),
]  # fmt: skip

_CODE = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"])*\"|'(?:\\.|[^'])*'|^#.*?$", re.S | re.M)


def _blanked(text: str) -> str:
    """Same length, with comments, strings and directives blanked."""
    return _CODE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def by_rule(file: str) -> Iterator[Mutant]:
    """Every change of one operator, constant or statement of a solution. Its
    name says what was changed, and stays as long as that line does."""
    text = (SOLUTIONS / file).read_text()
    code = _blanked(text)
    seen: dict[str, int] = {}

    def mutant(changed: str, line: str, change: str) -> Mutant:
        name = f"{' '.join(line.split())}  ->  {change}"
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name += f"  #{seen[name]}"
        return Mutant(name, file, changed, name)

    for start, line in _lines(code):
        original = text[start : start + len(line)]
        for pattern, others in _SWAPS:
            for found in re.finditer(pattern, line):
                for other in others:
                    at = start + found.start()
                    changed = text[:at] + other + text[start + found.end() :]
                    new = original[: found.start()] + other + original[found.end() :]
                    yield mutant(changed, original, " ".join(new.split()))
        if re.fullmatch(r"\s+[^{}]*;\s*", line) and _is_statement(line):
            dropped = text[:start] + re.sub(r"\S.*\S", ";", original) + text[start + len(line) :]
            yield mutant(dropped, original, "dropped")


def _lines(code: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in code.splitlines(keepends=True):
        if line.strip():
            yield at, line.rstrip("\n")
        at += len(line)


def _is_statement(line: str) -> bool:
    """Not a declaration, without which it does not compile, nor a part of a
    statement that goes over several lines."""
    words = line.strip()
    return (
        not re.match(r"(struct|uint\d+_t|unsigned|int|void|char|bool|size_t|static)\b.*", words)
        and words.count("(") == words.count(")")
        and words != ";"
        and not words.startswith(("?", ":", "&&", "||"))
    )


def difference(mutant: Mutant) -> str:
    """What was changed, as a diff without context."""
    old = (SOLUTIONS / mutant.file).read_text().splitlines()
    lines = difflib.unified_diff(old, mutant.text.splitlines(), n=0, lineterm="")
    return "\n".join(list(lines)[2:])


def survivors(lab: str) -> dict[str, str]:
    """Of a lab's changes by rule, those that nothing can notice, and why: its
    file of that name, which a lab need not have."""
    path = FOLDER / lab / "survivors"
    lines = path.read_text().splitlines() if path.exists() else []
    entries = [line for line in lines if line and not line.startswith("#")]
    if bad := [line for line in entries if line.count("  because  ") != 1]:
        raise GraderError(f'{path}: not as "CHANGE  because  REASON": {bad[0]}')
    return dict(line.split("  because  ") for line in entries)
