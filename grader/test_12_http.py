# SPDX-License-Identifier: MIT
"""Lab 12, HTTP.

The steps stand on host tests: tables made by hand from the RFCs, every head cut
at every byte, anything at all as input (unit/test_parse.c, test_path.c,
test_respond.c, test_response.c). Then `web` boots with a disk whose files nobody
has seen before, and clients that take the server at its word: heads in pieces,
requests in heaps, paths that lead elsewhere, slow ones beside quick ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lodge.lab import Hint, Lab, Step
from lodge.objects import Symbols
from lodge.page import serve_page
from lodge.unseen import TYPES, Site, cut_anywhere, escaped, in_heaps, refused, slow_beside_quick

TEXT = ("memchr", "strchr", "strcmp", "strlen", "strncmp")

LAB = Lab(
    "12-http",
    "HTTP",
    app="web",
    exercises={
        "12-http/parse.c": Symbols(
            defines=(
                "http_parse_request_line", "http_parse_field_line", "http_parse",
                "http_field", "http_field_has",
            ),
            may_use=TEXT,
            units=("parse",),
        ),
        "12-http/path.c": Symbols(
            defines=("http_decode", "http_normalise", "http_path"),
            may_use=("http_target", *TEXT),
            units=("path",),
        ),
        "12-http/respond.c": Symbols(
            defines=(
                "http_frame", "http_persists", "http_check", "http_refuse", "http_respond",
                "http_write_head",
            ),
            may_use=(
                "http_field", "http_field_has", "http_host_valid", "http_method_known",
                "http_status", "http_media_type", "http_target", "http_append",
                "http_append_bytes", "http_append_number", "http_append_hex", *TEXT,
            ),
            units=("respond", "response"),
        ),
    },
    steps=(
        Step(
            "12.1", "http_parse_request_line",
            where='Write "GET /a HTTP/1.1" with a number under each character. For which of '
            "them does your code ask whether it is still inside the line?",
            spec="[RFC 9112 §3] for the three parts, §2.3 for the version, [RFC 9110 §5.6.2] "
            "for what a token is made of.",
            show='print("method [%.*s], target [%.*s], %u left\\n", ...) before the version is '
            "looked at.",
        ),
        Step(
            "12.2", "http_parse_field_line",
            where='Take "A:", ":b", "A :b" and "A: b " and say of each, by the contract, what is '
            "the name, what the value, or where it goes wrong.",
            spec="[RFC 9112 §5], §5.1 for the colon, §5.2 for a line that begins with a blank; "
            "[RFC 9110 §5.5] for what a value may hold.",
            show='print("[%.*s] [%.*s] of %u", name, value, field_count) at the end.',
        ),
        Step(
            "12.3", "http_parse",
            where="The picture with line and seen: move the two by hand through a head that comes "
            "in three pieces, of which the first ends between CR and LF.",
            spec="[RFC 9112 §2.1 and §2.2]; request.h above http_parse() for the limits and their "
            "status codes.",
            show='print("len %zu, line %zu, seen %zu", ...) at the beginning and at each return.',
        ),
        Step(
            "12.4", "http_field",
            where="How many fields are there, and which of the given functions compares two names?",
            spec="[RFC 9110 §5.1]: names; request.h on what becomes of *value when there is none.",
            show="Each field's name as you compare it, and the count at the end.",
        ),
        Step(
            "12.5", "http_field_has",
            where='Cut "a ,\\t close,, b" into its members by hand. Where does each begin, and '
            'what '
            "is left when the last has been taken?",
            spec="[RFC 9110 §5.6.1] on lists, §5.3 on the same field in several lines.",
            show='print("[%.*s]\\n", ...) for each member, with its brackets: they show blanks.',
        ),
        Step(
            "12.6", "http_decode",
            where="Of each byte that you read: how many are there behind it? Of each that you "
            "write: how much room is left?",
            spec="[RFC 3986 §2.1] for %XX, §2.4 for why once and no more.",
            show='print("%zu: %c -> %02x", at, from.data[at], ...) for each.',
        ),
        Step(
            "12.7", "http_normalise",
            where='Go through "/a/b/../c/." on paper with two fingers, one where you read and one '
            "behind what you keep. What does each kind of part do to either?",
            spec='[RFC 3986 §5.2.4]; path.h on what is stricter here, and on when the result ends '
            'in "/".',
            show="For each part: the part, and what is kept after it.",
        ),
        Step(
            "12.8", "http_path",
            where="path.h's picture: three functions, each with its result. What does each error "
            "of "
            "each of them become?",
            spec="path.h above http_path(); [RFC 9110 §15.5.15] for 414.",
            show="The path after each of the three, between brackets, and what each returned.",
        ),
        Step(
            "12.9", "http_frame",
            where="The table in the handout: which row is this request in? Go through its "
            "questions "
            "in that order, and through yours.",
            spec="[RFC 9112 §6.3], points 3 to 6 of its list, §6.1; [RFC 9110 §8.6].",
            show="How many lines of each of the two fields there are, and the number after each "
            "digit.",
        ),
        Step(
            "12.10", "http_persists",
            where="Three facts decide: the version, what Connection says, whether content may not "
            "come. Write the table of their combinations.",
            spec="[RFC 9112 §9.3], the list; [RFC 9110 §10.1.1] for Expect.",
            show="The three facts, and what you make of them.",
        ),
        Step(
            "12.11", "http_check",
            where="For each way out of the function: may another request follow on this "
            "connection, "
            "and is persist already what it should be?",
            spec="[RFC 9112 §3.2] for Host; [RFC 9110 §9.1, §15.5.6 and §15.6.2] for methods.",
            show="Hosts, what http_frame() gave, persist, and the method, before you return.",
        ),
        Step(
            "12.12", "http_refuse",
            where="Go through the fields of struct http_response one by one, and write down what "
            "each of them is in a refusal.",
            spec="response.h above http_refuse(); [RFC 9110 §15.5.6] for Allow, §9.3.2 for HEAD.",
            show="status_code, persist, head_only and content_length of *out.",
        ),
        Step(
            "12.13", "http_respond",
            where="The list above http_respond() in response.h, from its end to its beginning: "
            "which "
            "case hides another?",
            spec="[RFC 9110 §9.3.1, §9.3.2], §15.4.2 for 301; response.h for which error is which "
            "status.",
            show="found->error, found->stat.type, and whether the target's path ends in a slash.",
        ),
        Step(
            "12.14", "http_write_head",
            where="The picture of a head in the handout: which line is there always, which only "
            "sometimes, and which field of struct http_response says so?",
            spec="[RFC 9112 §4] for the status line, §9.3 for Connection; http_append() and its "
            "like in "
            "response.h.",
            show='print("%s", buf) when all of it has fitted, and only then: else the text has no '
            'end there. In the host tests the command behind "by hand" shows what was printed, of '
            "a test that fails.",
        ),
    ),
    hints=(
        Hint(
            r"AddressSanitizer",
            "A byte outside of what came, or of what there is room for, was touched. The report's "
            "first lines name the line of yours.",
        ),
        Hint(
            r"outside the head",
            "A slice does not lie within the head that it was taken from. Which pointer did you "
            "begin with?",
        ),
        Hint(
            r"no answer came",
            "The client waits for an answer, and the server for more of the request. Which of the "
            "two believes that the request is whole?",
        ),
        Hint(
            r"the connection was closed",
            "The server has closed a connection on which it owed an answer, or was to keep open. "
            "Who told it to: http_check() or http_persists()?",
        ),
        Hint(
            r"came behind the last|b'HTTP|\[A-Z\]",
            "The answers and what was asked have come out of step: some bytes were taken for a "
            "request that are none, or the length of an answer is not what was sent.",
        ),
    ),
)  # fmt: skip

# Before all other hints of a step: a report names files, functions and
# addresses, in which some of their patterns are found by chance.
OUTSIDE = Hint(
    r"AddressSanitizer",
    "A byte outside of what came was touched: a slice ends where its length says, and nothing "
    "follows it here, not even a NUL. The report names the line. Which question comes first there?",
)

# ---- 12.1 to 12.3: the head -------------------------------------------------------


@LAB.check(
    "12.1", 7, "Step 12.1", "A request line is taken apart, or refused, by the letter",
    hints=[
        OUTSIDE,
        Hint(
            r"should give 505|gives 505",
            "First the form, then the number: HTTP/2.0 is well-formed and not ours, HTTP/a.1 is "
            "nothing at all.",
        ),
        Hint(
            r'line "(GET /  ?H?T?T?P?/?1?.?1? |GET  /| / |GET  HTTP| GET)',
            "Exactly one space stands between two parts, and none before or behind them. A "
            "lenient reader and a strict one see two different requests.",
        ),
        Hint(
            r'line "[^"]*(HTTP/1\.1x|HTTP/1\.11|HTTP/11|HTTP/1\.? |HTTP/\.1|HTTP/1,1|http/|FTP/'
            r'|HTTQ|HTTP/1\.?")',
            "Of the version every one of the eight characters counts, and there is no ninth.",
        ),
        Hint(
            r"gives 0",
            "A line was let pass that is none. Which of its characters is not allowed where it "
            "stands? Slice.h knows the kinds.",
        ),
        Hint(
            r"answered 4\d\d|gives 4\d\d|should be \"",
            "A good line is refused, or comes out with other parts than it has.",
        ),
    ],
)  # fmt: skip
def test_request_line(unit):
    unit("parse", "test_a_request_line_has", "test_request_lines")


@LAB.check(
    "12.2", 7, "Step 12.2", "A field line is taken apart, or refused, by the letter",
    hints=[
        Hint(
            r"is_431|answered 431|field_count should",
            "There is room for so many fields. What happens to the one that comes then?",
        ),
        OUTSIDE,
        Hint(
            r'line "Host( |\\t)+:',
            "Before the colon there is nothing. A server that lets a blank pass there, behind a "
            "proxy that does not see the field for it, is how requests are smuggled.",
        ),
        Hint(
            r'line "( |\\t)',
            "A line that begins with a blank was the continuation of the one before it, long "
            "ago. It is refused now [RFC 9112 §5.2].",
        ),
        Hint(
            r"field_value should be",
            "The blanks at both ends of a value are not part of it; those inside are.",
        ),
        Hint(
            r"field_name should be",
            "The name ends at the first colon, and there may be others behind it.",
        ),
        Hint(
            r"a NUL in|Host: a|\\x01|let pass\)$",
            "A line was let pass with a character that no name or no value may hold: slice.h has "
            "a function for either.",
        ),
        Hint(
            r"is answered 4\d\d",
            "A good line is refused. An empty value is fine, and so are bytes beyond ASCII.",
        ),
    ],
)  # fmt: skip
def test_field_line(unit):
    unit("parse", "test_a_field_line_has", "test_field_lines", "test_the_field_after")


@LAB.check(
    "12.3", 12, "Step 12.3", "A head is the same however it is cut, and has its limits",
    rests_on=[test_request_line, test_field_line],
    hints=[
        OUTSIDE,
        Hint(
            r"looked at again",
            "A head that comes byte by byte costs more with each byte: what do you already know of "
            "the bytes that were there before?",
        ),
        Hint(
            r"in turns",
            "Two clients at a time, and the head of one got into the other's way. Where is what "
            "you "
            "remember between two calls, and whose is it?",
        ),
        Hint(
            r"cut after|byte by byte|in parts|asked again|after \d+ of \d+ bytes|are a part of",
            "The head was cut somewhere, and came out otherwise. Where do you go on, the second "
            "time? Had you remembered what you knew, and nothing that you did not?",
        ),
        Hint(
            # A LF behind no CR, or a CR before no LF, in what is shown.
            r'head \d+, "[^"]*((?<!\\r)\\n|\\r(?!\\n|"))',
            "A line ends in CR LF. A LF alone is no line end here, nor is a CR alone: whoever "
            "takes it for one reads other fields than the proxy before him.",
        ),
        Hint(
            r"414|431|greatest|too long|20 ?kB|without an end",
            "A head that never ends must be refused, at the same byte however it comes, by a code "
            "that says which part was too long.",
        ),
        Hint(
            r"behind the head|head_len should",
            "What stands behind the head is the next request, or content: it is not looked at, and "
            "head_len says where it begins.",
        ),
        Hint(
            r"should give|should be HTTP_OK|whole",
            "The three results: PARTIAL asks for more, OK is a head with its empty line, BAD is "
            "final. Which was wanted, and at which line did yours decide?",
        ),
    ],
)  # fmt: skip
def test_head(unit):
    unit(
        "parse", "test_a_whole", "test_what_is_behind", "test_a_head_cut", "test_a_head_that_comes",
        "test_heads_", "test_a_head_of", "test_a_head_that_is", "test_a_request_line_of",
        "test_no_input",
    )  # fmt: skip


@LAB.check(
    "12.4 12.5", 6, "Step 12.4", "Fields are found by name, and members in their lists",
    rests_on=[test_head],
    hints=[
        OUTSIDE,
        Hint(
            r"there should be one \w+, here [2-9]",
            "There is one field more than was sent: how many of the array's are this request's?",
        ),
        Hint(
            r"there should be one",
            '"Host", "host" and "HOST" are the same name.',
        ),
        Hint(
            r"there should be (three|no)|value (should|that)",
            "All are counted, the first one's value is given, and when there is none the value "
            "is left alone.",
        ),
        Hint(
            r'is "close" a member\? It should be no',
            "A member is the whole of what stands between two commas, less the blanks: more than a "
            "search for the word.",
        ),
        Hint(
            r"is \"close\" a member",
            "A list may come in several lines, with blanks, with empty members and in any case. "
            "Print the members that you see, in brackets.",
        ),
    ],
)  # fmt: skip
def test_fields(unit):
    unit("parse", "test_a_field_is", "test_all_fields", "test_a_list")


# ---- 12.6 to 12.8: the path --------------------------------------------------------


@LAB.check(
    "12.6", 7, "Step 12.6", "Escapes are decoded once, and what is dangerous is refused",
    hints=[
        OUTSIDE,
        Hint(
            r'"%25(41)?" should mean',
            "It was decoded twice. What a first pass makes is the client's name for a file, and "
            "no escape any more.",
        ),
        Hint(
            r"%00|a NUL that",
            "A NUL in a path: here it is a byte like others, there it is the end. Two parts of a "
            "server would see two different files.",
        ),
        Hint(
            r"%2[fF]",
            "An escaped slash becomes a slash only after the parts have been told apart: then "
            "one part is two.",
        ),
        Hint(
            r"fits? into|into four|fifth byte",
            "How much room there is counts in bytes written, not in bytes read.",
        ),
        Hint(
            r"should be refused",
            "Behind a % stand two hexadecimal digits, or it is refused: neither a sign nor a "
            "blank is a digit, and the end of the text is none either.",
        ),
        Hint(r"should mean", "An escape stands for one byte, any byte but two."),
    ],
)  # fmt: skip
def test_decode(unit):
    unit("path", "test_escapes", "test_what_does")


@LAB.check(
    "12.7 12.8", 9, "Step 12.7", "No path leads out of the site, whatever is written",
    rests_on=[test_decode],
    hints=[
        OUTSIDE,
        Hint(
            r"%2e|%2E",
            "It was looked for dots before the escapes were decoded, or not looked for at all.",
        ),
        Hint(
            r'"[^"]*//[^"]*" should be (refused|answered)',
            "An empty part is refused: what would /a//../b be, and who else would agree?",
        ),
        Hint(
            r'"(/\.\.|/\./\.\.|[^"]*/\.\./\.\.|\.\.)[^"]*" should be\b|leads elsewhere',
            "A .. that has nothing before it would leave the site. What do you have when it comes?",
        ),
        Hint(
            r'should become "[^"]*/", and here',
            "A path whose last part is . or .. names a directory, and ends in a slash afterwards; "
            "so does one that ended in a slash before.",
        ),
        Hint(
            r"\.\.\.|/\.a|\.\.a|a\.\.",
            "A name may begin or end with dots, or be three of them: only the parts . and .. are "
            "special, as a whole.",
        ),
        Hint(
            r"414|without the escapes|FS_PATH_MAX",
            "A path has its greatest length, counted after decoding; one that is longer has a "
            "status "
            "of its own.",
        ),
        Hint(
            r"should (be let pass|mean|become)",
            "A good target is refused, or leads to another file. Print the path after each of the "
            "three functions.",
        ),
        Hint(
            r"should be refused|should be answered|an empty part|has a NUL",
            "A target was let pass that no file of the site is meant by.",
        ),
    ],
)  # fmt: skip
def test_paths(unit):
    unit("path", "test_dots", "test_a_target", "test_a_path", "test_no_target")


# ---- 12.9 to 12.11: what it means for the connection --------------------------------


@LAB.check(
    "12.9", 8, "Step 12.9", "There is no doubt where a request ends",
    hints=[
        OUTSIDE,
        Hint(
            r"1844674407|9999999999",
            "The number does not fit into 64 bits, and what came out fits. When can you still "
            "tell?",
        ),
        Hint(
            r"Content-Length: (\||\"|-|\+|5 |5,|5a|5\.|0x|/|five)",
            "Digits, and nothing else: whoever reads this as a number reads another one than the "
            "server next to him.",
        ),
        Hint(
            r"Content-Length: 5\|Content-Length",
            "Two lines, and the same field: even if they agree, somebody wrote two.",
        ),
        Hint(
            r"Transfer-Encoding.*Content-Length|Content-Length.*Transfer-Encoding",
            "Both fields say where the request ends. Who sends both hopes that two servers on the "
            "way believe different ones.",
        ),
        Hint(
            r"Transfer-Encoding",
            "The last coding is what tells the end, if it is chunked; and HTTP/1.0 knows of none. "
            "The contract has a line for each case.",
        ),
        Hint(
            r"should mean \d+ bytes|6553",
            "The length of the content was not what the field says, or the limit is not where it "
            "should be. And without any field there is no content, whatever was there before.",
        ),
    ],
)  # fmt: skip
def test_frame(unit):
    unit("respond", "test_there_is_no_doubt")


@LAB.check(
    "12.10 12.11", 8, "Step 12.10", "Connections persist as they should, and heads are checked",
    rests_on=[test_frame],
    hints=[
        Hint(
            r'with "Expect[^"]*" the connection should persist',
            "Without content nothing is held back: what is there to wait for?",
        ),
        Hint(
            r"Expect",
            "A client that expects 100 holds its content back, or sends it after all. Nobody knows "
            "which: so where would the next request begin?",
        ),
        Hint(
            r"(close|Close).*should close|keep-alive, close",
            "Close is said, and close it is, whatever else is said.",
        ),
        Hint(
            r'HTTP/1\.0 with "Accept: a" should give 0',
            "HTTP/1.0 did not know Host yet: which line of the contract is about HTTP/1.1 alone?",
        ),
        Hint(
            r"HTTP/1\.0 with",
            "HTTP/1.0 closes, unless the client asks to keep the connection.",
        ),
        Hint(
            r"the connection should (persist|close), and",
            "Persist is not what the contract says, for this answer. From where does it have its "
            "value: from this request, or from the one before?",
        ),
        Hint(
            r"with \"(Accept: a|Host: a\|Host|Host: a b|Host: a/b|Host: a@b|Host: \")",
            "HTTP/1.1 has one Host, no more and no less, and http_host_valid() knows what it may "
            "hold.",
        ),
        Hint(
            r"(get|GETS|GE|BREW|PUT|POST|DELETE|TRACE|CONNECT|PATCH|OPTIONS|HEAD) HTTP",
            "Methods are words to the letter. Some are known and not allowed, others not known at "
            "all; and what makes the request's end doubtful comes before either.",
        ),
        Hint(
            r"content_length should be 77",
            "Whatever the method, there may be content, and it has to be read past.",
        ),
    ],
)  # fmt: skip
def test_connection(unit):
    unit("respond", "test_a_connection", "test_a_head_is", "test_the_length")


# ---- 12.12 to 12.14: the answer ------------------------------------------------------


@LAB.check(
    "12.12 12.13 12.14", 12, "Step 12.12", "Answers are decided, and written down to the byte",
    hints=[
        Hint(
            r"after HEAD|after HEAD too|head_only",
            "The answer to HEAD is that to GET, with the same fields, and no content. Also when it "
            "is a refusal; and a method is compared to the letter.",
        ),
        Hint(
            r"all of \*out|(Allow|Location) should not",
            "The struct that you fill was used before, and something of it is left.",
        ),
        Hint(
            r"(Allow|Location) should be",
            "Two status codes come with a field of their own. Which are they, and who fills it in?",
        ),
        Hint(
            r"persist|minor|should close",
            "Whether the connection goes on was decided before, and stands in the request.",
        ),
        Hint(
            r"error -?\d+ should|errors come first|neither file",
            "Each error has its status code; the list stands above http_respond(). This is step "
            "12.13.",
        ),
        Hint(
            r"asked for (as|with)|location should",
            "A directory has two addresses, with and without a slash at the end, and only one is "
            "right: the path of the target as the client wrote it decides, not the file's. This is "
            "step 12.13.",
        ),
        Hint(
            r"content_length",
            "The length that is told and the length that is there differ. A file's can be more "
            "than 32 bits.",
        ),
        Hint(
            r"-28|-ENOSPC|fit",
            "What does not fit is refused, also when it would fit without its NUL. This is step "
            "12.14.",
        ),
        Hint(
            r"the status line should",
            "Of the status line every character counts: a version, three digits, a phrase. "
            "Whose version is it, and who knows the phrase? This is step 12.14.",
        ),
        Hint(
            r"line \"Content-Length: 0\" is wanted",
            "What does a client do, on a connection that goes on, with an answer that tells no "
            "length? None and 0 are not the same. This is step 12.14.",
        ),
        Hint(
            r"line \"Connection",
            "Connection is said when it differs from what the version implies: read the four "
            "combinations in the handout. This is step 12.14.",
        ),
        Hint(
            r"the head should|is wanted|is too much",
            "The head and what was wanted of it are both shown: compare them line by line, the "
            "CR LF too. This is step 12.14.",
        ),
    ],
)  # fmt: skip
def test_answer(unit):
    unit("response", "test_a_refusal", "test_a_405")
    unit("response", "test_a_file", "test_errors", "test_a_directory")
    unit(
        "response", "test_a_head_has", "test_the_connection", "test_the_location",
        "test_further", "test_a_head_that",
    )  # fmt: skip


# ---- A site that nobody has seen -----------------------------------------------------

@pytest.fixture(scope="module")
def site(boot, rng) -> Iterator[Site]:
    site = Site(boot, rng("site"))
    yield site
    site.close()


NOWHERE = [
    "/..", "/../DIR/", "/DIR/../..", "/%2e%2e/", "/%2E./FILE", "/DIR/%2e%2e/%2e%2e/FILE",
    "/FILE%00", "/FILE%00.html", "//FILE", "/DIR//", "/DIR/..//FILE", "/..%2fFILE", "/DIR%2FFILE",
    "/%", "/%zz", "/FILE%4", "*", "FILE",
]  # fmt: skip


@LAB.check(
    "12", 10, "Check", "A site of this run is served, and nothing beside it",
    rests_on=[test_head, test_fields, test_paths, test_frame, test_connection, test_answer],
)  # fmt: skip
def test_site(site):
    site.start()
    with site.asking("every file, for GET and for HEAD"), site.client() as client:
        for path, content in site.files.items():
            for method in ("GET", "HEAD"):
                target = escaped(path, site.chance)
                answer = client.ask(target, method=method)
                site.check(target, answer, content, method)
                kind = TYPES.get(path.rpartition(".")[2], "")
                if not answer["Content-Type"].startswith(kind):
                    raise site.failed(f"type {kind} for {target}", answer["Content-Type"])
    plain = site.folder + "/index.html"
    ways = {f"/{site.folder}/": plain, f"/{site.folder}/./x/..": plain,
            f"/x/../%2e/{site.folder}/?y=/../..": plain}  # fmt: skip
    with site.asking("the same directory by other names"), site.client() as client:
        for target, name in ways.items():
            site.check(target, client.ask(target), site.files["/" + name])
        answer = client.ask(f"/{site.folder}?a=b")
        if (answer.status, answer["Location"]) != (301, f"/{site.folder}/?a=b"):
            seen = f"{answer.status} {answer['Location']}"
            raise site.failed(f"301 to /{site.folder}/?a=b", seen)
        site.check("/%252e%252e/", client.ask("/%252e%252e/"), 404)
        site.check("a file that is not there", client.ask(f"/{site.word()}-"), 404)
    with site.asking("400, and no end, for what leads nowhere"), site.client() as client:
        for target in NOWHERE:
            target = target.replace("DIR", site.folder).replace("FILE", site.word())
            site.check(target, client.ask(target), 400)
        site.check("/", client.ask(f"/{site.folder}/"), site.files["/" + plain])


@LAB.check(
    "12", 8, "Check", "Requests come in pieces, in heaps, and from slow clients",
    rests_on=[test_site],
)  # fmt: skip
def test_connections(site):
    site.start()
    with site.asking("an answer to a request that comes in two pieces"):
        cut_anywhere(site)
    with site.asking("an answer to each of many requests that come at once"):
        in_heaps(site)
    with site.asking("a refusal, and then the end of the connection"):
        refused(site)
    with site.asking("answers to slow clients, and to a quick one beside them"):
        slow_beside_quick(site)


@LAB.check(
    "12", 6, "Serve the page with it", "Your parser, paths and answers serve the page",
    rests_on=[test_site],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
