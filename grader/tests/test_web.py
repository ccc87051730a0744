# SPDX-License-Identifier: MIT
"""The whole way: from power-on to a page, on every target; and what a machine
must have for it. All else about the server is in test_server.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lodge.kit import Kit
from lodge.load import Load, Wrong
from lodge.machine import Machine
from lodge.target import TARGETS, Target
from lodge.web import Browser, at_rest, serving, site_of

MACHINES = ["q35", "pc", "microvm"]
Boot = Callable[..., Machine]


def serve(boot: Boot, **variables: Any) -> tuple[Machine, int]:
    guest = boot("web", PORT="0", **variables)
    return guest, serving(guest)


@pytest.fixture(scope="module")
def index(kit: Kit) -> bytes:
    """The front page."""
    kit.build_app("web")
    return (site_of(kit) / "index.html").read_bytes()


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_the_page_is_served(target: Target, boot: Boot) -> None:
    """The demo, with nothing said about it but where it runs."""
    guest, port = serve(boot, target=target)
    index = (site_of(guest.kit) / "index.html").read_bytes()
    with Browser(guest, port) as browser:
        answer, body = browser.request("GET", "/")
        assert (answer.status, body) == (200, index)
        assert b"hello localhost :)" in body
        assert answer.getheader("Content-Type", "").startswith("text/html")
        assert browser.get("/favicon.svg")[0] == 200
    assert not [e for e in guest.guest_errors() if "virtio" in e]


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_load_of_all_kinds_leaves_every_figure_as_it_was(
    target: Target, boot: Boot, soak: bool
) -> None:
    """Each answer is looked at when it comes: see lodge/load.py."""
    guest, port = serve(boot, target=target)
    load = Load(port, site_of(guest.kit), "every target")

    def some(requests: int) -> dict[str, int]:
        try:
            load.mixed(requests)
            load.short(requests // 20)
        except (OSError, Wrong):
            guest.raise_if_dead("answer")
            raise
        return at_rest(guest, port)

    before, after = some(1_000), some(50_000 if soak else 1_000)
    # A connection of which the guest has closed its end first rests a while.
    lasting = [n for n in before if n.startswith(("heap", "pages", "pool", "cache_pinned"))]
    resting = {"pool_TCP_PCB", "pool_connections"}
    for name in set(lasting) - resting - {"pool_SYS_TIMEOUT"}:
        assert after[name] == before[name], name
    assert after.get("pool_connections") == after.get("pool_TCP_PCB")
    assert after["requests"] - before["requests"] > 1_000
    assert after["cache_errors"] == 0


def test_one_elf_for_every_machine_and_it_is_small(kit: Kit) -> None:
    kit.build_app("web")
    image = kit.out / "web/kernel.img"
    assert image.stat().st_size < 256 << 10
    for machine in MACHINES:
        command = kit.run_command("web", MACHINE=machine)
        assert command[command.index("-kernel") + 1].endswith("kernel.img")


@pytest.mark.parametrize("machine", MACHINES)
def test_eight_mebibytes_are_enough(machine: str, boot: Boot, index: bytes) -> None:
    guest, port = serve(boot, MACHINE=machine, MEM="8")
    for _ in range(20):
        with Browser(guest, port) as browser:
            assert browser.get("/") == (200, index)


def test_an_address_may_be_given_on_the_command_line(boot: Boot, index: bytes) -> None:
    guest, port = serve(boot, APPEND="ip=10.0.2.15/24 gw=10.0.2.2")
    with Browser(guest, port) as browser:
        assert browser.get("/") == (200, index)
    assert b"DHCP" not in guest.serial
