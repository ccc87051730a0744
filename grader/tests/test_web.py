# SPDX-License-Identifier: MIT
"""The whole way: from power-on to a page, on every machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from lodge.kit import Kit
from lodge.machine import Machine, Pace
from lodge.web import Browser, exchange, serving, site_of

MACHINES = ["q35", "pc", "microvm"]
Boot = Callable[..., Machine]


def serve(boot: Boot, **variables: str) -> tuple[Machine, int]:
    guest = boot("web", PORT="0", **variables)
    return guest, serving(guest)


@pytest.fixture(scope="module")
def index(kit: Kit) -> bytes:
    """The front page."""
    kit.build_app("web")
    return (site_of(kit) / "index.html").read_bytes()


@pytest.fixture(scope="module")
def site(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, int]]:
    """One guest for all that only ask it for something."""
    kit.build_app("web")
    folder = tmp_path_factory.mktemp("web")
    with Machine(kit, "web", folder, pace=Pace(4), PORT="0") as guest:
        yield guest, serving(guest)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_page_is_served(machine: str, boot: Boot, index: bytes) -> None:
    guest, port = serve(boot, MACHINE=machine)
    with Browser(guest, port) as browser:
        answer, body = browser.request("GET", "/")
        assert (answer.status, body) == (200, index)
        assert b"hello localhost :)" in body
        assert answer.getheader("Content-Type", "").startswith("text/html")
        assert browser.get("/favicon.svg")[0] == 200
    assert not [e for e in guest.guest_errors() if "virtio" in e]


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


def test_a_connection_is_kept_alive(site: tuple[Machine, int], index: bytes) -> None:
    guest, port = site
    with Browser(guest, port) as browser:
        ports = set()
        for _ in range(50):
            assert browser.get("/") == (200, index)
            ports.add(browser.connection.sock.getsockname())
        assert len(ports) == 1


def test_head_has_the_same_head_and_no_body(site: tuple[Machine, int], index: bytes) -> None:
    guest, port = site
    with Browser(guest, port) as browser:
        get, _ = browser.request("GET", "/")
        head, body = browser.request("HEAD", "/")
        assert body == b""
        assert head.status == 200
        assert head.getheader("Content-Length") == str(len(index))
        assert head.getheader("Content-Type") == get.getheader("Content-Type")
        assert browser.get("/") == (200, index), "what follows a HEAD is out of step"


@pytest.mark.parametrize(
    "request_line, status",
    [
        ("GET /nothing-here HTTP/1.1", 404),
        ("GET /../../etc/passwd HTTP/1.1", 400),
        ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 400),
        ("GET /index.html%00.png HTTP/1.1", 400),
        ("POST / HTTP/1.1", 405),
        ("DELETE /index.html HTTP/1.1", 405),
        ("GET /", 400),
        ("GET  / HTTP/1.1", 400),
        ("nonsense", 400),
    ],
)
def test_what_can_not_be_answered_is_refused(
    request_line: str, status: int, site: tuple[Machine, int], index: bytes
) -> None:
    guest, port = site
    text = f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    answer = exchange(guest, port, text)
    first = answer.split(b"\r\n")[0].decode()
    assert first.startswith(f"HTTP/1.1 {status} "), answer[:200]
    with Browser(guest, port) as browser:
        assert browser.get("/") == (200, index), "it does not serve any more"


def test_a_405_says_what_is_allowed(site: tuple[Machine, int]) -> None:
    guest, port = site
    with Browser(guest, port) as browser:
        answer, _ = browser.request("POST", "/")
        assert answer.status == 405
        allowed = {w.strip() for w in answer.getheader("Allow", "").split(",")}
        assert {"GET", "HEAD"} <= allowed


def test_an_http_1_1_request_without_a_host_is_bad(site: tuple[Machine, int]) -> None:
    guest, port = site
    answer = exchange(guest, port, b"GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_http_1_0_is_answered_and_closed(site: tuple[Machine, int], index: bytes) -> None:
    guest, port = site
    answer = exchange(guest, port, b"GET / HTTP/1.0\r\n\r\n")
    assert answer.endswith(index)


def test_pipelined_requests_are_answered_in_order(site: tuple[Machine, int]) -> None:
    guest, port = site
    one = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    paths = [b"", b"nothing", b"favicon.svg", b"index.html"] * 5
    answer = exchange(guest, port, b"".join(one % p for p in paths) + last)
    statuses = [n.split()[1] for n in answer.split(b"\n") if n.startswith(b"HTTP/1.1 ")]
    assert statuses == [b"200", b"404", b"200", b"200"] * 5 + [b"200"]


def test_a_request_in_many_pieces_is_one_request(site: tuple[Machine, int], index: bytes) -> None:
    guest, port = site
    text = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), guest.pace(5)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(text)):
            s.sendall(text[i : i + 1])
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert answer.endswith(index)


def test_connections_at_the_same_time_do_not_wait_for_each_other(
    site: tuple[Machine, int], index: bytes
) -> None:
    guest, port = site
    # One that never finishes its request, and many that do.
    with socket.create_connection(("127.0.0.1", port), guest.pace(5)) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHo")
        browsers = [Browser(guest, port) for _ in range(8)]
        for _ in range(3):
            for browser in browsers:
                assert browser.get("/") == (200, index)
        for browser in browsers:
            browser.connection.close()
