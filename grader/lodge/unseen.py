# SPDX-License-Identifier: MIT
"""Lab 12's guest with a site that nobody has seen before, and clients that take
it at its word. Names and contents are a run's own."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

from lodge import ext2
from lodge.boots import Boots
from lodge.ext2 import Shape
from lodge.lab import Failed
from lodge.machine import Machine
from lodge.web import Answer, Client, request, serving

TYPES = {"txt": "text/plain", "html": "text/html", "css": "text/css", "svg": "image/svg+xml"}


class Site:
    """A disk of this run's files, and the guest that serves it."""

    def __init__(self, boot: Boots, chance: random.Random) -> None:
        self.boot, self.chance = boot, chance
        self.guest: Machine | None = None
        self.folder = self.word()
        self.files = self.invent()

    def word(self) -> str:
        letters = "abcdefghijklmnopqrstuvwxyz"
        return "".join(self.chance.choice(letters) for _ in range(self.chance.randrange(4, 10)))

    def invent(self) -> dict[str, bytes]:
        """Names that are easy to get wrong; contents that nobody can guess."""
        word, size = self.word, self.chance.randrange
        names = [f"{word()}.{kind}" for kind in TYPES]
        names += [f"{word()} {word()}.txt", f"{word()}%41.txt", f"..{word()}.txt", "...",
                  f"{word()}+&?.txt", f"{word()}\u00e9.txt", f"{self.folder}/{word()}.css",
                  f"{self.folder}/{word()}/{word()}.txt", f"{self.folder}/index.html"]  # fmt: skip
        files = {f"/{name}": self.chance.randbytes(size(1, 3000)) for name in names}
        # More than any window holds, and nothing at all.
        files[f"/{word()}.txt"] = self.chance.randbytes(size(200_000, 300_000))
        files[f"/{word()}.css"] = b""
        return files

    def start(self) -> None:
        if self.guest:
            return
        folder = self.boot.folder("site")
        for name, content in self.files.items():
            path = folder / "tree" / name[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        disk = ext2.make(folder / "disk.img", Shape(1024, 128, kib=4096), folder / "tree")
        line = "ip=10.0.2.15/24 gw=10.0.2.2"
        self.guest = self.boot(
            "web", "site", MACHINE="q35", PORT="0", DISK=str(disk), APPEND=line
        )
        self.port = serving(self.guest, 8)

    def close(self) -> None:
        if self.guest:
            self.guest.close()

    def pick(self) -> str:
        return self.chance.choice(list(self.files))

    def client(self) -> Client:
        assert self.guest
        client = Client(self.guest, self.port)
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """What a client finds wrong is the server's fault, not the grader's."""
        try:
            yield
        except (AssertionError, OSError) as error:
            assert self.guest
            self.guest.raise_if_dead("answer")
            raise self.failed(what, str(error) or type(error).__name__) from error

    def failed(self, expected: str, seen: str) -> Failed:
        assert self.guest
        return Failed(expected, seen[:400], self.boot.evidence(self.guest))

    def check(self, asked: str, answer: Answer, wanted: bytes | int, method: str = "GET") -> None:
        """The answer is that file's content, or that status."""
        status = wanted if isinstance(wanted, int) else 200
        if answer.status != status:
            raise self.failed(f"{status} for {asked}", f"{answer.status}")
        if isinstance(wanted, int):
            return
        length, body = answer["Content-Length"], b"" if method == "HEAD" else wanted
        if length != str(len(wanted)):
            raise self.failed(
                f"Content-Length: {len(wanted)} for {method} {asked}", length or "none"
            )
        if answer.body != body:
            raise self.failed(
                f"the {len(body)} bytes that {asked} has", f"{len(answer.body)} others"
            )


def escaped(path: str, chance: random.Random) -> str:
    """The same path, as a client may write it."""
    at = chance.randrange(len(path))
    if not path[at].isascii() or path[at] == "/":
        return quote(path)
    # Any other character may be escaped, in either case.
    digits = f"{ord(path[at]):02{chance.choice('xX')}}"
    return f"{quote(path[:at])}%{digits}{quote(path[at + 1 :])}"


# ---- Over connections ------------------------------------------------------


def cut_anywhere(site: Site) -> None:
    """The same request, cut after each of its bytes, and one byte at a time."""
    path = f"/{site.folder}/index.html"
    text = request(path, "X-Nothing: \t of interest ").encode()
    with site.client() as client:
        for cut in range(1, len(text), 2):
            client.send(text[:cut])
            client.send(text[cut:])
            site.check(f"{path}, cut after {cut} bytes,", client.answer(), site.files[path])
        for i in range(len(text)):
            client.send(text[i : i + 1])
        site.check(f"{path}, byte by byte,", client.answer(), site.files[path])


def in_heaps(site: Site) -> None:
    """Forty requests at once, of all kinds; each has its answer, in order."""
    wanted: list[tuple[str, bytes | int, str]] = []
    text = ""
    for _ in range(40):
        path, kind = site.pick(), site.chance.randrange(5)
        target = quote(path)
        if kind == 0:
            text += f"GET /{site.word()}- HTTP/1.1\r\nhOST: a\r\n\r\n"
            wanted.append(("what is not there", 404, "GET"))
        elif kind == 1:
            # Content that looks like a request, and is none.
            inner = request(target)
            method = site.chance.choice(["POST", "GET"])
            text += request(target, f"Content-Length: {len(inner)}", method=method) + inner
            wanted.append((target, 405 if method == "POST" else site.files[path], method))
        else:
            method = "HEAD" if kind == 2 else "GET"
            text += request(target, method=method)
            wanted.append((target, site.files[path], method))
    with site.client() as client:
        client.send(text + request("/", "Connection: close") + request("/"))
        for target, what, method in wanted:
            site.check(f"{target} among others", client.answer(method), what, method)
        if client.answer()["Connection"] != "close":
            raise site.failed("Connection: close in the last answer", "none")
        client.closed()


def refused(site: Site) -> None:
    """What leaves the end of a request in doubt ends the connection."""
    for status, text in [
        (400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        (400, "GET / HTTP/1.1\nHost: a\n\n"),
        (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        (414, f"GET /{'a' * 20_000} HTTP/1.1\r\nHost: a\r\n\r\n"),
        (431, f"GET / HTTP/1.1\r\nHost: a\r\nA: {'b' * 20_000}\r\n\r\n"),
        (404, f"GET /{site.word()}- HTTP/1.0\r\n\r\n"),
    ]:
        with site.client() as client:
            client.send(text)
            answer = client.answer()
            site.check(repr(text[:60]), answer, status)
            if answer["Connection"] != "close":
                raise site.failed(f"Connection: close after {text[:60]!r}", "none")
            client.closed()


def slow_beside_quick(site: Site) -> None:
    """Eight clients send a head each, byte by byte in turns, and each another
    one; meanwhile somebody else is in a hurry."""
    with ExitStack() as stack:
        paths = [site.pick() for _ in range(8)]
        slow = [stack.enter_context(site.client()) for _ in paths]
        texts = [request(quote(p), f"X: {site.word()}").encode() for p in paths]
        hurry = stack.enter_context(site.client())
        for i in range(max(map(len, texts))):
            for client, text in zip(slow, texts):
                client.send(text[i : i + 1])
            if i % 8 == 0:
                path = site.pick()
                site.check(f"{path} beside slow clients", hurry.ask(quote(path)), site.files[path])
        for client, path in zip(slow, paths):
            site.check(f"{path}, asked slowly,", client.answer(), site.files[path])
