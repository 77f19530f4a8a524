"""What runs under callgrind: an application whose server protocol is fed through a transport that is none.

Python and the application are imported once; each measurement is a fork of that process, and callgrind writes one file
for each. So two measurements of one workload differ by the requests alone.
"""

import asyncio
import ctypes
import gc
import importlib
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import uvloop
from aiohttp import web

from tests.benchmarks.workloads import WORKLOADS, Answer, Request, Workload, check_answer

__all__ = ("COUNTS",)

COUNTS = (100, 300)
_WARM_UP = 100
_LAYOUTS = (0, 1249, 2531)
"""How many versions of types are used up before the first request, see _shift()."""
_PATIENCE = 10_000
"""How many turns of the loop an answer may take."""

Build = Callable[[str], web.Application]


class RecordingTransport(asyncio.Transport):
    """Counts what is written, and keeps it until it is told to forget."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 50_000), "sockname": ("127.0.0.1", 8000)})
        self.received = 0
        self.kept: list[bytes] = []
        self.keep = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Count the bytes."""
        self.received += len(data)
        if self.keep:
            self.kept.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        """Count the bytes of all."""
        for data in list_of_data:
            self.write(data)

    def is_closing(self) -> bool:
        """Stay open."""
        return False

    def close(self) -> None:
        """Refuse: a server that closes the connection is not measured."""
        raise RuntimeError("the server closed the connection")

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self) -> None:
        """Do nothing."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Do nothing: requests are given to the server's own protocol, whoever stands in for it."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: all is sent at once."""

    def get_write_buffer_size(self) -> int:
        """Tell that all was sent at once."""
        return 0


def _wire(request: Request) -> bytes:
    """Write a request as wrk sends it."""
    lines = [f"{request.method} {request.path} HTTP/1.1", "Host: 127.0.0.1:8000"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += [f"Content-Length: {len(request.body)}"] if request.body else []
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def _parse(raw: bytes) -> Answer | None:
    """Read an answer, ``None`` if it is not complete."""
    head, found, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if found and headers.get("transfer-encoding") == "chunked":
        body = _join_chunks(body) if body.endswith(b"0\r\n\r\n") else b""
    elif not found or len(body) < int(headers["content-length"]):
        return None
    if not body:
        return None
    return Answer(int(status.split()[1]), headers, body)


def _join_chunks(body: bytes) -> bytes:
    joined = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        joined += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return joined


async def _first(protocol: asyncio.Protocol, transport: RecordingTransport, workload: Workload) -> int:
    """Send one request, check its answer and return its length."""
    protocol.data_received(_wire(workload.requests[0]))
    for _ in range(_PATIENCE):
        await asyncio.sleep(0)
        answer = _parse(b"".join(transport.kept)) if transport.kept else None
        if answer is not None:
            break
    else:
        raise RuntimeError(f"{workload.name}: no answer")
    wrong = check_answer(workload, answer, workload.expected[0])
    if wrong:
        raise RuntimeError(f"{workload.name}: {wrong}")
    transport.keep = False
    return transport.received


async def _drive(build: Build, workload: Workload, count: int) -> None:
    runner = web.AppRunner(build(workload.variant), access_log=None)
    await runner.setup()
    assert runner.server is not None  # setup() made it
    protocol, transport = runner.server(), RecordingTransport()
    protocol.connection_made(transport)
    await asyncio.sleep(0)
    size = await _first(protocol, transport, workload)
    request = _wire(workload.requests[0])
    gc.collect()
    gc.freeze()  # otherwise a collection of everything falls into one run and not into the other
    for _ in range(_WARM_UP + count):
        awaited = transport.received + size
        protocol.data_received(request)
        # One turn at least, even after an answer: bytes come from the loop. An Event would cost, and be counted.
        await asyncio.sleep(0)
        while transport.received < awaited:  # noqa: ASYNC110  as above
            await asyncio.sleep(0)


def _shift(versions: int) -> None:
    """Give all types new versions, the first of them later by so many.

    Python caches methods under a hash of the type's version and the name's address. By chance two that every request
    needs fall on one place, and each request is dearer by 1 %; any change of the code can bring that about. So each
    workload is measured in several layouts of that cache.
    """
    # A change of a class takes its version away, a look-up gives it a new one: 1 000 at most on Python 3.13.
    shifts = [type("Shift", (), {"value": 0}) for _ in range(4)]
    for number in range(versions):
        shifts[number % 4].value = number  # type: ignore[attr-defined]  # classes made here have it
        shifts[number % 4].value  # type: ignore[attr-defined]  # noqa: B018  as above
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(object))


def _fork(build: Build, workload: Workload, count: int, layout: int) -> int:
    """Measure in a child process and return its id."""
    pid = os.fork()
    if not pid:
        _shift(layout)
        loop = uvloop.new_event_loop()
        loop.run_until_complete(_drive(build, workload, count))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(f"{workload.name} failed")
    return pid


def main(arguments: Sequence[str]) -> None:
    """Measure the workloads of one application; print which process did what, as callgrind names its files."""
    module, *names = arguments
    # The clock stands still, in C: otherwise the Date header is written anew as often as the machine is slow.
    time.time = itertools.repeat(1_790_000_000.0).__next__
    build: Build = importlib.import_module(module).build
    pids = {
        name: [[_fork(build, WORKLOADS[name], count, layout) for count in COUNTS] for layout in _LAYOUTS]
        for name in names
    }
    sys.stdout.write(json.dumps(pids))


if __name__ == "__main__":
    main(sys.argv[1:])
