"""An app whose responses are stored in Redis, in processes of their own; it counts in Redis how often handlers run."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, NamedTuple

from framework import App, Container, Controller, Limits, Path, get, post
from framework.middleware import Idempotency, ResponseCache
from framework.stores import RedisStore, Store
from tests.http.middleware.limited import serve
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
        options = map(str, (delay, patience, lock))
        command = (sys.executable, "-m", "tests.http.middleware.storing_app", url, *options)
        yield [await stack.enter_async_context(_process(command)) for _ in range(count)]


@asynccontextmanager
async def _process(command: Sequence[str]) -> AsyncIterator[Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        assert process.stdout is not None
        yield Process("127.0.0.1", int(await process.stdout.readline()), process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


if __name__ == "__main__":
    asyncio.run(serve(storing_app(sys.argv[1], *map(float, sys.argv[2:]))))
