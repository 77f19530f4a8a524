"""Clients that send requests to a server while it reloads, and count what is lost.

``python -m tests.deployment.load --help``: six reloads and ten recycles under load, directly and behind a proxy, with
the framework's worker, ``framework run`` and aiohttp's worker.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.deployment.serving import RUN, WORKER, Master, proxy_before, serve

__all__ = ("Load", "recycle", "reload", "under_load")

# Proxies repeat a GET that got no response, but not a POST.
_KEPT = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
_FRESH = _KEPT[:-2] + b"Connection: close\r\n\r\n"
_END = b"\r\n\r\n"


class Load:
    """What clients have sent, and what became of it."""

    def __init__(self, port: int, *, pause: float = 0.0) -> None:
        self._port = port
        self._pause = pause
        self._stopped = asyncio.Event()
        self.served = 0
        self.lost: Counter[str] = Counter()
        self.slowest = 0.0

    @property
    def sent(self) -> int:
        """The number of requests."""
        return self.served + self.lost.total()

    def stop(self) -> None:
        """Let each client end after its next response."""
        self._stopped.set()

    async def keep_alive(self) -> None:
        """Send one request after the other, on one connection until the server ends it."""
        while not self._stopped.is_set():
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError as error:
                self.lost[f"connect: {type(error).__name__}"] += 1
                await asyncio.sleep(0.01)
                continue
            # A connection that the server has ended is not used any more: that loses nothing.
            while not reader.at_eof():
                if not await self._ask(reader, writer, _KEPT) or self._stopped.is_set():
                    break
                await asyncio.sleep(self._pause)
            writer.close()

    async def fresh(self) -> None:
        """Send each request on a connection of its own."""
        while not self._stopped.is_set():
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError as error:
                self.lost[f"connect: {type(error).__name__}"] += 1
                await asyncio.sleep(0.01)
                continue
            await self._ask(reader, writer, _FRESH)
            writer.close()
            await asyncio.sleep(self._pause)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bool:
        """Send a request and count it; return whether the connection can be used again."""
        begun = time.monotonic()
        try:
            writer.write(request)
            async with asyncio.timeout(20):
                head = await reader.readuntil(_END)
                await reader.readexactly(_length(head))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.lost[type(error).__name__] += 1
            return False
        status = head[9:12].decode()
        if status == "200":
            self.served += 1
        else:
            self.lost[f"status {status}"] += 1
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return b"connection: close" not in head.lower()


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length: ")
    return int(rest.partition(b"\r\n")[0])


@asynccontextmanager
async def under_load(port: int, *, kept: int, fresh: int, pause: float = 0.0) -> AsyncIterator[Load]:
    """Run clients during the block; all have ended after it."""
    load = Load(port, pause=pause)
    async with asyncio.TaskGroup() as group:
        for _ in range(kept):
            group.create_task(load.keep_alive())
        for _ in range(fresh):
            group.create_task(load.fresh())
        try:
            yield load
        finally:
            load.stop()


async def reload(master: Master) -> None:
    """Send SIGHUP and wait until the workers are others."""
    before = master.workers()
    master.signal(signal.SIGHUP)
    while before & master.workers():  # noqa: ASYNC110  other processes
        await asyncio.sleep(0.1)


async def recycle(master: Master, count: int) -> None:
    """Wait until some workers have been replaced."""
    seen = master.workers()
    first = len(seen)
    while len(seen) < first + count:
        await asyncio.sleep(0.1)
        seen |= master.workers()


async def _reloads(master: Master, count: int) -> None:
    for _ in range(count):
        await reload(master)
        await asyncio.sleep(1)


async def _recycles(master: Master, count: int) -> None:
    await recycle(master, count)
    await asyncio.sleep(1.5)


_SCENARIOS: dict[str, tuple[Callable[[Master, int], Awaitable[None]], int]] = {
    "reload": (_reloads, 6),
    "recycle": (_recycles, 10),
}


async def measure(scenario: str, worker: str, *, proxy: str | None, requests: int, clients: int) -> str:
    """Run one scenario and return one line of figures."""
    run, count = _SCENARIOS[scenario]
    options = ["--max-requests", str(requests // 12)] if scenario == "recycle" else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            serve("tests.deployment.reloaded_app:app", worker, *options, folder=folder) as master,
            proxy_before(proxy, master.port, folder) as port,
            under_load(port, kept=clients, fresh=clients // 2) as load,
            asyncio.timeout(280),
        ):
            await run(master, count)
            while load.sent < requests:  # noqa: ASYNC110  many clients
                await asyncio.sleep(0.1)
    where = "directly" if proxy is None else f"behind {proxy}"
    return (
        f"{scenario} x {count}, {worker}, {where}: {load.lost.total()} of {load.sent} lost {dict(load.lost)}, "
        f"the slowest took {load.slowest:.2f} s"
    )


def main() -> int:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=_SCENARIOS)
    parser.add_argument("--worker", default=WORKER, help=f"a worker class of gunicorn, or {RUN!r}")
    parser.add_argument("--proxy", choices=("nginx", "haproxy"))
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    result = asyncio.run(
        measure(given.scenario, given.worker, proxy=given.proxy, requests=given.requests, clients=given.clients)
    )
    sys.stdout.write(f"{result}\n")
    return 0


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main())
