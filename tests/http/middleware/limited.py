"""An application with limits, and processes that serve it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from framework import App, Controller, get
from framework.middleware import RateLimit
from framework.stores import RedisStore
from tests.forked_server import served

__all__ = ("ThingController", "limited_app", "processes")


class ThingController(Controller):
    """Has something to limit."""

    path = "/things"

    @get()
    async def show(self) -> str:
        """Return a text."""
        return "a thing"


def limited_app(url: str, fail: Any, timeout: float) -> App:
    """Return an app that admits 100 requests of a client in a minute, counted in Redis."""
    store = RedisStore(url, timeout=timeout)
    return App(controllers=[ThingController], middlewares=[RateLimit("100/minute", store=store, fail=fail)])


@asynccontextmanager
async def processes(count: int, url: str, *, fail: str = "open", patience: float) -> AsyncIterator[Sequence[str]]:
    """Start processes that serve the app, and give their addresses; all are stopped at the end."""
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(served(limited_app, url, fail, patience)) for _ in range(count)]
        yield [f"http://127.0.0.1:{port}" for _, port in started]
