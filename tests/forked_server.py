"""Forked processes that serve an application."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from aiohttp import web

from framework import App
from tests.forked import FORKS

__all__ = ("served",)


@asynccontextmanager
async def served(make: Callable[..., App], *args: Any) -> AsyncIterator[tuple[ForkServerProcess, int]]:
    """Serve the app that a function makes in a new process, and give that and its port; it is killed at the end."""
    receiving, sending = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_serve, args=(sending, make, args))
    process.start()
    sending.close()
    try:
        yield process, await asyncio.to_thread(receiving.recv)
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        receiving.close()


def _serve(sending: "Connection[int, None]", make: Callable[..., App], args: tuple[Any, ...]) -> None:
    asyncio.run(_serve_until_the_test_ends(make(*args), sending))


async def _serve_until_the_test_ends(app: App, sending: "Connection[int, None]") -> None:
    runner = web.AppRunner(app.build())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024)
    await site.start()
    sending.send(runner.addresses[0][1])
    parent = multiprocessing.parent_process()
    assert parent is not None
    # If the tests are killed, it does not live on.
    await asyncio.to_thread(parent.join)
