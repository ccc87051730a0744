# SPDX-License-Identifier: MIT
"""What the tests of the kit share: one build of the reference, and machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lodge.kit import ROOT, Kit
from lodge.machine import Machine, Pace
from lodge.target import Target


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build", type=Path, default=ROOT / "build", help="where to build")
    parser.addoption("--soak", action="store_true", help="all that can be tried, not a sample")
    parser.addoption("--hours", type=float, default=0, help="how long a soak's load goes on")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What rests on tools that set-up installs for a soak alone."""
    alone = collection_path.name == "test_tidy.py"
    return True if alone and not config.getoption("soak") else None


@pytest.fixture(scope="session")
def build(request: pytest.FixtureRequest) -> Path:
    return request.config.getoption("build").resolve()


@pytest.fixture(scope="session")
def soak(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("soak")


@pytest.fixture(scope="session")
def kit(build: Path) -> Kit:
    """The reference: every exercise from solutions/."""
    return Kit(build / "test", build=build)


@pytest.fixture
def boot(kit: Kit, build: Path, tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """Builds and boots an application, on a target if one is given; its machine
    ends with the test. Limits are generous: they matter when something is
    wrong."""
    with ExitStack() as stack:
        count = 0

        def start(app: str, target: Target | None = None, **variables: str) -> Machine:
            nonlocal count
            count += 1
            built = target.kit(build) if target else kit
            built.build_app(app)
            settings = (target.variables if target else {}) | variables
            folder = tmp_path / f"{app}-{count}"
            return stack.enter_context(Machine(built, app, folder, pace=Pace(4), **settings))

        yield start
