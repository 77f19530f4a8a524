"""An application for gunicorn whose requests take some time, and one that tells when its process stops."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from framework import App, BackgroundTasks, Container, Controller, EventStream, WebSocket, get, post, websocket

__all__ = ("app",)

_TOLD = Path(os.environ.get("TOLD", os.devnull))


def tell(what: str) -> None:
    """Write a line."""
    with _TOLD.open("a") as file:
        file.write(f"{what}\n")


class Engine:
    """A singleton."""


class Session:
    """A scoped service."""


async def open_engine() -> AsyncIterator[Engine]:
    """Fail if the database is down; tell when the process stops."""
    down = os.environ.get("DOWN")
    if down is not None and Path(down).exists():  # noqa: ASYNC240  before anything is served
        raise ConnectionRefusedError("the database is down")
    yield Engine()
    tell("engine closed")


async def open_session(engine: Engine) -> AsyncIterator[Session]:
    """Tell when a request begins and ends."""
    assert engine is not None
    tell("session opened")
    try:
        yield Session()
    finally:
        await asyncio.sleep(0.01)
        tell("session closed")


async def work(engine: Engine) -> None:
    """Take longer than the request."""
    assert engine is not None
    await asyncio.sleep(1.5)
    tell("task done")


class Requests(Controller):
    """What is in flight when a worker stops."""

    @get("/")
    async def short(self) -> str:
        """Return the process."""
        return str(os.getpid())

    @post("/", status=200)
    async def change(self) -> str:
        """Do what a proxy does not repeat."""
        return "changed"

    @post("/letters", status=200)
    async def write(self, letter: dict[str, str]) -> int:
        """Return how much has been sent."""
        return len(letter)

    @get("/slow/{seconds}")
    async def slow(self, seconds: float, session: Session) -> str:
        """Take some time."""
        assert session is not None
        await asyncio.sleep(seconds)
        return "slow"

    @get("/hang")
    async def hang(self, session: Session) -> str:
        """Never end."""
        assert session is not None
        await asyncio.Event().wait()
        return "never"

    @get("/block/{seconds}")
    async def block(self, seconds: float) -> str:
        """Block the event loop."""
        time.sleep(seconds)  # noqa: ASYNC251  its purpose
        return "blocked"

    @get("/thread/{seconds}")
    def thread(self, seconds: float) -> str:
        """Block a thread."""
        tell("thread blocked")
        time.sleep(seconds)
        return "thread"

    @get("/task")
    async def task(self, tasks: BackgroundTasks) -> str:
        """Leave a background task behind."""
        tasks.add(work)
        return "left"

    @get("/feed")
    async def feed(self, session: Session) -> EventStream[int]:
        """Yield one event and wait."""
        assert session is not None
        yield 1
        await asyncio.Event().wait()

    @websocket("/socket")
    async def socket(self, socket: WebSocket[str, str]) -> None:
        """Send everything back."""
        async for message in socket:
            await socket.send(message)


container = Container()
container.add_singleton(Engine, open_engine)
container.add_scoped(Session, open_session)
app = App([Requests], container=container)
