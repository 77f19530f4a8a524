"""What the tests of streams share: handlers that tell what becomes of them, and clients that read bit by bit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from msgspec import Struct

from framework import App, Container, Controller, Event, EventStream, get, post
from framework.http_errors import Conflict
from tests.http.raw import Connection
from tests.http.shapes import app_of

__all__ = ("Feed", "Line", "Log", "Outer", "Session", "app_with_log", "read_until", "serving")


class Log:
    """What happened, in order; whoever wants to know when waits for it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self._changed = asyncio.Event()

    def add(self, event: str) -> None:
        """Note that something happened."""
        self.events.append(event)
        self._changed.set()

    async def wait_for(self, event: str, count: int = 1) -> None:
        """Wait until something has happened so many times."""
        async with asyncio.timeout(20):
            while self.events.count(event) < count:
                self._changed.clear()
                await self._changed.wait()


class Outer:
    """A scoped service."""


class Session:
    """A scoped service that needs another."""


class Line(Struct):
    """One item."""

    number: int


class Failure(Exception):
    """Fails a handler."""


class Feed(Controller):
    """Streams of all kinds, with services that tell when they are closed."""

    def __init__(self, session: Session, log: Log) -> None:
        self._session = session
        self._log = log

    @get("/lines/{count}")
    async def lines(self, count: int, fail_at: int = -1) -> AsyncIterator[Line]:
        """Yield so many lines, or fail at one of them."""
        try:
            for number in range(count):
                if number == fail_at:
                    raise Conflict("no more") if count > 100 else Failure("secret")
                yield Line(number)
                self._log.add(f"sent {number}")
        finally:
            self._log.add("ended")

    @get("/ticks")
    async def ticks(self) -> EventStream[Line]:
        """Yield one event, and wait for ever."""
        try:
            yield Line(0)
            self._log.add("waiting")
            await asyncio.Event().wait()
        except BaseException as error:
            self._log.add(type(error).__name__)
            raise
        finally:
            self._log.add("ended")

    @get("/late")
    async def late(self) -> AsyncIterator[Line]:
        """Wait for ever before the first item."""
        try:
            self._log.add("waiting")
            await asyncio.Event().wait()
            yield Line(0)
        finally:
            self._log.add("ended")

    @get("/pieces")
    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield one piece, and wait for ever."""
        try:
            yield b"piece"
            self._log.add("waiting")
            await asyncio.Event().wait()
        finally:
            self._log.add("ended")

    @get("/endless")
    async def endless(self) -> AsyncIterator[bytes]:
        """Yield as fast as somebody takes it."""
        try:
            while True:
                yield bytes(10_000)
                self._log.add("yielded")
        finally:
            self._log.add("ended")

    @get("/events-fail")
    async def events_fail(self) -> EventStream[Line]:
        """Fail before the first event."""
        for number in range(2):
            if number == 0:
                raise Conflict("too late")
            yield Line(number)

    @post("/echo")
    async def echo(self, lines: list[Line]) -> EventStream[Event[Line]]:
        """Answer what was sent as events."""
        for line in lines:
            yield Event(line, id=str(line.number))


def app_with_log(*controllers: type[Controller], **settings: Any) -> tuple[App, Log]:
    """Return an app of streams, and the log that its services and handlers write to."""
    log, container = Log(), Container()

    async def open_outer() -> AsyncIterator[Outer]:
        try:
            yield Outer()
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            log.add(f"outer saw {'CancelledError' if cancelled else type(error).__name__}")
            raise
        finally:
            log.add("outer closed")

    async def open_session(outer: Outer) -> AsyncIterator[Session]:
        assert outer is not None
        log.add("opened")
        try:
            yield Session()
        finally:
            log.add("session closed")

    container.add_instance(Log, log)
    container.add_scoped(Outer, open_outer)
    container.add_scoped(Session, open_session)
    return app_of(*(controllers or (Feed,)), container=container, **settings), log


class Place(Struct):
    """Where a server listens."""

    host: str
    port: int


@asynccontextmanager
async def serving(application: web.Application, **settings: Any) -> AsyncIterator[Place]:
    """Serve an application as a server does, which leaves handlers alone when their clients leave."""
    runner = web.AppRunner(application, **settings)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    try:
        yield Place(host, port)
    finally:
        await runner.cleanup()


async def read_until(connection: Connection, end: bytes) -> bytes:
    """Read bytes as they stand on the wire until some come."""
    read = b""
    async with asyncio.timeout(20):
        while not read.endswith(end):
            read += await connection.read(1)
    return read
