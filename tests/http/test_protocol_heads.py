"""Heads that do not come to their end: the connection is closed after ``Limits.head_timeout``, not after keep-alive."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import web

from framework import Controller, Limits, Request, get, post
from framework.limits import DEFAULT_LIMITS
from tests.http.raw import Answer, Connection, connect, make_request
from tests.http.shapes import LOGGERS, Serve, app_of
from tests.http.tls import client_context, server_context

GOOD = make_request("GET", "/text")
TOO_SLOW = {
    "type": "about:blank",
    "title": "Request Timeout",
    "status": 408,
    "detail": "The head of the request arrives too slowly",
}
TIMEOUT = 0.8
# A byte of a head that trickles comes so often.
_TRICKLE = 0.05

pytestmark = pytest.mark.both_loops


class Pages(Controller):
    """What is asked for."""

    @get("/text")
    async def text(self) -> str:
        """Respond at once."""
        return "text"

    @get("/slow")
    async def slow(self) -> str:
        """Respond after more time than a head may take."""
        await asyncio.sleep(2 * TIMEOUT)
        return "slow"

    @post("/read")
    async def read(self, request: Request) -> int:
        """Read a body."""
        return len(await request.read())


@pytest.fixture(params=["TCP", "TLS"])
async def opened(request: pytest.FixtureRequest, serve: Serve) -> AsyncIterator[Connection]:
    """Open a connection to a server whose keep-alive is aiohttp's, an hour."""
    app = app_of(Pages, limits=Limits(head_timeout=TIMEOUT))
    server_tls: ssl.SSLContext | None = server_context() if request.param == "TLS" else None
    client_tls = client_context() if request.param == "TLS" else None
    server = await serve(app, access_log=None, ssl=server_tls)
    async with connect(server, tls=client_tls) as connection:
        yield connection


def check_refused(answer: Answer) -> None:
    """Check the whole response."""
    assert (answer.version, answer.problem) == ("HTTP/1.1", TOO_SLOW)
    assert sorted(answer.headers) == ["Connection", "Content-Length", "Content-Type", "Date"]
    assert answer.headers["Connection"] == "close"


async def test_silent_connection_is_closed(opened: Connection, caplog: pytest.LogCaptureFixture) -> None:
    """A connection on which nothing has come is closed without a word, also in the log."""
    assert await opened.rest() == b""
    assert [one for one in caplog.records if one.name in LOGGERS] == []


@pytest.mark.parametrize("before", [b"", GOOD], ids=["new", "kept"])
async def test_head_that_stalls_is_refused(opened: Connection, caplog: pytest.LogCaptureFixture, before: bytes) -> None:
    """Half of a head and then nothing is 408, on a new connection and on one that had a request."""
    if before:
        assert (await opened.exchange(before)).status == 200
    await opened.send(GOOD[:20])
    check_refused(await opened.receive())
    assert await opened.rest() == b""
    (record,) = (one for one in caplog.records if one.name in LOGGERS)
    assert record.getMessage() == "A request from 127.0.0.1 was rejected with 408: Incomplete request head"
    assert record.exc_info is None


@pytest.mark.parametrize("target", ["/text", "/slow"])
async def test_head_behind_a_request_that_stalls_is_refused(opened: Connection, target: str) -> None:
    """The same if the head began in the segment of the request before, also while that is being answered."""
    await opened.send(make_request("GET", target) + GOOD[:20])
    assert (await opened.receive()).status == 200
    check_refused(await opened.receive())
    assert await opened.rest() == b""


async def test_head_behind_a_body_that_stalls_is_refused(opened: Connection) -> None:
    """The same behind a body."""
    await opened.send(make_request("POST", "/read", body=b"abc") + GOOD[:20])
    assert (await opened.receive()).body == b"3"
    check_refused(await opened.receive())
    assert await opened.rest() == b""


async def test_head_that_trickles_is_refused(opened: Connection) -> None:
    """The time is for the whole head: bytes that come one by one do not renew it."""

    async def trickle() -> None:
        with suppress(ConnectionError):
            await opened.send(GOOD[:-4] + b"\r\nX: ")
            while True:
                await opened.send(b"x")
                await asyncio.sleep(_TRICKLE)

    sending = asyncio.create_task(trickle())
    try:
        check_refused(await opened.receive())
        await opened.rest()
    finally:
        sending.cancel()


async def test_head_in_two_pieces_is_read(opened: Connection) -> None:
    """A head that comes in time is answered, and so is the next one after a pause as long as the limit."""
    for _ in range(2):
        await opened.send(GOOD[:20])
        await asyncio.sleep(TIMEOUT / 4)
        assert (await opened.exchange(GOOD[20:])).body == b"text"
        await asyncio.sleep(1.5 * TIMEOUT)


async def test_connection_between_requests_stays(opened: Connection) -> None:
    """A connection that waits for its next request stays as long as keep-alive says."""
    for data in (GOOD, make_request("POST", "/read", body=b"abc"), GOOD):
        assert (await opened.exchange(data)).status == 200
        await asyncio.sleep(1.5 * TIMEOUT)
    assert await opened.is_open()
    assert (await opened.exchange(GOOD)).status == 200


async def test_limit_may_be_lifted(serve: Serve) -> None:
    """Without a limit, a head may take its time."""
    server = await serve(app_of(Pages, limits=Limits(head_timeout=None)))
    async with connect(server) as connection:
        await connection.send(GOOD[:20])
        await asyncio.sleep(TIMEOUT)
        assert (await connection.exchange(GOOD[20:])).body == b"text"


async def test_limit_is_ten_seconds() -> None:
    """Unless said otherwise, a head has 10 seconds."""
    assert DEFAULT_LIMITS.head_timeout == 10.0


async def test_other_requests_are_served_meanwhile(serve: Serve) -> None:
    """Many heads that stall do not keep others from being answered, and are all closed."""
    server = await serve(app_of(Pages, limits=Limits(head_timeout=2 * TIMEOUT)))

    async def stall() -> int:
        async with connect(server) as connection:
            await connection.send(GOOD[:20])
            return (await connection.receive()).status

    stalled = asyncio.gather(*(stall() for _ in range(100)))
    async with connect(server) as connection:
        for _ in range(20):
            assert (await connection.exchange(GOOD)).body == b"text"
    assert await stalled == [408] * 100


@pytest.mark.parametrize("settings", [{}, {"keepalive_timeout": 75.0}])
async def test_any_runner_has_the_limit(settings: dict[str, float]) -> None:
    """The limit holds in a runner of aiohttp's with its own settings."""
    runner = web.AppRunner(app_of(Pages, limits=Limits(head_timeout=TIMEOUT)).build(), **settings)  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        reader, writer = await asyncio.open_connection(host, port)
        async with asyncio.timeout(20):
            assert await reader.read() == b""
        writer.close()
    finally:
        await runner.cleanup()
