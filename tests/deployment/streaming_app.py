"""An application for gunicorn, with a stream that never ends by itself; a file is told what becomes of it."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from framework import App, Container, Controller, EventStream, get

__all__ = ("web_app",)

_TOLD = Path(os.environ.get("STREAM_LOG", os.devnull))


def tell(what: str) -> None:
    """Write a line."""
    with _TOLD.open("a") as file:
        file.write(f"{what}\n")


class Engine:
    """A singleton."""


class Session:
    """A scoped service."""


async def open_engine() -> AsyncIterator[Engine]:
    """Tell when the process stops."""
    yield Engine()
    tell("engine closed")


async def open_session() -> AsyncIterator[Session]:
    """Tell when the stream ends."""
    yield Session()
    tell("session closed")


class Feed(Controller):
    """The stream."""

    @get("/feed")
    async def feed(self, session: Session, engine: Engine) -> EventStream[int]:
        """Yield one event and wait."""
        assert session is not None
        assert engine is not None
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            tell("generator ended")


container = Container()
container.add_singleton(Engine, open_engine)
container.add_scoped(Session, open_session)
web_app = App([Feed], container=container).build()
