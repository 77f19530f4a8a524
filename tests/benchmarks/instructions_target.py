"""What runs under callgrind: an application whose server protocol is fed through a transport that is none.

Python is started and the applications are built once; each measurement is a fork of that process, and callgrind writes
one file for each. So two measurements of one workload differ by the requests alone.
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
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import uvloop
from aiohttp import web

from tests.benchmarks.messages import frame, payload_of, wire
from tests.benchmarks.valgrind import start_counting
from tests.benchmarks.workloads import COUNTED, Answer, Request, Workload, check_answer

__all__ = ("LAYOUTS", "Plan", "RecordingTransport", "drive", "main", "plan_of")

_LARGE = ("stream", "upload")
_IN_TURN = 10
"""So many of a workload's requests are sent, each often enough for Python to specialise its code."""
_PIECE = 65_536
LAYOUTS = (0, 1249, 2531)
"""How many versions of types are used up before the first request, see _shift()."""
_PATIENCE = 10_000
"""How many turns of the loop an answer may take."""

Build = Callable[[str], web.Application]


class Plan(NamedTuple):
    """How many requests are answered before it counts, in the shorter run, and in the longer."""

    warm_up: int
    few: int
    many: int


def plan_of(workload: str) -> Plan:
    """Return how often a workload is repeated: those whose requests take millions of instructions less often."""
    return Plan(20, 20, 60) if workload in _LARGE else Plan(100, 100, 300)


class RecordingTransport(asyncio.Transport):
    """Counts what is written, and keeps it until it is told to forget."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 50_000), "sockname": ("127.0.0.1", 8000)})
        self.received = 0
        self.kept: list[bytes] = []
        self.keep = True
        self.paused = False

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
        """Be given nothing more."""
        self.paused = True

    def resume_reading(self) -> None:
        """Go on."""
        self.paused = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Do nothing: requests are given to the server's own protocol, whoever stands in for it."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: all is sent at once."""

    def get_write_buffer_size(self) -> int:
        """Tell that all was sent at once."""
        return 0


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


class Exchange(NamedTuple):
    """What is sent, in the pieces that a socket would give, and how many bytes come back."""

    pieces: tuple[bytes, ...]
    size: int


Feed = Callable[[bytes], None]


async def _answer(transport: RecordingTransport, parse: Callable[[bytes], Any], what: str) -> Any:
    """Return the answer when it is complete, and forget it."""
    for _ in range(_PATIENCE):
        await asyncio.sleep(0)
        answer = parse(b"".join(transport.kept)) if transport.kept else None
        if answer is not None:
            transport.kept.clear()
            return answer
    raise RuntimeError(f"{what}: no answer")


async def _send(feed: Feed, transport: RecordingTransport, pieces: Sequence[bytes]) -> None:
    """Give what arrived to the server, piece by piece, as long as it wants to read."""
    for piece in pieces:
        feed(piece)
        # One turn at least, even after an answer: bytes come from the loop. An Event would cost, and be counted.
        await asyncio.sleep(0)
        while transport.paused:  # noqa: ASYNC110  as above
            await asyncio.sleep(0)


async def _first(
    feed: Feed, transport: RecordingTransport, workload: Workload, request: Request, expected: Any
) -> Exchange:
    """Send a request, check its answer and return both."""
    data, before = wire(request), transport.received
    pieces = tuple(data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
    await _send(feed, transport, pieces)
    answer = await _answer(transport, _parse, workload.name)
    wrong = check_answer(workload, answer, expected)
    if wrong:
        raise RuntimeError(f"{workload.name}: {wrong}")
    return Exchange(pieces, transport.received - before)


async def _first_message(feed: Feed, transport: RecordingTransport, workload: Workload, message: bytes) -> Exchange:
    """Open a web socket, send the message, check what comes back and return both."""
    feed(wire(workload.requests[0]))
    head = await _answer(transport, lambda data: data if data.endswith(b"\r\n\r\n") else None, workload.name)
    if not head.startswith(b"HTTP/1.1 101 "):
        raise RuntimeError(f"{workload.name}: {head!r}")
    before = transport.received
    feed(frame(message))
    answer = await _answer(transport, payload_of, workload.name)
    if json.loads(answer) != workload.expected[0]:
        raise RuntimeError(f"{workload.name}: {answer!r}")
    return Exchange((frame(message),), transport.received - before)


async def _exchanges(feed: Feed, transport: RecordingTransport, workload: Workload) -> list[Exchange]:
    if workload.message is not None:
        return [await _first_message(feed, transport, workload, workload.message)]
    chosen = list(zip(workload.requests, workload.expected, strict=True))[:_IN_TURN]
    return [await _first(feed, transport, workload, request, expected) for request, expected in chosen]


async def drive(application: web.Application, workload: Workload, counts: Sequence[int]) -> list[float]:
    """Answer so many requests, and then so many more; return the CPU time before, and after each."""
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    assert runner.server is not None  # setup() made it
    protocol, transport = runner.server(), RecordingTransport()
    protocol.connection_made(transport)
    await asyncio.sleep(0)
    exchanges = await _exchanges(protocol.data_received, transport, workload)
    transport.keep = False
    gc.collect()
    gc.freeze()  # otherwise a collection of everything falls into one run and not into the other
    clocks = [time.process_time()]
    for count in counts:
        await _repeat(protocol.data_received, transport, itertools.islice(itertools.cycle(exchanges), count))
        clocks.append(time.process_time())
    return clocks


async def _repeat(feed: Feed, transport: RecordingTransport, exchanges: Iterable[Exchange]) -> None:
    for pieces, size in exchanges:
        awaited = transport.received + size
        # What _send() does, without the cost of a call.
        for piece in pieces:
            feed(piece)
            await asyncio.sleep(0)
            while transport.paused:  # noqa: ASYNC110  as in _send()
                await asyncio.sleep(0)
        while transport.received < awaited:  # noqa: ASYNC110  the same
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


def _fork(application: web.Application, workload: Workload, count: int, layout: int) -> int:
    """Measure in a child process and return its id."""
    pid = os.fork()
    if not pid:
        _shift(layout)
        loop = uvloop.new_event_loop()
        loop.run_until_complete(drive(application, workload, [plan_of(workload.name).warm_up + count]))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(f"{workload.name} failed")
    return pid


def _measure(application: web.Application, workload: Workload, layouts: Sequence[int]) -> list[list[int]]:
    counts = plan_of(workload.name)[1:]
    return [[_fork(application, workload, count, layout) for count in counts] for layout in layouts]


def _asked(name: str, module: str) -> tuple[Workload, str]:
    """Return a workload and the variant of the application: ``json``, or ``json+RequestID`` for one of another kind."""
    workload, _, variant = name.partition("+")
    return COUNTED[workload].of(module.rpartition(".")[2]), variant or COUNTED[workload].variant


def main(arguments: Sequence[str]) -> None:
    """Measure the workloads of one application; print which process did what, as callgrind names its files."""
    module, count, *names = arguments
    layouts = LAYOUTS[: int(count)]
    # The clock stands still, in C: otherwise the Date header is written anew as often as the machine is slow.
    time.time = itertools.repeat(1_790_000_000.0).__next__
    build: Build = importlib.import_module(module).build
    asked = {name: _asked(name, module) for name in names}
    applications = {variant: build(variant) for variant in {variant: None for _, variant in asked.values()}}
    start_counting()
    pids = {name: _measure(applications[variant], one, layouts) for name, (one, variant) in asked.items()}
    sys.stdout.write(json.dumps(pids))


if __name__ == "__main__":
    main(sys.argv[1:])
