# SPDX-License-Identifier: MIT
"""HTTP/1.1 by RFC 9110 and 9112, byte for byte, against the booted server."""

from __future__ import annotations

import gzip
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from lodge.kit import Kit
from lodge.machine import Machine, Pace

MODIFIED = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
BIG = bytes(i * 7 % 251 for i in range(3 << 20))
STYLE = b"body { color: black }\n" * 100
CONNECTIONS = 128


def plant(folder: Path) -> None:
    """The files of the site."""
    files = {
        "index.html": b"<p>index",
        "a.txt": b"0123456789",
        "empty": b"",
        "a b&<c>.txt": b"odd",
        "big.bin": BIG,
        "style.css": STYLE,
        "style.css.gz": gzip.compress(STYLE),
        "pub/index.html": b"<p>in pub",
        "list/sub/deep.txt": b"deep",
        "list/caf\u00e9 100%.txt": b"1234567",
        "types/a.svg": b"<svg/>",
        "types/a.png": b"png",
        "types/a.unknown": b"?",
    } | {f"many/file-{i:04}.txt": b"x" for i in range(600)}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))


@dataclass(frozen=True)
class Site:
    guest: Machine
    port: int
    slow: socket.socket  # has sent half a head as the machine came up

    def connect(self, size: int | None = None) -> Client:
        return Client(self, size)


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict[str, str]
    body: bytes
    head: bytes

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name.lower(), "")


class Client:
    """A connection, and what comes back over it taken apart."""

    def __init__(self, site: Site, buffer_size: int | None = None) -> None:
        self.site = site
        self.data = b""
        self.socket = socket.socket()
        if buffer_size:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_size)
        self.socket.settimeout(site.guest.pace(10))
        self.socket.connect(("127.0.0.1", site.port))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: str | bytes) -> None:
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def more(self) -> bool:
        try:
            part = self.socket.recv(1 << 16)
        except OSError as error:
            self.site.guest.raise_if_dead("answer")
            raise AssertionError(f"no answer came, after {self.data[:200]!r}") from error
        self.data += part
        return bool(part)

    def until(self, end: bytes) -> bytes:
        while end not in self.data:
            assert self.more(), f"the connection was closed after {self.data[:300]!r}"
        found, _, self.data = self.data.partition(end)
        return found + end

    def take(self, count: int) -> bytes:
        while len(self.data) < count:
            assert self.more(), f"the connection was closed; {count} bytes should have come"
        found, self.data = self.data[:count], self.data[count:]
        return found

    def answer(self, method: str = "GET") -> Answer:
        head = self.until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        match = re.fullmatch(r"HTTP/1\.1 (\d\d\d) [A-Z][A-Za-z -]*", first)
        assert match, head
        fields: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(": ")
            assert colon and name.lower() not in fields, head
            fields[name.lower()] = value
        answer = Answer(int(match[1]), fields, b"", head)
        if method == "HEAD" or answer.status == 304:
            return answer
        return Answer(answer.status, fields, self.body(answer), head)

    def body(self, answer: Answer) -> bytes:
        if answer["Transfer-Encoding"] == "chunked":
            parts = []
            while size := int(self.until(b"\r\n"), 16):
                parts.append(self.take(size + 2)[:-2])
            assert self.take(2) == b"\r\n"
            return b"".join(parts)
        assert answer["Content-Length"], answer.head
        return self.take(int(answer["Content-Length"]))

    def closed(self) -> None:
        """The guest closes, and nothing more comes."""
        while self.more():
            pass
        assert self.data == b"", f"{self.data[:100]!r} came behind the last answer"


@pytest.fixture(scope="module")
def site(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    tree, image = folder / "tree", folder / "disk.img"
    plant(tree)
    subprocess.run(
        ["mke2fs", "-q", "-F", "-t", "ext2", "-O", "none,filetype", "-m", "0",
         "-E", "root_owner=0:0", "-d", tree, image, "16M"],
        check=True, env=os.environ | {"PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"},
    )  # fmt: skip
    kit.build_app("web")
    with ExitStack() as stack:
        guest = stack.enter_context(
            Machine(
                kit, "web", folder / "guest", pace=Pace(4), PORT="0", DISK=str(image),
                APPEND="ip=10.0.2.15/24 gw=10.0.2.2 access_log=on",
            )  # fmt: skip
        )
        guest.expect("^web: serving")
        port = guest.port()
        slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        slow.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        yield Site(guest, port, slow)


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    with site.connect() as client:
        yield client


def request(path: str, *fields: str, method: str = "GET") -> str:
    return "".join(f"{n}\r\n" for n in (f"{method} {path} HTTP/1.1", "Host: a", *fields, ""))


def ask(client: Client, path: str, *fields: str, method: str = "GET") -> Answer:
    client.send(request(path, *fields, method=method))
    return client.answer(method)


def still_serves(site: Site) -> None:
    with site.connect() as client:
        assert ask(client, "/a.txt").body == b"0123456789", "it does not serve any more"


# ---- Methods, connections ---------------------------------------------------


def test_get_head_and_options_are_answered(client: Client) -> None:
    get = ask(client, "/a.txt")
    assert (get.status, get.body) == (200, b"0123456789")
    head = ask(client, "/a.txt", method="HEAD")
    without_date = [re.sub(rb"Date: [^\r]*\r\n", b"", n.head) for n in (get, head)]
    assert without_date[0] == without_date[1]
    for target in ("/a.txt", "*"):
        options = ask(client, target, method="OPTIONS")
        assert (options.status, options["Allow"]) == (200, "GET, HEAD, OPTIONS")
    assert ask(client, "/a.txt").status == 200


def test_keep_alive_and_pipelining(client: Client) -> None:
    paths = ["/a.txt", "/nothing", "/big.bin", "/pub", "/empty"] * 4
    client.send("".join(request(p) for p in paths))
    statuses = [client.answer().status for _ in paths]
    assert statuses == [200, 404, 200, 301, 200] * 4
    client.send(request("/", "Connection: close") + request("/a.txt"))
    assert client.answer()["Connection"] == "close"
    client.closed()


def test_a_request_may_be_cut_anywhere(site: Site) -> None:
    text = request("/a.txt", "Range: bytes=2-3").encode()
    with site.connect() as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(text)):
            client.send(text[:cut])
            client.send(text[cut:])
            assert client.answer().body == b"23"


def test_http_1_0_closes_unless_told_to_keep_alive(site: Site) -> None:
    with site.connect() as client:
        client.send("GET /a.txt HTTP/1.0\r\n\r\n")
        assert client.answer().body == b"0123456789"
        client.closed()
    with site.connect() as client:
        for _ in range(3):
            client.send("GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert client.answer()["Connection"] == "keep-alive"


@pytest.mark.parametrize(
    "fields, status",
    [
        ("", 400),
        ("Host: a\r\nHost: a\r\n", 400),
        ("Host: a b\r\n", 400),
        ("Host: a/b\r\n", 400),
        ("Host: you@a\r\n", 400),
        ("Host: a:b\r\n", 400),
        ("Host: \r\n", 200),
        ("Host: localhost:8080\r\n", 200),
        ("Host: [::1]:80\r\n", 200),
    ],
)
def test_host_is_checked(fields: str, status: int, client: Client) -> None:
    client.send(f"GET /a.txt HTTP/1.1\r\n{fields}\r\n")
    assert client.answer().status == status
    if status == 400:
        client.closed()


# ---- Versions of a file -----------------------------------------------------


def test_etag_and_last_modified_tell_one_version_from_another(client: Client) -> None:
    first, again = ask(client, "/a.txt"), ask(client, "/a.txt")
    assert re.fullmatch(r'"[!#-~]+"', first["ETag"]), first.head
    assert first["ETag"] == again["ETag"]
    assert first["Last-Modified"] == DATE
    assert ask(client, "/big.bin")["ETag"] != first["ETag"]
    made = ask(client, "/stats")
    assert made["ETag"] == "" and made["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "fields, status",
    [
        ("If-None-Match: TAG", 304),
        ("If-None-Match: W/TAG", 304),
        ('If-None-Match: "x", TAG', 304),
        ("If-None-Match: *", 304),
        ('If-None-Match: "x"', 200),
        (f"If-Modified-Since: {DATE}", 304),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", 304),
        ("If-Modified-Since: Sun Nov  6 08:49:37 1994", 304),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200),
        ("If-Modified-Since: nonsense", 200),
        (f'If-None-Match: "x"|If-Modified-Since: {DATE}', 200),
        ("If-Match: TAG", 200),
        ("If-Match: *", 200),
        ("If-Match: W/TAG", 412),
        ('If-Match: "x"', 412),
        (f"If-Unmodified-Since: {DATE}", 200),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 412),
        ("If-Match: TAG|If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200),
        ('If-Match: "x"|If-None-Match: TAG', 412),
        ("If-Match: TAG|If-None-Match: TAG", 304),
    ],
)
def test_conditions_are_looked_at_in_their_order(
    fields: str, status: int, client: Client
) -> None:
    tag = ask(client, "/a.txt")["ETag"]
    for method in ("GET", "HEAD"):
        answer = ask(
            client, "/a.txt", *fields.replace("TAG", tag).split("|"), method=method
        )
        assert answer.status == status, answer.head
        if status == 304:
            assert answer["ETag"] == tag and not answer["Content-Type"]
    assert ask(client, "/a.txt").status == 200


# ---- Ranges -----------------------------------------------------------------


@pytest.mark.parametrize(
    "spec, first, last",
    [("0-0", 0, 0), ("-1", -1, -1), ("5000-70000", 5000, 70000), ("3000000-", 3000000, -1)],
)
def test_a_single_range_or_suffix(spec: str, first: int, last: int, client: Client) -> None:
    first, last = first % len(BIG), last % len(BIG)
    answer = ask(client, "/big.bin", f"Range: bytes={spec}")
    assert answer.status == 206
    assert answer.body == BIG[first : last + 1]
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(BIG)}"
    assert answer["ETag"] == ask(client, "/big.bin", method="HEAD")["ETag"]


def test_several_ranges_are_multipart_byteranges(client: Client) -> None:
    answer = ask(client, "/big.bin", "Range: bytes=100000-200000, 5-9, -7")
    assert answer.status == 206
    match = re.fullmatch(r"multipart/byteranges; boundary=(\S+)", answer["Content-Type"])
    assert match and not answer["Content-Range"], answer.head
    first, *parts, last = answer.body.split(b"--" + match[1].encode())
    assert (first, last, len(parts)) == (b"", b"--\r\n", 3)
    for part, (start, end) in zip(
        parts, [(100000, 200000), (5, 9), (len(BIG) - 7, len(BIG) - 1)], strict=True
    ):
        head, _, content = part.partition(b"\r\n\r\n")
        assert f"Content-Range: bytes {start}-{end}/{len(BIG)}".encode() in head
        assert content == BIG[start : end + 1] + b"\r\n"


@pytest.mark.parametrize(
    "spec",
    [
        "lines=0-1", "bytes=5-2", "bytes=x", "bytes=0-1,x", "bytes 0-1", "bytes=",
        "bytes=0-,0-,0-", "bytes=" + ",".join(f"{i}-{i}" for i in range(100)),
    ],
)  # fmt: skip
def test_a_range_that_is_absurd_is_rightly_ignored(spec: str, client: Client) -> None:
    answer = ask(client, "/big.bin", f"Range: {spec}")
    assert (answer.status, answer.body == BIG) == (200, True)


def test_a_range_that_can_not_be_satisfied_is_416(client: Client) -> None:
    answer = ask(client, "/a.txt", "Range: bytes=10-")
    assert (answer.status, answer["Content-Range"]) == (416, "bytes */10")
    assert ask(client, "/a.txt", "Range: bytes=-0").status == 416
    assert ask(client, "/a.txt", "Range: bytes=10-", method="HEAD").status == 200


def test_if_range_by_tag_or_date(client: Client) -> None:
    tag = ask(client, "/a.txt")["ETag"]
    for value, status in [
        (tag, 206), (DATE, 206), (f"W/{tag}", 200), ('"x"', 200),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
    ]:  # fmt: skip
        answer = ask(client, "/a.txt", "Range: bytes=0-4", f"If-Range: {value}")
        assert answer.status == status, value


# ---- What is sent -----------------------------------------------------------


@pytest.mark.parametrize(
    "path, wanted",
    [
        ("/", "text/html; charset=utf-8"),
        ("/a.txt", "text/plain; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/types/a.svg", "image/svg+xml"),
        ("/types/a.png", "image/png"),
        ("/types/a.unknown", "application/octet-stream"),
    ],
)
def test_content_type_by_extension_with_charset(
    path: str, wanted: str, client: Client
) -> None:
    assert ask(client, path)["Content-Type"] == wanted


def test_answers_have_a_date(client: Client) -> None:
    for path in ("/a.txt", "/nothing", "/pub"):
        answer = ask(client, path)
        parsedate_to_datetime(answer["Date"])
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer["Date"])


def test_precompressed_files_are_sent_when_accepted_with_vary(client: Client) -> None:
    plain = ask(client, "/style.css")
    assert (plain.body, plain["Content-Encoding"]) == (STYLE, "")
    small = ask(client, "/style.css", "Accept-Encoding: br;q=1, gzip;q=0.5")
    assert small["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.body) == STYLE
    assert small["Content-Type"] == plain["Content-Type"]
    assert small["ETag"] != plain["ETag"]
    assert small["Vary"] == plain["Vary"] == "Accept-Encoding"
    for refused in ("gzip;q=0", "identity", "br", ""):
        assert ask(client, "/style.css", f"Accept-Encoding: {refused}").body == STYLE
    assert ask(client, "/a.txt", "Accept-Encoding: gzip, identity;q=0").status == 406


def test_directories_are_their_index_or_else_a_listing(client: Client) -> None:
    assert ask(client, "/").body == b"<p>index"
    assert ask(client, "/pub/").body == b"<p>in pub"
    page = ask(client, "/list/")
    assert page.status == 200 and page["Transfer-Encoding"] == "chunked"
    text = page.body.decode()
    assert '<a href="./sub/">sub/</a>' in text
    assert '<a href="./caf%C3%A9%20100%25.txt">caf\u00e9 100%.txt</a></td><td>7<' in text
    assert "1994-11-06 08:49" in text
    assert ask(client, "/list/caf%C3%A9%20100%25.txt").body == b"1234567"
    names = re.findall(r">(file-\d+\.txt)<", ask(client, "/many/").body.decode())
    assert sorted(names) == [f"file-{i:04}.txt" for i in range(600)]


def test_a_listing_for_http_1_0_ends_with_the_connection(client: Client) -> None:
    client.send("GET /many/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    while client.more():
        pass
    assert b"Transfer-Encoding" not in client.data and client.data.endswith(b"</html>\n")


def test_a_missing_slash_is_redirected(client: Client) -> None:
    for path, location in [("/pub", "/pub/"), ("/list/sub?q=1", "/list/sub/?q=1")]:
        answer = ask(client, path)
        assert (answer.status, answer["Location"]) == (301, location)


# ---- What is refused --------------------------------------------------------

FIELD = "A: b\r\n"
H = "Host: a\r\n"
CLOSING = [
    ("400 bare CR in a field", f"GET / HTTP/1.1\r\n{H}A: b\rc\r\n\r\n"),
    ("400 bare CR for a line end", f"GET / HTTP/1.1\r{H}\r\n"),
    ("400 bare LF", "GET / HTTP/1.1\nHost: a\n\n"),
    ("400 NUL in a field", f"GET / HTTP/1.1\r\n{H}A: b\0c\r\n\r\n"),
    ("400 obs-fold", f"GET / HTTP/1.1\r\n{H}A: b\r\n c\r\n\r\n"),
    ("400 space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    ("400 space before the first field", f"GET / HTTP/1.1\r\n {H}\r\n"),
    ("400 no colon", f"GET / HTTP/1.1\r\n{H}nonsense\r\n\r\n"),
    ("400 doubled Content-Length", f"POST / HTTP/1.1\r\n{H}Content-Length: 3\r\n"
     "Content-Length: 3\r\n\r\nabc"),
    ("400 Content-Length of a list", f"POST / HTTP/1.1\r\n{H}Content-Length: 3, 3\r\n\r\nabc"),
    ("400 malformed Content-Length", f"POST / HTTP/1.1\r\n{H}Content-Length: +3\r\n\r\nabc"),
    ("400 negative Content-Length", f"POST / HTTP/1.1\r\n{H}Content-Length: -3\r\n\r\n"),
    ("400 Content-Length that overflows", f"GET / HTTP/1.1\r\n{H}"
     "Content-Length: 18446744073709551619\r\n\r\nabc"),
    ("400 Content-Length with Transfer-Encoding", f"POST / HTTP/1.1\r\n{H}"
     "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("400 unknown transfer coding last", f"POST / HTTP/1.1\r\n{H}"
     "Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n"),
    ("501 unknown transfer coding", f"POST / HTTP/1.1\r\n{H}"
     "Transfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n"),
    ("400 Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("411 content of unknown length", f"POST / HTTP/1.1\r\n{H}"
     f"Transfer-Encoding: chunked\r\n\r\n21\r\n{request('/a.txt')}\r\n0\r\n\r\n"),
    ("413 content that is too large", f"GET /a.txt HTTP/1.1\r\n{H}"
     f"Content-Length: 65537\r\n\r\n{request('/a.txt') * 10}"),
    ("414 a request line of 20 kB", f"GET /{'a' * 20000} HTTP/1.1\r\n{H}\r\n"),
    ("431 a head of 20 kB", f"GET / HTTP/1.1\r\n{H}A: {'b' * 20000}\r\n\r\n"),
    ("431 a hundred fields", f"GET / HTTP/1.1\r\n{H}{FIELD * 100}\r\n"),
    ("505 another version", f"GET / HTTP/2.0\r\n{H}\r\n"),
    ("400 no version", "GET /\r\n\r\n"),
    ("400 nonsense", "\x16\x03\x01\r\n\r\n"),
]  # fmt: skip


@pytest.mark.parametrize("what, text", CLOSING, ids=[what for what, _ in CLOSING])
def test_what_leaves_the_end_in_doubt_is_refused_and_closed(
    what: str, text: str, site: Site
) -> None:
    with site.connect() as client:
        client.send(text)
        answer = client.answer()
        assert answer.status == int(what.split()[0]), what
        assert answer["Connection"] == "close"
        client.closed()
    still_serves(site)


@pytest.mark.parametrize(
    "line, status",
    [
        ("GET /nothing", 404),
        ("GET /a.txt/", 404),
        ("POST /a.txt", 405),
        ("DELETE /a.txt", 405),
        ("TRACE /a.txt", 405),
        ("CONNECT a:80", 405),
        ("BREW /a.txt", 501),
        ("GET *", 400),
        ("GET a.txt", 400),
        ("GET /a.txt#b", 400),
        (f"GET /{'a' * 2000}", 414),
    ],
)
def test_other_refusals_leave_the_connection_open(
    line: str, status: int, client: Client
) -> None:
    client.send(f"{line} HTTP/1.1\r\n{H}\r\n")
    answer = client.answer()
    assert answer.status == status
    assert answer["Allow"] == ("GET, HEAD, OPTIONS" if status == 405 else "")
    assert ask(client, "/a.txt").status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_body_is_never_read_as_a_request(method: str, client: Client) -> None:
    body = request("/nothing")
    text = f"{method} /a.txt HTTP/1.1\r\n{H}Content-Length: {len(body)}\r\n\r\n{body}"
    client.send(text * 2 + request("/a.txt"))
    first = 200 if method == "GET" else 405
    assert [client.answer().status for _ in range(3)] == [first, first, 200]
    client.send(f"PUT / HTTP/1.1\r\n{H}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n")
    assert client.answer().status == 405
    client.closed()


@pytest.mark.parametrize(
    "path, status",
    [
        ("/../a.txt", 400), ("/..", 400), ("/pub/../../a.txt", 400),
        ("/%2e%2e/a.txt", 400), ("/.%2e/a.txt", 400), ("/pub/%2E%2E/%2e%2e/", 400),
        ("/..%2fa.txt", 400), ("/%2e%2e%2fa.txt", 400), ("/a%2ftxt", 400),
        ("/a.txt%00", 400), ("/a.txt%00.png", 400), ("/%00", 400),
        ("/%zz", 400), ("/%", 400), ("/a%2", 400), ("/%u002e", 400),
        ("//a.txt", 400), ("/pub//index.html", 400), ("//", 400),
        pytest.param("/%c0%ae%c0%ae/a.txt", 404, id="overlong UTF-8"),
        pytest.param("/%e0%80%ae%e0%80%ae/a.txt", 404, id="more overlong UTF-8"),
        ("/%252e%252e/a.txt", 404), ("/..;/a.txt", 404), ("/.../a.txt", 404),
        ("/\\..\\a.txt", 404), ("/%5c..%5ca.txt", 404),
        ("/pub/../a.txt", 200), ("/./a.txt", 200), ("/pub/%2e%2e/a.txt", 200),
        ("/%61.txt", 200), ("http://a/a.txt", 200), ("/a.txt?/../..", 200),
    ],
)  # fmt: skip
def test_paths_never_leave_the_root_nor_are_cut_by_nul(
    path: str, status: int, client: Client
) -> None:
    answer = ask(client, path)
    assert answer.status == status
    assert (answer.body == b"0123456789") == (status == 200)


# ---- Many, and slow ones ----------------------------------------------------


def test_the_oldest_idle_connection_gives_way_when_all_are_taken(site: Site) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(site.connect())
        assert ask(first, "/a.txt").status == 200
        for _ in range(CONNECTIONS + 10):
            client = stack.enter_context(site.connect())
            assert ask(client, "/a.txt").status == 200
        first.closed()
    still_serves(site)


def test_slow_readers_and_writers_never_hold_up_the_others(site: Site) -> None:
    with ExitStack() as stack:
        # One after the other, as QEMU queues but one that connects.
        slow: list[Client] = []
        for i in range(80):
            slow.append(stack.enter_context(site.connect(4096 if i < 40 else None)))
            assert ask(slow[i], "/a.txt").status == 200
        readers, writers = slow[:40], slow[40:]
        # This host takes some megabytes of it; then the guest's windows shut.
        for reader in readers:
            reader.send(request("/big.bin") * 3)
        for writer in writers:
            writer.send("GET /a.txt HTTP/1.1\r\nHo")
        with site.connect() as client:
            for _ in range(20):
                assert ask(client, "/a.txt").status == 200
                assert ask(client, "/many/", method="HEAD").status == 200
            assert ask(client, "/big.bin").body == BIG
        for writer in writers:
            writer.send("st: a\r\n\r\n")
            assert writer.answer().body == b"0123456789"
        # And all who were slow get what they asked for, each its turn.
        for reader in readers:
            reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
            assert b" 200 OK\r\n" in reader.until(b"\r\n\r\n")
        for at in range(0, len(BIG), 1 << 16):
            part = BIG[at : at + (1 << 16)]
            for reader in readers:
                assert reader.take(len(part)) == part


def test_the_access_log_has_a_line_for_each_answer(site: Site, client: Client) -> None:
    ask(client, "/a.txt?a=%22b%22")
    ask(client, '/"quoted"')
    line = r'^http: 10\.0\.2\.2:\d+ "%s" %s'
    site.guest.expect(line % (r"GET /a\.txt\?a=%22b%22", "200 10"))
    site.guest.expect(line % (r"GET /\\x22quoted\\x22", r"404 \d+"))


def test_a_head_that_does_not_come_to_its_end_is_408(site: Site) -> None:
    """It was begun as the machine came up: most of its time is over."""
    site.slow.settimeout(site.guest.pace(30))
    answer = b"".join(iter(lambda: site.slow.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nConnection: close\r\n" in answer
