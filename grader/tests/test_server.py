# SPDX-License-Identifier: MIT
"""The server, on every target: HTTP/1.1 by RFC 9110 and 9112, byte for byte,
against the same application as a guest of each machine and as a process.

A guest is booted once a target. What takes long is tried on one target of each
kind, but for a soak.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import selectors
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from sample import BIG, DATE, STYLE, Site, make_disk, serve

from lodge.target import KINDS, Q35, TARGETS, Target
from lodge.web import Client, at_rest, request

CROWD = 256
STYLE_SUM = hashlib.sha256(STYLE).digest()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        long = metafunc.definition.get_closest_marker("long")
        some = KINDS if long and not metafunc.config.getoption("soak") else TARGETS
        metafunc.parametrize("target", some, indirect=True, ids=str, scope="module")


@pytest.fixture(scope="module")
def target(request: pytest.FixtureRequest) -> Target:
    return request.param


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for all: what they answer is to be the same."""
    return make_disk(tmp_path_factory.mktemp("disk"))


@pytest.fixture(scope="module")
def site(
    target: Target, build: Path, disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp(target.name)
    line = "ip=10.0.2.15/24 gw=10.0.2.2 access_log=on"
    with serve(target, target.kit(build), disk, folder, APPEND=line) as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def dawdlers(
    build: Path, disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Client]]:
    """Each has sent half a head to a guest of its own, before any other test."""
    with ExitStack() as stack:
        waiting = {}
        for target in KINDS:
            folder = tmp_path_factory.mktemp(f"waits-{target}")
            site = stack.enter_context(serve(target, target.kit(build), disk, folder))
            waiting[target.name] = stack.enter_context(site.connect())
            waiting[target.name].send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
        yield waiting


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    with site.connect() as client:
        yield client


# ---- Methods, connections ---------------------------------------------------


def test_get_head_and_options_are_answered(client: Client) -> None:
    get = client.ask("/a.txt")
    assert (get.status, get.body) == (200, b"0123456789")
    head = client.ask("/a.txt", method="HEAD")
    without_date = [re.sub(rb"Date: [^\r]*\r\n", b"", n.head) for n in (get, head)]
    assert without_date[0] == without_date[1]
    for what in ("/a.txt", "*"):
        options = client.ask(what, method="OPTIONS")
        assert (options.status, options["Allow"]) == (200, "GET, HEAD, OPTIONS")
    assert client.ask("/a.txt").status == 200


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
        for i in range(len(text)):
            client.send(text[i : i + 1])
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
    first, again = client.ask("/a.txt"), client.ask("/a.txt")
    assert re.fullmatch(r'"[!#-~]+"', first["ETag"]), first.head
    assert first["ETag"] == again["ETag"]
    assert first["Last-Modified"] == DATE
    assert client.ask("/big.bin")["ETag"] != first["ETag"]
    made = client.ask("/stats")
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
    tag = client.ask("/a.txt")["ETag"]
    for method in ("GET", "HEAD"):
        answer = client.ask("/a.txt", *fields.replace("TAG", tag).split("|"), method=method)
        assert answer.status == status, answer.head
        if status == 304:
            assert answer["ETag"] == tag and not answer["Content-Type"]
    assert client.ask("/a.txt").status == 200


# ---- Ranges -----------------------------------------------------------------


@pytest.mark.parametrize(
    "spec, first, last",
    [("0-0", 0, 0), ("-1", -1, -1), ("5000-70000", 5000, 70000), ("3000000-", 3000000, -1)],
)
def test_a_single_range_or_suffix(spec: str, first: int, last: int, client: Client) -> None:
    first, last = first % len(BIG), last % len(BIG)
    answer = client.ask("/big.bin", f"Range: bytes={spec}")
    assert answer.status == 206
    assert answer.body == BIG[first : last + 1]
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(BIG)}"
    assert answer["ETag"] == client.ask("/big.bin", method="HEAD")["ETag"]


def test_several_ranges_are_multipart_byteranges(client: Client) -> None:
    answer = client.ask("/big.bin", "Range: bytes=100000-200000, 5-9, -7")
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
    answer = client.ask("/big.bin", f"Range: {spec}")
    assert (answer.status, answer.body == BIG) == (200, True)


def test_a_range_that_can_not_be_satisfied_is_416(client: Client) -> None:
    answer = client.ask("/a.txt", "Range: bytes=10-")
    assert (answer.status, answer["Content-Range"]) == (416, "bytes */10")
    assert client.ask("/a.txt", "Range: bytes=-0").status == 416
    assert client.ask("/a.txt", "Range: bytes=10-", method="HEAD").status == 200


def test_if_range_by_tag_or_date(client: Client) -> None:
    tag = client.ask("/a.txt")["ETag"]
    for value, status in [
        (tag, 206), (DATE, 206), (f"W/{tag}", 200), ('"x"', 200),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
    ]:  # fmt: skip
        answer = client.ask("/a.txt", "Range: bytes=0-4", f"If-Range: {value}")
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
    assert client.ask(path)["Content-Type"] == wanted


def test_answers_have_a_date_if_the_machine_has_a_clock(client: Client, target: Target) -> None:
    for path in ("/a.txt", "/nothing", "/pub"):
        answer = client.ask(path)
        if not target.clock:
            assert answer["Date"] == ""  # [RFC 9110 §6.6.1]
            continue
        parsedate_to_datetime(answer["Date"])
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer["Date"])


def test_precompressed_files_are_sent_when_accepted_with_vary(client: Client) -> None:
    plain = client.ask("/style.css")
    assert (plain.body, plain["Content-Encoding"]) == (STYLE, "")
    small = client.ask("/style.css", "Accept-Encoding: br;q=1, gzip;q=0.5")
    assert small["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.body) == STYLE
    assert small["Content-Type"] == plain["Content-Type"]
    assert small["ETag"] != plain["ETag"]
    assert small["Vary"] == plain["Vary"] == "Accept-Encoding"
    for refused in ("gzip;q=0", "identity", "br", ""):
        assert client.ask("/style.css", f"Accept-Encoding: {refused}").body == STYLE
    assert client.ask("/a.txt", "Accept-Encoding: gzip, identity;q=0").status == 406


def test_directories_are_their_index_or_else_a_listing(client: Client) -> None:
    assert client.ask("/").body == b"<p>index"
    assert client.ask("/pub/").body == b"<p>in pub"
    page = client.ask("/list/")
    assert page.status == 200 and page["Transfer-Encoding"] == "chunked"
    text = page.body.decode()
    assert '<a href="./sub/">sub/</a>' in text
    assert '<a href="./caf%C3%A9%20100%25.txt">caf\u00e9 100%.txt</a></td><td>7<' in text
    assert "1994-11-06 08:49" in text
    assert client.ask("/list/caf%C3%A9%20100%25.txt").body == b"1234567"
    names = re.findall(r">(file-\d+\.txt)<", client.ask("/many/").body.decode())
    assert sorted(names) == [f"file-{i:04}.txt" for i in range(600)]


def test_a_listing_for_http_1_0_ends_with_the_connection(client: Client) -> None:
    client.send("GET /many/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    while client.more():
        pass
    assert b"Transfer-Encoding" not in client.data and client.data.endswith(b"</html>\n")


def test_a_missing_slash_is_redirected(client: Client) -> None:
    for path, location in [("/pub", "/pub/"), ("/list/sub?q=1", "/list/sub/?q=1")]:
        answer = client.ask(path)
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
    ("400 two spaces in the request line", f"GET  / HTTP/1.1\r\n{H}\r\n"),
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
    site.still_serves()


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
    assert client.ask("/a.txt").status == 200


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
    answer = client.ask(path)
    assert answer.status == status
    assert (answer.body == b"0123456789") == (status == 200)


# ---- Many, and slow ones ----------------------------------------------------


def has_all(client: Client) -> bool:
    answer = client.answer()
    return answer.status == 200 and hashlib.sha256(answer.body).digest() == STYLE_SUM


def crowd_of(site: Site, stack: ExitStack, count: int) -> list[Client]:
    """One after the other, as QEMU queues but one that connects."""
    crowd = []
    for _ in range(count):
        crowd.append(stack.enter_context(site.connect()))
        assert crowd[-1].ask("/a.txt").status == 200
    return crowd


@pytest.mark.long
def test_a_crowd_that_keeps_its_connections_is_answered_whole(site: Site) -> None:
    with ExitStack() as stack:
        crowd = crowd_of(site, stack, CROWD)
        for _ in range(3):
            for client in crowd:
                client.send(request("/style.css"))
            assert all(has_all(client) for client in crowd), "nobody is cut off"
    site.still_serves()


@pytest.mark.long
def test_a_crowd_whose_connections_all_close_and_come_anew_is_answered_whole(site: Site) -> None:
    for _ in range(2):
        with ExitStack() as stack:
            crowd = crowd_of(site, stack, CROWD)
            for client in crowd:
                client.send(request("/style.css", "Connection: close"))
            for client in crowd:
                assert has_all(client)
                client.closed()
    site.still_serves()


@pytest.mark.long
def test_who_downloads_beside_others_has_at_least_half_of_his_share(site: Site) -> None:
    """Sixteen, of whom each asks for it four times in one go and is read from as
    soon as there is anything; looked at when the first has all. Who came first
    is ahead by what was sent before the others had asked, as much as a fourth
    of it under a host of which others want more than it has."""
    with ExitStack() as stack, selectors.DefaultSelector() as ready:
        crowd = crowd_of(site, stack, 16)
        got = dict.fromkeys(crowd, 0)
        for client in crowd:
            ready.register(client.socket, selectors.EVENT_READ, client)
            client.send(request("/big.bin") * 4)
        while max(got.values()) < 4 * len(BIG):
            events = ready.select(client.socket.gettimeout())
            assert events, "all of them stand still"
            for key, _ in events:
                got[key.data] += len(key.data.socket.recv(1 << 16))
        share = sum(got.values()) / len(crowd)
        assert min(got.values()) >= share / 2, sorted(got.values())


def test_slow_readers_and_writers_never_hold_up_the_others(site: Site) -> None:
    crowd_of_slow_ones(site, 8)


@pytest.mark.long
def test_forty_slow_readers_and_writers_never_hold_up_the_others(site: Site) -> None:
    crowd_of_slow_ones(site, 40)


@contextmanager
def half_asked(writers: list[Client]) -> Iterator[None]:
    """While each of them is at a head. It is given 20 seconds for one, however
    slow the host is: so what goes on meanwhile is to be little."""
    for writer in writers:
        writer.send("GET /a.txt HTTP/1.1\r\nHo")
    yield
    for writer in writers:
        writer.send("st: a\r\n\r\n")
    for writer in writers:
        assert writer.answer().body == b"0123456789"


def crowd_of_slow_ones(site: Site, crowd: int) -> None:
    """So many readers, so many writers, and one who is not slow."""
    with ExitStack() as stack:
        # One after the other, as QEMU queues but one that connects.
        slow: list[Client] = []
        for i in range(2 * crowd):
            slow.append(stack.enter_context(site.connect(4096 if i < crowd else None)))
            assert slow[i].ask("/a.txt").status == 200
        readers, writers = slow[:crowd], slow[crowd:]
        # This host takes some megabytes of it; then the guest's windows shut.
        for reader in readers:
            reader.send(request("/big.bin") * 3)
        with site.connect() as client:
            for _ in range(5):
                with half_asked(writers):
                    for _ in range(4):
                        assert client.ask("/a.txt").status == 200
                        assert client.ask("/many/", method="HEAD").status == 200
            for at in range(0, len(BIG), len(BIG) // 4):
                with half_asked(writers):
                    part = BIG[at : at + len(BIG) // 4]
                    span = f"Range: bytes={at}-{at + len(part) - 1}"
                    assert client.ask("/big.bin", span).body == part
        # And all who were slow get what they asked for, each its turn.
        for reader in readers:
            reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
            assert b" 200 OK\r\n" in reader.until(b"\r\n\r\n")
        for at in range(0, len(BIG), 1 << 16):
            part = BIG[at : at + (1 << 16)]
            for reader in readers:
                assert reader.take(len(part)) == part


def test_the_access_log_has_a_line_for_each_answer(site: Site, client: Client) -> None:
    client.ask("/a.txt?a=%22b%22")
    client.ask('/"quoted"')
    line = rf'^http: {re.escape(site.target.client)}:\d+ "%s" %s'
    site.guest.expect(line % (r"GET /a\.txt\?a=%22b%22", "200 10"))
    site.guest.expect(line % (r"GET /\\x22quoted\\x22", r"404 \d+"))


def test_who_goes_away_in_the_middle_leaves_nothing_behind(site: Site) -> None:
    """In mid-answer or mid-request, by a reset or in peace."""

    def leave(text: str, *, reset: bool) -> None:
        with site.connect(4096) as client:
            # QEMU queues but one that connects: this one has come through.
            assert client.ask("/a.txt").status == 200
            client.send(text)
            if "big" in text:
                client.until(b"\r\n\r\n")
            if reset:
                client.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )

    texts = (request("/big.bin") * 3, request("/a.txt")[:-2], request("/a.txt"))
    for text in texts:
        leave(text, reset=True)
    before = at_rest(site.guest, site.port)
    for _ in range(10):
        for text in texts:
            leave(text, reset=True)
            leave(text, reset=False)
    after = at_rest(site.guest, site.port)
    for name in ("heap_bytes", "heap_blocks", "pages_used", "cache_pinned"):
        assert after[name] == before[name], name
    assert after["requests"] > before["requests"]


# ---- The same web ---------------------------------------------------------------

ASKED = [
    *(request(p) for p in ("/", "/a.txt", "/empty", "/style.css", "/pub", "/pub/", "/list/")),
    *(request(p) for p in ("/many/", "/nothing", "/../a", "/%00", "/types/a.unknown")),
    *(request("/a.txt", method=m) for m in ("HEAD", "OPTIONS", "POST", "BREW")),
    request("/style.css", "Accept-Encoding: gzip"),
    request("/big.bin", "Range: bytes=5-9"),
    request("/big.bin", "Range: bytes=100000-200000, 5-9, -7"),
    request("/a.txt", "Range: bytes=10-"),
    request("/a.txt", f"If-Modified-Since: {DATE}"),
    request("/a.txt", 'If-Match: "another"'),
    request("/big.bin"),
    *(text for _, text in CLOSING),
]
Told = list[tuple[bytes, bytes]]


def told(site: Site) -> Told:
    """What each of them is answered: head and content, in however many chunks
    that comes; less the date, and the mark between parts, which is by chance."""
    answers = []
    for text in ASKED:
        with site.connect() as client:
            client.send(text)
            answer = client.answer(text.split(" ")[0])
            head = re.sub(rb"Date: [^\r]*\r\n", b"", answer.head)
            if mark := re.search(rb"boundary=(\w+)", head):
                answers.append((head.replace(mark[1], b""), answer.body.replace(mark[1], b"")))
            else:
                answers.append((head, answer.body))
    return answers


@pytest.fixture(scope="module")
def wanted(build: Path, disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What a guest of its own says, of the kind that there was first."""
    with serve(Q35, Q35.kit(build), disk, tmp_path_factory.mktemp("first")) as site:
        return told(site)


def test_every_target_says_the_same_to_the_last_byte(site: Site, wanted: Told) -> None:
    for text, seen, expected in zip(ASKED, told(site), wanted, strict=True):
        assert seen[0] == expected[0], text[:200]
        assert seen[1] == expected[1], text[:200]


# ---- At last --------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_head_that_does_not_come_to_its_end_is_408(
    kind: Target, dawdlers: dict[str, Client]
) -> None:
    """It was begun before all others: most of its time is over."""
    client = dawdlers[kind.name]
    client.socket.settimeout(client.guest.pace(30))
    while client.more():
        pass
    assert client.data.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nConnection: close\r\n" in client.data
