"""An app whose responses are stored in Redis, in processes of their own; it counts in Redis how often handlers run."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, NamedTuple

from framework import App, Container, Controller, Limits, Path, get, post
from framework.middleware import Idempotency, ResponseCache
from framework.stores import RedisStore, Store
from tests.forked_server import served
from tests.waiting import PATIENCE

__all__ = ("LATE", "Process", "processes", "storing_app")

LATE = Limits(head_timeout=PATIENCE, body_grace=PATIENCE)
"""Of a thousand clients in one process, the last one sends its request late."""


class Delay(NamedTuple):
    """How long handlers take."""

    seconds: float


class Counted(Controller):
    """Counts how often its handlers run, and takes a while."""

    def __init__(self, store: Store, delay: Delay) -> None:
        self._counts = store.namespace("counts")
        self._delay = delay.seconds

    @get("/computed/{name}")
    async def compute(self, name: Annotated[str, Path()]) -> str:
        """Compute a response."""
        number = await self._counts.increment(name)
        await asyncio.sleep(self._delay)
        return f"{name} {number}"

    @post("/orders/{name}", status=201)
    async def order(self, name: Annotated[str, Path()], body: dict[str, str]) -> dict[str, str]:
        """Take an order."""
        number = await self._counts.increment(name)
        await asyncio.sleep(self._delay)
        return {**body, "number": str(number)}


def storing_app(url: str, delay: float, timeout: float, lock: float) -> App:
    """Return the app; its handlers take ``delay`` seconds, and calls of Redis ``timeout`` seconds at most.

    The key of a process that is gone is free after ``lock`` seconds.
    """
    store = RedisStore(url, timeout=timeout)
    container = Container()
    container.add_instance(Store, store)
    container.add_instance(Delay, Delay(delay))
    layers = [ResponseCache(ttl=600, wait=60, store=store), Idempotency(store=store, lock_ttl=lock)]
    return App(controllers=[Counted], container=container, middlewares=layers, limits=LATE)


class Process(NamedTuple):
    """A process that serves the app."""

    host: str
    port: int
    process: Any

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()


@asynccontextmanager
async def processes(
    count: int, url: str, *, delay: float, patience: float, lock: float = 60.0
) -> AsyncIterator[Sequence[Process]]:
    """Start processes that serve the app; all are ended at the end."""
    async with AsyncExitStack() as stack:
        options = (url, delay, patience, lock)
        started = [await stack.enter_async_context(served(storing_app, *options)) for _ in range(count)]
        yield [Process("127.0.0.1", port, process) for process, port in started]
