"""Many event streams at once: one process that sends a message to each every second, and a client in another.

``python tests/benchmarks/streams.py [--streams 1000] [--seconds 60]`` prints what arrived, how long shutting down took,
which memory and processor time the server needed, and fails when a message is lost or a service stays open.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if not __package__:
    # Started as a script: its own folder gives way to the checkout, where `tests.benchmarks` is found.
    sys.path[0] = str(ROOT)

from aiohttp import web  # noqa: E402  needs the path above
from msgspec import Struct  # noqa: E402  the same

from framework import App, Container, Controller, EventStream, get  # noqa: E402  the same

__all__ = ("Outcome", "measure")

_HEAD_END = b"\r\n\r\n"
_END = b"0\r\n\r\n"
_PATIENCE = 60.0
SHUTDOWN = 1.5
"""Seconds in which every stream has to end."""


class Message(Struct):
    """What every stream gets every second."""

    number: int


class Scope:
    """A service of one stream."""


class Hub:
    """Says how many messages there are, and counts the services of the streams."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self._published = 0
        self._changed = asyncio.Event()

    def publish(self) -> None:
        """Let there be one message more."""
        self._published += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def messages(self) -> AsyncIterator[int]:
        """Yield the numbers of all messages, none left out however slow the reader."""
        number = 0
        while True:
            while number == self._published:
                await self._changed.wait()
            yield number
            number += 1


class Feed(Controller):
    """The streams."""

    @get("/feed")
    async def feed(self, scope: Scope, hub: Hub) -> EventStream[Message]:
        """Pass every message on."""
        assert scope is not None
        async for number in hub.messages():
            yield Message(number)


class Outcome(Struct, frozen=True, kw_only=True):
    """What was measured."""

    streams: int
    messages: int
    received: int
    """Messages that arrived, on all streams together."""
    complete: int
    """Streams that had every message in its order, and then their end."""
    opened: int
    closed: int
    shutdown: float
    """Seconds from the signal to the end of the last stream, as the client sees it."""
    cleanup: float
    """Seconds that the server needed to end all streams and to stop."""
    cleanup_cpu: float
    """Seconds of processor time therein."""
    cpu: float
    """Seconds of the server while it sent."""
    rss: float
    """MiB of the server at its height."""
    rss_before: float
    """MiB of the server before the first stream."""


async def serve(port: int, streams: int, messages: int, interval: float) -> None:
    """Serve until told to end; then print what was counted."""
    hub, container = Hub(), Container()

    async def open_scope() -> AsyncIterator[Scope]:
        hub.opened += 1
        try:
            yield Scope()
        finally:
            hub.closed += 1

    container.add_instance(Hub, hub)
    container.add_scoped(Scope, open_scope)
    runner = web.AppRunner(App([Feed], container=container).build(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    before = _rss()
    _say({"ready": True})
    while hub.opened < streams:  # noqa: ASYNC110  a client in another process
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    cpu = time.process_time()
    begin = time.monotonic()
    for number in range(messages):
        await asyncio.sleep(max(0.0, begin + number * interval - time.monotonic()))
        hub.publish()
    await asyncio.sleep(interval)
    cpu = time.process_time() - cpu
    _say({"sent": True})
    await stop.wait()
    told, used = time.monotonic(), time.process_time()
    await runner.cleanup()
    cleanup = time.monotonic() - told
    counted = {"opened": hub.opened, "closed": hub.closed, "rss": _rss(), "rss_before": before}
    _say({**counted, "cpu": cpu, "cleanup": cleanup, "cleanup_cpu": time.process_time() - used})


def _rss() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _read_stream(port: int, connected: asyncio.Semaphore) -> tuple[bytes, float]:
    """Read one stream to the end of its connection; return its bytes and when the end came."""
    async with connected:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(_HEAD_END)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    body = await reader.read()
    ended = time.monotonic()
    writer.close()
    return body, ended


def _messages(body: bytes) -> list[int]:
    return [json.loads(line[6:])["number"] for line in body.split(b"\n") if line.startswith(b"data: ")]


async def measure(*, port: int, streams: int, messages: int, interval: float = 1.0) -> Outcome:
    """Start a server, open all streams, let it send, tell it to end, and look at what arrived."""
    arguments = [str(one) for one in (port, streams, messages, interval)]
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.streams",
        "--serve",
        *arguments,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await _hear(server)
        connected = asyncio.Semaphore(50)
        readers = [asyncio.create_task(_read_stream(port, connected)) for _ in range(streams)]
        await _hear(server, messages * interval)
        told = time.monotonic()
        server.terminate()
        read = await asyncio.wait_for(asyncio.gather(*readers), _PATIENCE)
        counted = await _hear(server)
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()
    numbers = [_messages(body) for body, _ in read]
    wanted = list(range(messages))
    whole = [body.endswith(_END) and got == wanted for (body, _), got in zip(read, numbers, strict=True)]
    return Outcome(
        streams=streams,
        messages=messages,
        received=sum(map(len, numbers)),
        complete=sum(whole),
        shutdown=max(ended for _, ended in read) - told,
        **counted,
    )


async def _hear(server: asyncio.subprocess.Process, longer: float = 0.0) -> dict[str, Any]:
    assert server.stdout is not None
    line = await asyncio.wait_for(server.stdout.readline(), _PATIENCE + longer)
    heard: dict[str, Any] = json.loads(line)
    return heard


def main() -> int:
    """Measure and print, or serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.serve:
        port, streams, messages, interval = options.serve
        asyncio.run(serve(int(port), int(streams), int(messages), float(interval)))
        return 0
    outcome = asyncio.run(measure(port=options.port, streams=options.streams, messages=options.seconds))
    sys.stdout.write(f"{outcome}\n")
    well = outcome.complete == outcome.streams and outcome.opened == outcome.closed and outcome.shutdown < SHUTDOWN
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
