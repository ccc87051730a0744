# SPDX-License-Identifier: MIT
"""Changes by rule, tried: which of them do the host tests notice?

There are thousands. Make is asked once for each exercise file how it compiles
it and links it into its programs of host tests; what it answers is then done
for each change, in a folder of its own.
"""

from __future__ import annotations

import random
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lodge import mutants
from lodge.kit import ROOT, GraderError, Kit, from_root
from lodge.lab import Lab
from lodge.mutants import Mutant
from lodge.trials import at_once, warm

# Seconds of a processor that a test may take: for changes that make a loop
# endless. None needs a third of it.
_TIME_LIMIT = "6"


@dataclass(frozen=True)
class Recipe:
    """Commands that make `file` of a student's in `folder` into programs."""

    file: str  # NN-lab/file.c
    folder: str
    compile: list[str]
    programs: dict[str, list[str]]  # program: how it is linked

    def at(self, command: list[str], folder: Path) -> list[str]:
        return [word.replace(self.folder, str(folder)) for word in command]

    def notices(self, mutant: Mutant, folder: Path) -> bool:
        """Whether the host tests do. What does not even compile, or never
        ends, has been noticed."""
        mutant.write(folder / "labs")
        (folder / "unit/mine" / self.file).parent.mkdir(parents=True, exist_ok=True)
        if not _runs(self.at(self.compile, folder)):
            return True
        for program, link in self.programs.items():
            path = str(folder / "unit" / program)
            if not _runs(self.at(link, folder)):
                return True
            if not _runs([path, "--stop", "--seed", "1", "--time-limit", _TIME_LIMIT]):
                return True
        return False


def _runs(command: list[str]) -> bool:
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode == 0


def recipe(lab: Lab, file: str, folder: Path, build: Path) -> Recipe:
    """What make does for a solution that is a student's file."""
    units = lab.exercises[file].units
    if not units:
        raise GraderError(f"{file} is part of no program of host tests (Symbols.units)")
    source = folder / "labs" / file
    source.parent.mkdir(parents=True)
    shutil.copy(mutants.SOLUTIONS / file, source)
    kit = Kit(folder, file, folder / "labs", build)
    text = kit.make("V=1", "unit-programs", f"UNIT={' '.join(units)}").replace("\\\n", " ")
    # By what each makes: the word behind -o.
    commands = {}
    for line in text.splitlines():
        if " -o " in line:
            words = shlex.split(line)
            commands[words[words.index("-o") + 1]] = words
    out = from_root(folder)
    return Recipe(
        file, out, commands[f"{out}/unit/mine/{file}.o"],
        {u: commands[f"{out}/unit/{u}"] for u in units},
    )  # fmt: skip


# ---- Many -------------------------------------------------------------------


def unnoticed(
    lab: Lab, chosen: Iterable[Mutant], build: Path,
    told: Callable[[Mutant, bool], None] = lambda *_: None,
) -> list[Mutant]:  # fmt: skip
    """Those of `chosen` that no host test notices; `told` hears of each."""
    chosen = list(chosen)
    lived = []
    with TemporaryDirectory(prefix="lodge-rules-") as name:
        top = Path(name)
        recipes = {
            file: recipe(lab, file, top / file, build)
            for file in dict.fromkeys(m.file for m in chosen)
        }

        def attempt(numbered: tuple[int, Mutant]) -> tuple[Mutant, bool]:
            number, mutant = numbered
            folder = top / str(number)
            try:
                return mutant, recipes[mutant.file].notices(mutant, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

        for mutant, noticed in at_once(attempt, enumerate(chosen)):
            told(mutant, noticed)
            if not noticed:
                lived.append(mutant)
    return lived


def sample(lab: Lab, count: int) -> list[Mutant]:
    """Always the same `count` of a lab's changes, from all of its files."""
    every = [m for file in lab.exercises for m in mutants.by_rule(file)]
    return random.Random(lab.id).sample(every, min(count, len(every)))


# ---- For who writes tests ---------------------------------------------------


def show(lab: Lab, every: int, file: str, build: Path) -> int:
    """Tries every n-th change of a lab's files (or of `file`) and lists those
    that went unnoticed and are not named in the lab's `survivors`."""
    files = [file] if file else list(lab.exercises)
    if file and file not in lab.exercises:
        print(f"Lab {lab.number} has no {file}. It has: {', '.join(lab.exercises)}")
        return 2
    warm([lab], build)
    named = mutants.survivors(lab.id)
    bad = 0

    def told(mutant: Mutant, noticed: bool) -> None:
        if not noticed and mutant.name not in named:
            print(f"unnoticed  {mutant.name}", flush=True)
        if noticed and mutant.name in named:
            print(f"noticed, though `survivors` names it  {mutant.name}", flush=True)

    for name in files:
        # If this were noticed, all would seem to be.
        same = Mutant("nothing", name, (mutants.SOLUTIONS / name).read_text(), "")
        if not unnoticed(lab, [same], build):
            raise GraderError(f"host tests fail with the solution {name} itself")
        chosen = list(mutants.by_rule(name))[::every]
        lived = unnoticed(lab, chosen, build, told)
        bad += sum(m.name not in named for m in lived)
        share = 100 * (len(chosen) - len(lived)) / max(1, len(chosen))
        print(f"{name}: {len(chosen)} changes, {len(lived)} live, {share:.0f}% killed", flush=True)
        if every == 1:
            record(lab.id, name, len(chosen), len(chosen) - len(lived))
    return 1 if bad else 0


# ---- What came out, kept for docs/grader.md ---------------------------------


def killed(lab: str) -> dict[str, tuple[int, int]]:
    """By file: how many changes were tried when it was last done in full, and
    how many of them were noticed."""
    path = mutants.FOLDER / lab / "killed"
    lines = path.read_text().splitlines() if path.exists() else []
    words = [n.split() for n in lines if n and not n.startswith("#")]
    return {w[0]: (int(w[1]), int(w[2])) for w in words}


def record(lab: str, file: str, tried: int, dead: int) -> None:
    all_of_it = killed(lab) | {file: (tried, dead)}
    text = f"# Changes by rule, when all were tried: python3 -m lodge rules {lab[:2]}\n"
    text += "# FILE  CHANGES  NOTICED\n"
    text += "".join(f"{f}  {t}  {d}\n" for f, (t, d) in sorted(all_of_it.items()))
    (mutants.FOLDER / lab / "killed").write_text(text)
