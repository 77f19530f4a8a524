"""Ordinary requests while many bodies time out at once.

``python -m tests.benchmarks.stalls`` serves in a process of its own, lets 1 000 clients begin a body and send nothing
more, and says how long ordinary requests take before, and while those clients get their 408.
"""

import argparse
import asyncio
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Annotated

import uvloop
from aiohttp import web

from framework import App, Body, Controller, Limits, get, post
from tests.benchmarks.servers import free_port

__all__ = ("Report", "watch")

_GRACE = 2.0
_IDLE = 3.0
_HEAD = b"POST /bytes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc"
_ORDINARY = b"GET /text HTTP/1.1\r\nHost: localhost\r\n\r\n"
_WATCHERS = 4
_FILES = 8192


class Handlers(Controller):
    """Ordinary requests, and bodies."""

    @get("/text")
    async def text(self) -> str:
        """Answer at once."""
        return "text"

    @post("/bytes")
    async def data(self, data: Annotated[bytes, Body()]) -> int:
        """Wait for a body."""
        return len(data)


@dataclass
class Report:
    """What the clients saw."""

    idle: list[float] = field(default_factory=list)
    """Seconds of each ordinary request while nothing else happens."""
    stalled: list[float] = field(default_factory=list)
    """Seconds of each ordinary request from the first 408 to the last."""
    took: float = 0.0
    """Seconds from the first 408 to the last."""


def _allow_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, hard), hard))


def _serve(port: int) -> None:
    _allow_files()
    app = App([Handlers], openapi=None, limits=Limits(body_grace=_GRACE)).build()
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, backlog=4096)


async def _ordinary(port: int, times: list[tuple[float, float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        while True:
            begun = time.monotonic()
            writer.write(_ORDINARY)
            await reader.readuntil(b"\r\n\r\ntext")
            times.append((begun, time.monotonic()))
            await asyncio.sleep(0.001)


async def _stall(own: socket.socket) -> float:
    """Return when the 408 of a body that was begun has come."""
    loop = asyncio.get_running_loop()
    data = await loop.sock_recv(own, 4096)
    if not data.startswith(b"HTTP/1.1 408"):
        raise RuntimeError(data)
    return time.monotonic()


async def watch(port: int, count: int) -> Report:
    """Measure ordinary requests alone, and while bodies time out."""
    loop = asyncio.get_running_loop()
    times: list[tuple[float, float]] = []
    watchers = [asyncio.create_task(_ordinary(port, times)) for _ in range(_WATCHERS)]
    await asyncio.sleep(_IDLE)
    clients = [socket.socket() for _ in range(count)]
    for one in clients:
        one.setblocking(False)  # noqa: FBT003  as it is named
        await loop.sock_connect(one, ("127.0.0.1", port))
    begun = time.monotonic()
    for one in clients:
        one.send(_HEAD)
    ends = await asyncio.gather(*map(_stall, clients))
    for task in watchers:
        task.cancel()
    for one in clients:
        one.close()
    first, last = min(ends), max(ends)
    idle = [end - start for start, end in times if end < begun - 1]
    stalled = [end - start for start, end in times if start < last and end > first]
    return Report(idle, stalled, last - first)


def _line(name: str, seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = (1000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return f"{name}: {len(ordered)} requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {1000 * ordered[-1]:.1f} ms"


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def main() -> None:
    """Serve, or measure a server of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stalls", description=__doc__)
    parser.add_argument("--clients", type=int, default=1000, help="bodies that time out")
    parser.add_argument("--uvloop", action="store_true", help="serve with uvloop's event loop")
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve is not None:
        if arguments.uvloop:
            uvloop.install()
        _serve(arguments.serve)
        return
    _allow_files()
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.stalls", "--serve", str(port)]
    server = subprocess.Popen([*command, *(["--uvloop"] if arguments.uvloop else [])])  # noqa: S603  our own module
    try:
        _wait_for(port)
        report = uvloop.run(watch(port, arguments.clients))
    finally:
        server.terminate()
        server.wait(10)
    print(_line("idle", report.idle))
    print(_line("while bodies time out", report.stalled))
    print(f"the 408s came within {1000 * report.took:.0f} ms")


if __name__ == "__main__":
    main()
