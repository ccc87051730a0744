# SPDX-License-Identifier: MIT
"""The demo site: made of the repository's own documents, on an ext2 disk, and
served from there as it is."""

from __future__ import annotations

import gzip
import os
import re
import struct
import xml.etree.ElementTree as xml
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from shell import copy_kit, make, must, run

from lodge.kit import ROOT, Kit
from lodge.machine import FAILED, Machine, Pace
from lodge.target import KINDS, MICROVM, Target
from lodge.web import Browser, serving, site_of, stats

Boot = Callable[..., Machine]
SBIN = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
NUMBERS = 1 << 20


@pytest.fixture(scope="module")
def site(kit: Kit) -> Path:
    kit.build_app("web")
    return site_of(kit)


@pytest.fixture(scope="module")
def guest(
    kit: Kit, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Machine, int]]:
    folder = tmp_path_factory.mktemp("site")
    with Machine(kit, "web", folder, pace=Pace(4), PORT="0") as machine:
        yield machine, serving(machine)


@pytest.fixture
def browser(guest: tuple[Machine, int]) -> Iterator[Browser]:
    with Browser(*guest, seconds=20) as one:
        yield one


def documents() -> list[Path]:
    found = [ROOT / "README.md"]
    for folder in ("docs", "labs", "kernel", "grader"):
        found += sorted((ROOT / folder).rglob("*.md"))
    return found


# ---- The disk ---------------------------------------------------------------


def test_the_disk_is_an_ext2_file_system_without_faults(site: Path) -> None:
    checked = must(run("e2fsck", "-fn", site.with_suffix(""), **SBIN))
    assert " files (" in checked.output
    features = must(run("dumpe2fs", "-h", site.with_suffix(""), **SBIN)).output
    assert "EXT2_" not in features and "has_journal" not in features


def test_the_same_sources_make_the_same_disk(tmp_path: Path) -> None:
    images = []
    for name in ("one", "another"):
        kit = copy_kit(tmp_path / name / "kit")
        image = tmp_path / name / "disk.img"
        must(run("sh", "kernel/tools/site.sh", image, at=kit, SITE_EPOCH="1700000000"))
        images.append(image.read_bytes())
    assert images[0] == images[1]


def test_the_disk_is_made_again_only_when_its_sources_change(
    build: Path, tmp_path: Path
) -> None:
    kit = copy_kit(tmp_path / "kit")
    (kit / "build").mkdir()
    os.symlink(build / "lwip-2.2.1", kit / "build" / "lwip-2.2.1")
    image = kit / "build/x86_64/web/disk.img"

    def made() -> bool:
        before = image.stat().st_mtime_ns if image.exists() else 0
        must(make("app", "APP=web", at=kit))
        return image.stat().st_mtime_ns != before

    assert made()
    assert not made()
    (kit / "kernel/README.md").write_text("# Another\n")
    assert made()
    assert "Another" in (site_in(kit) / "kernel/README.html").read_text()
    (kit / "docs").mkdir()
    assert not made()
    (kit / "labs/more").mkdir()
    assert made()
    (kit / "labs/more").rmdir()
    assert made()
    (kit / "labs/new.md").write_text("# New\n\n[up](README.md)\n")
    assert made() and (site_in(kit) / "labs/new.html").exists()
    (kit / "labs/new.md").unlink()
    assert made() and not (site_in(kit) / "labs/new.html").exists()
    assert not made()


def site_in(kit: Path) -> Path:
    return kit / "build/x86_64/web/disk.img.tree"


def test_what_the_disk_needs_and_is_not_there_is_named(tmp_path: Path) -> None:
    for program in ("dirname", "tail"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    failed = run("/bin/sh", "kernel/tools/site.sh", tmp_path / "disk.img", PATH=str(tmp_path))
    assert failed.status != 0
    assert "there is no cmark-gfm here. To install it: make setup" in failed.output


def test_several_guests_may_have_the_same_disk(
    guest: tuple[Machine, int], boot: Boot
) -> None:
    second = boot("web", PORT="0")
    serving(second)
    second.expect(r"^blk0: .*only to be read")
    assert stats(*guest)["requests"] >= 0


@pytest.mark.parametrize("target", [*KINDS, MICROVM], ids=str)
def test_without_a_disk_the_guest_says_so_and_ends(target: Target, boot: Boot) -> None:
    lonely = boot("web", target, PORT="0", APP_DEVICES="net0")
    lonely.expect("^web: there is no disk to serve from")
    assert lonely.wait_end() == FAILED


@pytest.mark.parametrize("target", KINDS, ids=str)
@pytest.mark.parametrize("content", ["zeros", "cut"])
def test_a_disk_that_is_refused_is_named_and_the_guest_ends(
    content: str, target: Target, site: Path, tmp_path: Path, boot: Boot
) -> None:
    image = tmp_path / "disk.img"
    whole = site.with_suffix("").read_bytes()
    image.write_bytes(bytes(1 << 20) if content == "zeros" else whole[: 1 << 20])
    refused = boot("web", target, PORT="0", DISK=str(image))
    refused.expect("^web: blk0 has no ext2 file system that can be served")
    assert refused.wait_end() == FAILED


# ---- Pages ------------------------------------------------------------------


def test_every_document_is_a_page(site: Path) -> None:
    for document in documents():
        name = document.relative_to(ROOT)
        page = (site / name).with_suffix(".html").read_text()
        text = document.read_text()
        title = re.search(r"^# (.*)", text, re.M)
        assert title and f"<title>{title[1].replace('`', '')}</title>" in page, name
        tables = re.findall(r"^\|[-:| ]*-[-:| ]*\|$", text, re.M)
        assert page.count("<table>") == len(tables), name
        fences = re.findall(r"^ *```", text, re.M)
        assert page.count("<pre>") >= len(fences) // 2, name
        assert "@BODY@" not in page and "raw HTML omitted" not in page.replace(
            "<!-- raw HTML omitted -->", ""
        )


def test_every_file_on_the_disk_is_served_as_it_is(
    site: Path, browser: Browser
) -> None:
    files = [p for p in site.rglob("*") if p.is_file()]
    assert len(files) > 300
    for file in files:
        path = "/" + str(file.relative_to(site))
        assert browser.get(path) == (200, file.read_bytes()), path


class Links(HTMLParser):
    """Where a page leads to, and the names that it gives to its parts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.to: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.to.append(value)
            elif name == "id" and value:
                self.names.add(value)


def test_every_link_of_every_page_leads_somewhere(
    site: Path, browser: Browser
) -> None:
    pages: dict[str, Links] = {}
    dead = []
    todo = [("/", "")]
    seen = set()
    while todo:
        target, where = todo.pop()
        path, part = urldefrag(target)
        if path not in seen:
            seen.add(path)
            answer, body = browser.request("GET", path)
            if answer.status != 200:
                dead.append(f"{where} leads to {path}, which is a {answer.status}")
                continue
            # Listings have links too; their folders were not made by us.
            if path.endswith((".html", "/")) and not path.startswith("/grader/"):
                pages[path] = Links(body.decode())
                for link in pages[path].to:
                    if not urlsplit(link).scheme:
                        todo.append((urljoin(path, link), path))
        if part and path in pages and part not in pages[path].names:
            dead.append(f"{where} leads to {path}, which has no #{part}")
    assert not dead, "\n".join(dead)
    assert {"/README.html", "/docs/architecture.html", "/kernel/README.html"} <= set(pages)


def test_a_folder_without_an_index_shows_what_is_in_it(
    site: Path, browser: Browser
) -> None:
    answer, body = browser.request("GET", "/docs/")
    assert answer.status == 200
    listed = {urljoin("/docs/", link).strip("/").removeprefix("docs/")
              for link in Links(body.decode()).to}  # fmt: skip
    names = {p.name for p in (site / "docs").iterdir()}
    assert names and names <= listed


# ---- Pictures, numbers, text made small -----------------------------------------


def test_the_picture_shows_every_module_once(site: Path) -> None:
    picture = xml.parse(site / "layers.svg")
    shown = sorted(t.text or "" for t in picture.iter("{http://www.w3.org/2000/svg}text"))
    modules = sorted(
        str(m.parent.relative_to(ROOT / "kernel"))
        for m in (ROOT / "kernel").rglob("*.mk")
        if m.name in ("module.mk", "app.mk")
    )
    assert shown == modules


def test_the_picture_fills_what_the_guest_is_linked_from(site: Path) -> None:
    text = (site / "layers.svg").read_text()
    filled = set(re.findall(r'<g class="\w+ in">.*?>([\w/]+)</text>', text))
    assert {"apps/web", "fs/ext2", "drivers/virtio_blk", "net/lwip", "lib"} <= filled
    assert not {"apps/hi", "drivers/virtio_rng"} & filled


def test_no_module_stands_on_another(site: Path) -> None:
    """In the picture boxes don't overlap, and none leaves it."""
    picture = xml.parse(site / "layers.svg").getroot()
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    boxes = [
        tuple(float(r.attrib[k]) for k in ("x", "y", "width", "height"))
        for r in picture.iter("{http://www.w3.org/2000/svg}rect")
    ]
    for i, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for x2, y2, w2, h2 in boxes[:i]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_the_screen_is_a_small_png(site: Path) -> None:
    data = (site / "screen.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (720, 400)
    assert len(data) < 20_000


def test_the_large_file_says_of_each_line_which_it_is(
    site: Path, browser: Browser
) -> None:
    wanted = b"".join(b"%015d\n" % n for n in range(NUMBERS))
    assert (site / "numbers.txt").read_bytes() == wanted
    status, body = browser.get("/numbers.txt")
    assert (status, len(body)) == (200, 16 << 20)
    assert body == wanted


def test_any_part_of_the_large_file_can_be_had(browser: Browser) -> None:
    for line in (0, 12345, 999_999, NUMBERS - 1):
        field = {"Range": f"bytes={16 * line}-{16 * line + 15}"}
        answer, body = browser.request("GET", "/numbers.txt", field)
        assert (answer.status, body) == (206, b"%015d\n" % line)


def test_texts_are_there_compressed_and_given_to_who_accepts(
    site: Path, browser: Browser
) -> None:
    texts = [p for p in site.rglob("*") if p.suffix in (".html", ".css", ".svg")]
    assert len(texts) > 10
    for text in texts:
        small = text.with_name(text.name + ".gz")
        assert gzip.decompress(small.read_bytes()) == text.read_bytes()
        path = "/" + str(text.relative_to(site))
        answer, body = browser.request("GET", path, {"Accept-Encoding": "gzip"})
        assert answer.getheader("Content-Encoding") == "gzip", path
        assert body == small.read_bytes()
        assert "Accept-Encoding" in answer.getheader("Vary", "")


# ---- Live -----------------------------------------------------------------------


def test_the_live_page_shows_figures_that_the_guest_has(
    site: Path, guest: tuple[Machine, int]
) -> None:
    page = (site / "live.html").read_text()
    asked = set(re.findall(r"\bs\.(\w+)", page))
    figures = stats(*guest)
    assert len(asked) > 10 and asked <= set(figures)


def test_the_figures_are_those_of_now(guest: tuple[Machine, int]) -> None:
    before = stats(*guest)
    after = stats(*guest)
    assert after["requests"] > before["requests"]
    assert after["uptime_ms"] >= before["uptime_ms"] > before["boot_ms"] > 0
    assert after["net_received"] > before["net_received"]
    assert after["net_sent"] > before["net_sent"]
    assert after["connections"] == after["streams_open"] == 1
    assert after["pool_TCP_PCB"] >= 1


def test_all_figures_fit_in_the_page(guest: tuple[Machine, int]) -> None:
    with Browser(*guest) as browser:
        _, body = browser.get("/stats")
    assert body.endswith(b"\n") and len(body) < 1800, "its room is 2048 bytes"
