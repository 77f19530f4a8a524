"""What is in flight when a server of ``reloaded_app`` is told to stop, for gunicorn and for ``framework run``."""

import asyncio
import signal
import time
from pathlib import Path

import aiohttp
import pytest

from tests.deployment.serving import PATIENCE, Master, until

__all__ = ("SITE", "opened", "stop_with_requests", "told_by")

SITE = """
from framework import App, Controller, route

class Site(Controller):
    @route("/", methods=("GET", "POST"))
    async def show(self) -> str:
        return "{text}"

app = App([Site])
"""


def told_by(told: Path) -> list[str]:
    """Return what the application has told."""
    return told.read_text().splitlines() if told.exists() else []


async def opened(told: Path, count: int) -> None:
    """Wait until so many requests have begun, in any worker."""
    await until(lambda: told_by(told).count("session opened") == count)


async def stop_with_requests(master: Master, told: Path) -> None:
    """Stop a server with a graceful timeout of ten seconds, and look at each kind of request that it has.

    Requests and tasks finish; before them streams end and sockets get 1001; a hung handler is cancelled.
    """
    async with aiohttp.ClientSession(master.url) as client:
        idle = await asyncio.open_connection("127.0.0.1", master.port)
        socket = await client.ws_connect("/socket")
        stream = await client.get("/feed")
        assert await stream.content.readuntil(b"\n\n") == b"data: 1\n\n"
        hung = asyncio.create_task(client.get("/hang"))
        slow = asyncio.create_task(client.get("/slow/4"))
        await client.get("/task")
        await opened(told, 3)

        begun = time.monotonic()
        master.signal(signal.SIGTERM)
        assert await stream.content.read() == b""
        assert (await socket.receive()).data == 1001
        assert await idle[0].read() == b""
        idle[1].close()
        assert not slow.done()
        response = await slow
        assert (response.status, response.headers["Connection"], await response.text()) == (200, "close", "slow")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", master.port)
        with pytest.raises(aiohttp.ClientError):
            await hung
        assert await asyncio.to_thread(master.process.wait, PATIENCE) == 0
        assert time.monotonic() - begun > 6
    assert "1 requests are cancelled: they did not end in 7.0 s" in master.log
