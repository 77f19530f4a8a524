"""Ordinary requests while slow clients hold 1 000 connections: ``python -m tests.deployment.slow_clients --help``.

Each slow client sends one byte a second of a head or of a body, and connects again when the server ends its connection;
all of them connect at once. Ordinary clients send requests at a fixed rate, before and during that.
"""

import argparse
import asyncio
import contextlib
import os
import random
import resource
import selectors
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.deployment.serving import RUN, WORKER, serve

_HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Filler: "
_BODY = b"POST /letters HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{"
_KINDS = {"head": _HEAD, "body": _BODY}
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
_CLIENTS = 20
_TICK = 0.02
"""Seconds between two looks at the connections that must send."""


def attack(kind: str, port: int, seconds: float, count: int) -> int:
    """Hold slow connections for some time; return how many the server has ended."""
    ended = 0
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for _ in range(count):
            _connect(selector, kind, port)
        while time.monotonic() < end:
            for key, _ in selector.select(_TICK):
                connection: Any = key.fileobj
                if not _is_open(connection):
                    selector.unregister(connection)
                    connection.close()
                    ended += 1
                    _connect(selector, kind, port)
            _send_due(selector)
    return ended


def _connect(selector: selectors.BaseSelector, kind: str, port: int) -> None:
    # PERF: with the streams of asyncio, the clients would use more of the processor than the server.
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(_KINDS[kind])
    connection.settimeout(0)
    selector.register(connection, selectors.EVENT_READ, [time.monotonic() + random.random()])  # noqa: S311  no secret


def _is_open(connection: Any) -> bool:
    try:
        return bool(connection.recv(4096))
    except OSError:
        return False


def _send_due(selector: selectors.BaseSelector) -> None:
    now = time.monotonic()
    for key in list(selector.get_map().values()):
        if key.data[0] <= now:
            key.data[0] += 1
            connection: Any = key.fileobj
            with contextlib.suppress(OSError):
                connection.send(b"a")


async def ask(port: int, seconds: float, rate: float) -> tuple[list[float], int]:
    """Send requests at a rate for some time; return how long each took, and how many failed."""
    took: list[float] = []
    errors = 0
    end = time.monotonic() + seconds

    async def client(first: float) -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        at = time.monotonic() + first
        while at < end:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            at += _CLIENTS / rate
            begun = time.monotonic()
            try:
                async with asyncio.timeout(10):
                    writer.write(_REQUEST)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                    await reader.readexactly(length)
                    errors += not head.startswith(b"HTTP/1.1 200")
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                errors += 1
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            took.append(time.monotonic() - begun)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(_CLIENTS):
            group.create_task(client(number / rate))
    return took, errors


def _figures(took: list[float], errors: int) -> str:
    cuts = statistics.quantiles(took, n=100)
    return (
        f"{len(took)} requests, {errors} errors, median {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms, "
        f"longest {max(took) * 1000:.0f} ms"
    )


async def measure(kind: str, worker: str, *, seconds: float, count: int, rate: float) -> None:
    """Print the figures of ordinary requests without and with slow clients."""
    with tempfile.TemporaryDirectory() as name:
        async with serve("tests.deployment.reloaded_app:app", worker, folder=Path(name)) as master:
            await asyncio.sleep(3)
            print(f"{kind}, {worker}, idle: {_figures(*await ask(master.port, seconds / 2, rate))}", flush=True)
            words = ["-m", __spec__.name, "attack", kind, str(master.port), str(seconds), str(count)]
            attacker = await asyncio.create_subprocess_exec(sys.executable, *words)
            took, errors = await ask(master.port, seconds, rate)
            await attacker.wait()
            print(f"{kind}, {worker}, {count} slow clients: {_figures(took, errors)}")
            print(f"{kind}, {worker}, idle: {_figures(*await ask(master.port, seconds / 2, rate))}")


def main() -> int:
    """Measure what the arguments name."""
    if sys.argv[1:2] == ["attack"]:
        kind, port, seconds, count = sys.argv[2:]
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        # Under `chrt --fifo 1`, which keeps other programs away, the slow clients do not keep the server away.
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 2 * int(count) + 200), limit))
        ended = attack(kind, int(port), float(seconds), int(count))
        print(f"the server has ended {ended} slow connections")
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=_KINDS)
    parser.add_argument("--worker", default=RUN, help=f"{RUN!r}, or a worker class of gunicorn, such as {WORKER}")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=200.0)
    given = parser.parse_args()
    asyncio.run(measure(given.kind, given.worker, seconds=given.seconds, count=given.count, rate=given.rate))
    return 0


if __name__ == "__main__":
    sys.exit(main())
