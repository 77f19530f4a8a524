"""Applications with limits, and one that runs as a process of its own: ``python -m tests.http.middleware.limited``."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import web

from framework import App, Controller, get
from framework.middleware import RateLimit
from framework.stores import RedisStore

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


async def serve(app: App) -> None:
    """Serve an app on a free port, print that, and stop when the standard input ends."""
    runner = web.AppRunner(app.build())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


@asynccontextmanager
async def processes(count: int, url: str, *, fail: str = "open", patience: float) -> AsyncIterator[Sequence[str]]:
    """Start processes that serve the app, and give their addresses; all are stopped at the end."""
    async with AsyncExitStack() as stack:
        command = (sys.executable, "-m", "tests.http.middleware.limited", url, fail, str(patience))
        started = [await stack.enter_async_context(_process(command)) for _ in range(count)]
        yield [f"http://127.0.0.1:{int(await one.stdout.readline())}" for one in started]


@asynccontextmanager
async def _process(command: Sequence[str]) -> AsyncIterator[Any]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield process
    finally:
        process.kill()
        await process.communicate()


if __name__ == "__main__":
    asyncio.run(serve(limited_app(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
