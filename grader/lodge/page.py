# SPDX-License-Identifier: MIT
"""The last check of every lab: the student's part under the finished web
server, and a browser that looks at each byte of what it serves."""

from __future__ import annotations

import random
from collections.abc import Callable

from lodge.boots import Boots
from lodge.lab import Failed
from lodge.web import Browser, serving, site_of

PAGES = ("index.html", "style.css", "favicon.svg", "screen.png")

# More requests than a network card's queue has descriptors, and several
# connections.
CONNECTIONS, REQUESTS = 4, 100


def serve_page(
    boot: Boots,
    rng: Callable[[str], random.Random],
    name: str = "page",
    machine: str = "q35",
) -> None:
    """Boots `web` and asks it for pages in an order that only this run knows.
    `name` is the folder of the evidence; `machine` is "" for a process."""
    numbers = rng(name)
    variables = {"MACHINE": machine} if machine else {}
    with boot("web", name, **variables, PORT="0") as guest:
        site, port = site_of(guest.kit), serving(guest, 8)
        for _ in range(CONNECTIONS):
            with Browser(guest, port) as browser:
                for _ in range(REQUESTS):
                    page = numbers.choice(PAGES)
                    status, body = browser.get(f"/{page}")
                    wanted = (site / page).read_bytes()
                    if status != 200 or body != wanted:
                        raise Failed(
                            f"status 200 and the {len(wanted)} bytes of {page}",
                            f"status {status} and {len(body)} other bytes",
                            boot.evidence(guest),
                        )
