"""Serves an app on loopback in a thread of its own, for tools that block."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

__all__ = ("serve_in_thread",)

_HOST = "127.0.0.1"


@contextmanager
def serve_in_thread(application: web.Application) -> Iterator[str]:
    """Serve an application on a free port until the block ends; yield its URL: ``http://127.0.0.1:54321``.

    Start-up and cleanup run in the event loop of the thread; their exceptions are raised here.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="served app", daemon=True)
    thread.start()
    runner = web.AppRunner(application, access_log=None)
    try:
        yield asyncio.run_coroutine_threadsafe(_start(runner), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, _HOST, 0)
    await site.start()
    return f"http://{_HOST}:{runner.addresses[0][1]}"
