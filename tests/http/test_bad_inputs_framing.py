"""Rows 1 to 4, 56 to 58, 62 to 64 and 67 of the bad inputs: Host, framing, oversize, and a handler that fails.

What aiohttp's parsers refuse gets a problem, and the connection is closed; both parsers do the same unless a test says
otherwise.
"""

import gzip

import pytest
from aiohttp.test_utils import TestServer

from framework import Limits
from tests.http.items import JSON, PROBE, ItemController
from tests.http.raw import Answer, connect, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, logged, problem

pytestmark = pytest.mark.usefixtures("few_lines")

LIMIT = 1_048_576
BODY = b'{"name": "a", "count": 1}'
CHUNKED = b"19\r\n" + BODY + b"\r\n0\r\n\r\n"
TOO_LARGE = problem(413, "/items", f"The body exceeds {LIMIT} bytes")


def post(*lines: bytes) -> bytes:
    """Return the head of a POST with these header lines."""
    return b"\r\n".join((b"POST /items HTTP/1.1", b"Host: a", b"Content-Type: application/json", *lines, b"", b""))


def check_refused(answer: Answer, status: int = 400) -> None:
    """Check that a request is refused before it has a route, without an echo of what was sent."""
    details = {
        400: "The request cannot be parsed",
        414: "The request target is too long",
        431: "The header fields are too large",
    }
    expected = problem(status, "", details[status])
    del expected["instance"]
    assert answer.version == "HTTP/1.1"
    assert answer.problem == expected
    assert sorted(answer.headers) == ["Connection", "Content-Length", "Content-Type", "Date"]
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET /items HTTP/1.1\r\n\r\n", id="row 56: none"),
        pytest.param(b"GET /items HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", id="row 57: two"),
        pytest.param(b"GET /items HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", id="row 57: the same twice"),
    ],
)
async def test_request_without_exactly_one_host_is_refused(items: TestServer, data: bytes) -> None:
    """Rows 56 and 57: no Host or two are 400 from the parser (RFC 9112, section 3.2)."""
    check_refused(await exchange(items, data))


@pytest.mark.parametrize(
    "host",
    [
        *("a/b@c:99999", "c:65536", "c:port", "a b", "user@c", "[::1", "::1]", "c\\d", "\u00e9", "c:80:80"),
        *("[]", "[a,b]", "[:::]", "[1:2:3]", "[::1%25eth0]", "[127.0.0.1]", "[::12345]", "[::1]80", "[v.a]", "[vg.a]"),
        *("[v1.]", ":80", ":", "c%", "c%zz"),
    ],
)
@pytest.mark.parametrize("target", ["/items", "/nowhere"])
async def test_host_that_is_none_cannot_be_parsed(items: TestServer, target: str, host: str) -> None:
    """Row 58: what is not a host and port is 400, whether the path exists or not."""
    answer = await exchange(items, make_request("GET", target, headers={"Host": host}), probe=PROBE)
    expected = fault("header", "/host", "syntax", "Not a valid Host header")
    assert answer.problem == problem(400, target, "The Host header cannot be parsed", errors=[expected])


@pytest.mark.parametrize(
    "host",
    [
        *("a", "a:80", "a:", "", "127.0.0.1:65535", "[::1]:8080", "xn--bcher-kva.example", "a_b"),
        *("[2001:db8::1]", "[::ffff:127.0.0.1]:", "[v1.fe80::a+en1]:80", "c%20d"),
    ],
)
async def test_host_by_any_of_its_forms_is_taken(items: TestServer, host: str) -> None:
    """A name or an address, with or without a port, is a host (RFC 9110, section 7.2)."""
    answer = await exchange(items, make_request("GET", "/items", headers={"Host": host}), probe=PROBE)
    assert answer.status == 200


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(post(b"Content-Length: 25", b"Transfer-Encoding: chunked") + CHUNKED, id="CL and TE"),
        pytest.param(post(b"Transfer-Encoding: chunked", b"Content-Length: 25") + CHUNKED, id="TE and CL"),
        pytest.param(post(b"Content-Length: 25", b"Content-Length: 26") + BODY, id="two CL"),
        pytest.param(post(b"Content-Length: 25", b"Content-Length: 25") + BODY, id="the same CL twice"),
        pytest.param(post(b"Content-Length: 25, 25") + BODY, id="a list of CL"),
        pytest.param(post(b"Content-Length: +25") + BODY, id="CL +25"),
        pytest.param(post(b"Content-Length: -25") + BODY, id="CL -25"),
        pytest.param(post(b"Transfer-Encoding: xchunked") + CHUNKED, id="xchunked"),
        pytest.param(post(b"Transfer-Encoding : chunked") + CHUNKED, id="space before the colon"),
        pytest.param(post(b"Transfer-Encoding: chunked, identity") + CHUNKED, id="chunked is not last"),
        pytest.param(b"GET /items HTTP/1.1\nHost: a\n\n\r\n\r\n", id="bare LF"),
        pytest.param(b"GET /items HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", id="bare LF between headers"),
        pytest.param(b"GET /items HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", id="bare CR between headers"),
        pytest.param(b"GET /items HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", id="obs-fold"),
        pytest.param(b"GET /items HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n", id="NUL in a header"),
        pytest.param(b"GET /items\0 HTTP/1.1\r\nHost: a\r\n\r\n", id="NUL in the target"),
        pytest.param(b"GET items HTTP/1.1\r\nHost: a\r\n\r\n", id="target without a slash"),
        pytest.param(post(b"Transfer-Encoding: chunked") + b"zz\r\n" + BODY + b"\r\n0\r\n\r\n", id="chunk size zz"),
        pytest.param(post(b"Transfer-Encoding: chunked") + b"-1\r\n" + BODY + b"\r\n0\r\n\r\n", id="chunk size -1"),
        pytest.param(post(b"Transfer-Encoding: chunked") + b"0x19\r\n" + BODY + b"\r\n0\r\n\r\n", id="chunk size 0x"),
        pytest.param(post(b"Transfer-Encoding: chunked") + b"5\r\n" + BODY + b"\r\n0\r\n\r\n", id="chunk too long"),
    ],
)
async def test_ambiguous_framing_is_refused(items: TestServer, data: bytes) -> None:
    """Row 62: what a proxy might read in another way is 400, and the connection is closed."""
    check_refused(await exchange(items, data))


async def test_framing_that_breaks_within_the_body_closes_the_connection(serve: Serve) -> None:
    """Row 62: a bad chunk that comes while the handler waits for the body is the end of the connection."""
    items = await serve(app_of(ItemController, limits=Limits(body_grace=60)))
    async with connect(items) as connection:
        await connection.send(post(b"Transfer-Encoding: chunked") + b"5\r\n" + BODY[:5] + b"\r\n")
        assert await connection.is_open()
        answer = await connection.exchange(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n")
        expected = fault("body", "", "syntax", "The body cannot be decoded")
        assert answer.problem == problem(400, "/items", "The body cannot be read", errors=[expected])
        assert answer.headers["Connection"] == "close"
        assert await connection.rest() == b""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(
            b"GET /items HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", 431, id="row 63: 100 KB header"
        ),
        pytest.param(
            b"GET /items HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: y\r\n" % one for one in range(200)) + b"\r\n",
            431,
            id="row 63: 200 headers",
        ),
        pytest.param(b"GET /items?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, id="row 64: 70 KB target"),
    ],
)
async def test_oversized_head_is_refused(items: TestServer, data: bytes, status: int) -> None:
    """Rows 63 and 64: too many or too large header fields are 431, a request line that is too long is 414."""
    check_refused(await exchange(items, data), status)


async def test_body_of_the_limit_is_read(items: TestServer) -> None:
    """A body of exactly the limit is not too large."""
    body = BODY + b" " * (LIMIT - len(BODY))
    answer = await exchange(items, make_request("POST", "/items", headers=JSON, body=body), probe=PROBE)
    assert answer.status == 200


async def test_declared_oversize_is_refused_at_once(items: TestServer) -> None:
    """Row 4: 5 GB that are announced are 413 before they are sent, and Connection: close."""
    async with connect(items) as connection:
        answer = await connection.exchange(post(b"Content-Length: 5000000000") + b"abc")
    assert answer.problem == TOO_LARGE
    assert answer.headers["Connection"] == "close"


async def test_body_beyond_the_limit_closes_the_connection(items: TestServer) -> None:
    """Row 1: 3 MiB are 413, and the connection is closed once they have been read and dropped."""
    answer = await exchange(items, make_request("POST", "/items", headers=JSON, body=b" " * (3 * LIMIT)))
    assert answer.problem == TOO_LARGE
    assert answer.headers["Connection"] == "close"


async def test_chunks_beyond_the_limit_close_the_connection(items: TestServer) -> None:
    """Row 2: the same in chunks, whose sum nobody has announced."""
    chunks = b"".join(b"10000\r\n" + b" " * 0x10000 + b"\r\n" for _ in range(48))
    answer = await exchange(items, post(b"Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")
    assert answer.problem == TOO_LARGE
    assert answer.headers["Connection"] == "close"


async def test_compressed_body_counts_decoded(items: TestServer) -> None:
    """Row 24: 64 MiB in 65 KB are 413."""
    body = gzip.compress(b" " * (64 * LIMIT))
    data = make_request("POST", "/items", headers={**JSON, "Content-Encoding": "gzip"}, body=body)
    assert (await exchange(items, data)).problem == TOO_LARGE


async def test_body_that_is_not_compressed_as_it_says_cannot_be_parsed(items: TestServer) -> None:
    """Row 25: what is not gzip is 400 and closes the connection."""
    data = make_request("POST", "/items", headers={**JSON, "Content-Encoding": "gzip"}, body=BODY)
    answer = await exchange(items, data)
    expected = fault("body", "", "syntax", "The body cannot be decoded")
    assert answer.problem == problem(400, "/items", "The body cannot be read", errors=[expected])


async def test_half_of_a_compressed_body_cannot_be_parsed(items: TestServer) -> None:
    """Row 25: aiohttp takes what there is of a gzip stream, and half of the JSON is 400."""
    body = gzip.compress(BODY)[:-12]
    data = make_request("POST", "/items", headers={**JSON, "Content-Encoding": "gzip"}, body=body)
    assert (await exchange(items, data, probe=PROBE)).problem["status"] == 400


@pytest.mark.parametrize("accept", ["application/json", "text/html,*/*;q=0.8"])
async def test_failing_handler_tells_the_client_nothing(
    items: TestServer, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Row 67: a crash is a 500 without detail, whatever is accepted, and one line of the log with the traceback."""
    answer = await exchange(items, make_request("GET", "/items/crash", headers={"Accept": accept}), probe=PROBE)
    assert answer.problem == problem(500, "/items/crash")
    assert logged(caplog) == ["GET /items/crash failed"]
    assert "RuntimeError: a secret of the server" in caplog.text
