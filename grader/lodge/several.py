# SPDX-License-Identifier: MIT
"""Several labs graded at once: a process each, two at a time, and one
scoreboard, on which they come in their order, each line as soon as it is its
turn.

A process tells what its board would show, as a line of JSON each, and at the
end what came of it. Before any of them starts, everything of the reference is
built, so that no two of them build the same file.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from lodge.grading import Board
from lodge.kit import ROOT
from lodge.machine import die_with
from lodge.results import Outcome, Result

# As many as there are processors on the smallest machine that this is for.
WORKERS = 2

Event = tuple[str, list[Any]]


class Wire:
    """A board that is somewhere else."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def _say(self, what: str, *words: Any) -> None:
        print(json.dumps([what, words]), file=self._out, flush=True)

    def note(self, text: str) -> None:
        self._say("note", text)

    def title(self, number: str, title: str, files: list[str]) -> None:
        self._say("title", number, title, files)

    def begin(self, step: str, name: str) -> None:
        self._say("begin", step, name)

    def end(self, r: Result) -> None:
        self._say("end", asdict(r))

    def over(self, outcome: Outcome) -> None:
        self._say("over", outcome.broken, outcome.usage)


@dataclass
class _Job:
    lab: str
    command: list[str]
    events: queue.Queue[Event | None] = field(default_factory=queue.Queue)
    process: subprocess.Popen[bytes] | None = None
    said: str = ""  # where nothing should be said

    def run(self) -> None:
        """In a thread: starts it and hands on what it tells."""
        try:
            ours, theirs = os.pipe()
            self.process = subprocess.Popen(
                [*self.command, "--events", str(theirs)], cwd=ROOT / "grader",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                pass_fds=[theirs], preexec_fn=die_with(os.getpid()),
            )  # fmt: skip
            os.close(theirs)
            reader = threading.Thread(target=self._listen)
            reader.start()
            with os.fdopen(ours, errors="replace") as lines:
                for line in lines:
                    what, words = json.loads(line)
                    self.events.put((what, words))
            reader.join()
            self.process.wait()
        finally:
            self.events.put(None)

    def _listen(self) -> None:
        assert self.process and self.process.stdout
        text = self.process.stdout.read().decode(errors="replace")
        self.said = text[-2000:]

    def result(self, board: Board) -> Outcome:
        """Shows it as it happens; what came of it."""
        outcome = Outcome()
        over = False
        for what, words in self._told():
            if what == "end":
                outcome.results.append(Result(**words[0]))
                board.end(outcome.results[-1])
            elif what == "over":
                over = True
                outcome.broken, outcome.usage = words
            else:
                getattr(board, what)(*words)
        if not over:
            outcome.broken.append(f"lab {self.lab} did not come to its end: {self.said.strip()}")
        return outcome

    def _told(self) -> Iterator[Event]:
        while event := self.events.get():
            yield event


def grade(commands: dict[str, list[str]], board: Board) -> Outcome:
    """`commands`, by lab, grade one each."""
    jobs = [_Job(lab, command) for lab, command in commands.items()]
    _in_threads([job.run for job in jobs])
    whole = Outcome()
    try:
        for job in jobs:
            one = job.result(board)
            whole.results += one.results
            whole.broken += one.broken
            whole.usage = whole.usage or one.usage
    finally:
        for job in jobs:
            if job.process and job.process.poll() is None:
                job.process.kill()
    return whole


def _in_threads(tasks: list[Callable[[], None]]) -> None:
    """Two at a time, in their order. The threads end with us."""
    left: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    for task in tasks:
        left.put(task)

    def work() -> None:
        while not left.empty():
            try:
                left.get_nowait()()
            except queue.Empty:
                return

    for _ in range(WORKERS):
        threading.Thread(target=work, daemon=True).start()


def command_for(lab: str, mine: str, options: dict[str, str | Path]) -> list[str]:
    words = [sys.executable, "-m", "lodge", "grade", "--lab", lab, "--mine", mine]
    return words + [w for name, value in options.items() for w in (f"--{name}", str(value))]
