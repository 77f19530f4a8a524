"""Requests that cannot be parsed: a problem for the client, one line for the log, and the end of the connection."""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import Controller, Request, get, post
from tests.http.raw import Answer, connect, exchange, make_request
from tests.http.shapes import LOGGERS, Serve, app_of
from tests.http.tls import client_context, server_context

GOOD = make_request("GET", "/text")
LATER = make_request("GET", "/later")
SECRET = b"s3cret"
_TITLES = {
    400: ("Bad Request", "The request cannot be parsed"),
    414: ("URI Too Long", "The request target is too long"),
    431: ("Request Header Fields Too Large", "The header fields are too large"),
}
MALFORMED: dict[str, tuple[int, bytes]] = {
    "no HTTP": (400, b"s3cret\x1b[31m\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03s3cret\r\n\r\n"),
    "no Host": (400, b"GET /s3cret HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, make_request("GET", "/text", headers={"host": "s3cret"})),
    "a header without a colon": (400, b"GET /text HTTP/1.1\r\nHost: a\r\ns3cret\r\n\r\n"),
    "a control character in a header": (400, make_request("GET", "/text", headers={"Cookie": b"s3cret\x1b[31m"})),
    "a bad target": (400, b"GET s3cret HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a bad authority": (400, b"GET http://[s3cret]/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a bad version": (400, b"GET /s3cret HTTP/x.y\r\nHost: a\r\n\r\n"),
    "a bad length": (400, b"POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: s3cret\r\n\r\n"),
    "two framings": (
        400,
        b"POST /s3cret HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
    ),
    "a long target": (414, b"GET /" + SECRET * 2_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a long header": (431, make_request("GET", "/text", headers={"Cookie": b"/" + SECRET * 2_000})),
    "many headers": (431, make_request("GET", "/text", headers={f"X-{number}": SECRET for number in range(200)})),
}


class Pages(Controller):
    """Handlers of every kind."""

    @get("/text")
    async def text(self) -> str:
        """Respond at once."""
        return "text"

    @get("/later")
    async def later(self, request: Request) -> str:
        """Respond when more has come."""
        protocol: Any = request.protocol
        while not protocol._messages:  # noqa: ASYNC110, SLF001  what is in the queue shows nowhere else
            await asyncio.sleep(0)
        return "later"

    @post("/read")
    async def read(self, request: Request) -> int:
        """Read a body."""
        return len(await request.read())

    @get("/native")
    async def native(self) -> web.Response:
        """Return a response of aiohttp's."""
        return web.Response(text="native")

    @get("/raised")
    async def raised(self) -> str:
        """Raise a response of aiohttp's."""
        raise web.HTTPFound("/text")

    @get("/named")
    async def named(self) -> web.Response:
        """Return a response that names the server."""
        return web.Response(text="named", headers={"Server": "mine"})


@pytest.fixture
async def pages(serve: Serve) -> TestServer:
    """Serve the controller."""
    return await serve(app_of(Pages), access_log=None)


def check_refused(answer: Answer, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Check the whole response, and the only line of the log."""
    title, detail = _TITLES[status]
    assert (answer.version, answer.status) == ("HTTP/1.1", status)
    assert answer.problem == {"type": "about:blank", "title": title, "status": status, "detail": detail}
    assert sorted(answer.headers) == ["Connection", "Content-Length", "Content-Type", "Date"]
    assert answer.headers["Connection"] == "close"
    (record,) = (one for one in caplog.records if one.name in LOGGERS)
    message = record.getMessage()
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert message.startswith(f"A request from 127.0.0.1 was rejected with {status}: ")
    assert message.isprintable()
    assert "s3cret" not in message


@pytest.mark.both_loops
@pytest.mark.parametrize("name", MALFORMED)
async def test_what_cannot_be_parsed_is_refused(pages: TestServer, caplog: pytest.LogCaptureFixture, name: str) -> None:
    """It is a problem without an echo of the input, in HTTP/1.1, and one line without a traceback in the log."""
    status, data = MALFORMED[name]
    check_refused(await exchange(pages, data), status, caplog)


@pytest.mark.both_loops
@pytest.mark.parametrize("name", MALFORMED)
async def test_good_requests_in_front_are_answered(
    pages: TestServer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Requests in the same segment, and those that came before, are answered first."""
    status, data = MALFORMED[name]
    async with connect(pages) as connection:
        assert (await connection.exchange(GOOD)).body == b"text"
        body = make_request("POST", "/read", body=b"a\r\n\r\nb")
        await connection.send(GOOD + body + GOOD + data)
        received = [(await connection.receive()).body for _ in range(3)]
        assert received == [b"text", b"6", b"text"]
        check_refused(await connection.receive(), status, caplog)
        assert await connection.rest() == b""


@pytest.mark.both_loops
async def test_bad_request_behind_a_running_one_is_refused_in_its_turn(
    pages: TestServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What comes while a request is being answered waits, and so does the refusal; nothing more is read."""
    async with connect(pages) as connection:
        await connection.send(LATER)
        await connection.send(GOOD + b"s3cret\r\n\r\n")
        await connection.send(GOOD)
        assert (await connection.receive()).body == b"later"
        assert (await connection.receive()).body == b"text"
        check_refused(await connection.receive(), 400, caplog)
        assert await connection.rest() == b""


@pytest.mark.both_loops
async def test_bytes_of_a_head_are_no_request_of_their_own(pages: TestServer, caplog: pytest.LogCaptureFixture) -> None:
    """If a head began in an earlier segment, what looks like a request in its rest is not answered."""
    async with connect(pages) as connection:
        await connection.send(GOOD + b"GET /text HTTP/1.1\r\nHost: a\r\nX: ")
        assert (await connection.receive()).body == b"text"
        await connection.send(make_request("GET", "/native") + b"s3cret\r\n\r\n")
        check_refused(await connection.receive(), 400, caplog)
        assert await connection.rest() == b""


@pytest.mark.both_loops
async def test_body_that_cannot_be_parsed_is_not_answered(pages: TestServer, caplog: pytest.LogCaptureFixture) -> None:
    """A request whose body breaks in the segment of its head never reaches its handler."""
    head = make_request("POST", "/read", headers={"Transfer-Encoding": "chunked"})
    async with connect(pages) as connection:
        await connection.send(GOOD + head + b"s3cret\r\n\r\n")
        assert (await connection.receive()).body == b"text"
        check_refused(await connection.receive(), 400, caplog)
        assert await connection.rest() == b""


@pytest.mark.parametrize("path", ["/text", "/nowhere"])
async def test_unknown_method_and_version_are_told_apart(pages: TestServer, path: str) -> None:
    """A well-formed request line with another method is 501, and one with another version 505, from both parsers."""
    method = await exchange(pages, make_request("BREW", path, headers={"Connection": "close"}))
    version = await exchange(pages, f"GET {path} HTTP/4.2\r\nHost: a\r\n\r\n".encode())
    assert [(one.status, one.problem["title"]) for one in (method, version)] == [
        (501, "Not Implemented"),
        (505, "HTTP Version Not Supported"),
    ]
    assert [one.headers["Connection"] for one in (method, version)] == ["close", "close"]


@pytest.mark.both_loops
async def test_refusal_reaches_a_client_of_tls(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The same over TLS."""
    server = await serve(app_of(Pages), access_log=None, ssl=server_context())
    async with connect(server, tls=client_context()) as connection:
        await connection.send(GOOD + b"s3cret\r\n\r\n")
        assert (await connection.receive()).body == b"text"
        check_refused(await connection.receive(), 400, caplog)
        assert await connection.rest() == b""


@pytest.mark.parametrize("path", ["/text", "/native", "/raised", "/nowhere"])
async def test_server_is_not_named(pages: TestServer, path: str) -> None:
    """No response names the software of the server, not even one of aiohttp's."""
    answer = await exchange(pages, make_request("GET", path, headers={"Connection": "close"}))
    assert "Server" not in answer.headers


async def test_server_may_name_itself(pages: TestServer) -> None:
    """A Server header that a handler sets is sent."""
    answer = await exchange(pages, make_request("GET", "/named", headers={"Connection": "close"}))
    assert answer.headers["Server"] == "mine"
