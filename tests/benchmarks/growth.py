"""Whether a request costs more in a bigger application: instructions per request, counted by callgrind.

Run as ``python -m tests.benchmarks.growth``. It compares an application of 1 000 routes with one of 10, the requests
going to all routes in turn, and a handler above 20 singletons that need each other with one above a single service.
"""

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web

from framework import App, Container, Controller, get
from tests.benchmarks.instructions import ENVIRONMENT, ROOT, total
from tests.benchmarks.instructions_target import RecordingTransport

__all__ = ("main",)

_COUNTS = (200, 600)
_WARM_UP = 1_000
_DEPTH = 20
_ROUTES = 1_000


class Bottom:
    """A service that needs nothing."""

    number = 7


def _level(depth: int, below: type[Any]) -> type[Any]:
    def __init__(self: Any, needed: Any) -> None:  # noqa: N807  it becomes the constructor of a class
        self.number = needed.number

    __init__.__annotations__["needed"] = below
    return type(f"Level{depth}", (), {"__init__": __init__})


def _graph(depth: int) -> App:
    """Make an application whose handler needs so many singletons, each of which needs the next."""
    container = Container()
    top: type[Any] = Bottom
    container.add_singleton(Bottom)
    for number in range(1, depth):
        top = _level(number, top)
        container.add_singleton(top)

    @get("/things/{thing_id}")
    async def show(self: Any, thing_id: int) -> dict[str, int]:
        return {"id": thing_id, "number": self.top.number}

    def __init__(self: Any, top: Any) -> None:  # noqa: N807  as above
        self.top = top

    __init__.__annotations__["top"] = top
    return App([type("DeepController", (Controller,), {"__init__": __init__, "show": show})], container=container)


def _table(count: int) -> App:
    """Make an application of so many routes."""

    def handler(number: int) -> Any:
        @get(f"/things{number:04}/{{thing_id}}")
        async def show(self: Any, thing_id: int) -> dict[str, int]:  # noqa: ARG001  a method
            return {"id": thing_id}

        return show

    return App([type("TableController", (Controller,), {f"show_{one}": handler(one) for one in range(count)})])


def _paths(routes: int) -> list[str]:
    """Return 1 000 paths of equal length to so many routes, since yarl remembers some hundred."""
    return [f"/things{number * 377 % routes:04}/{number + 1_000}" for number in range(_ROUTES)]


_APPS: Mapping[str, tuple[Callable[[], App], Sequence[str]]] = {
    "10 routes": (lambda: _table(10), _paths(10)),
    "1 000 routes": (lambda: _table(_ROUTES), _paths(_ROUTES)),
    "1 singleton": (lambda: _graph(1), ["/things/7"]),
    "20 singletons": (lambda: _graph(_DEPTH), ["/things/7"]),
}


async def _serve(application: web.Application, paths: Sequence[str], count: int) -> None:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    assert runner.server is not None  # setup() made it
    protocol, transport = runner.server(), RecordingTransport()
    transport.keep = False
    protocol.connection_made(transport)
    await asyncio.sleep(0)
    wire = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths]
    gc.collect()
    gc.freeze()
    for number in range(_WARM_UP + count):
        before = transport.received
        protocol.data_received(wire[number % len(wire)])
        while transport.received == before:  # noqa: ASYNC110  the loop must turn; an Event would be counted
            await asyncio.sleep(0)


def _fork(application: web.Application, paths: Sequence[str], count: int) -> int:
    """Answer requests in a child process, and return its id when it is done."""
    pid = os.fork()
    if not pid:
        uvloop.new_event_loop().run_until_complete(_serve(application, paths, count))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit("a child failed")
    return pid


def _count(name: str, folder: Path) -> float:
    """Return the instructions per request of an application."""
    valgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={folder}/%p"]
    command = [*valgrind, sys.executable, "-m", "tests.benchmarks.growth", name]
    done = subprocess.run(  # noqa: S603  the command is ours
        command, cwd=ROOT, env=ENVIRONMENT, check=True, timeout=900, stdout=subprocess.PIPE, text=True
    )
    few, many = (total(folder / pid) for pid in done.stdout.split())
    return (many - few) / (_COUNTS[1] - _COUNTS[0])


def _compare() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cost = {name: _count(name, Path(folder)) for name in _APPS}
    for small, big in (("10 routes", "1 000 routes"), ("1 singleton", "20 singletons")):
        print(f"{small}: {cost[small]:.0f}; {big}: {cost[big]:.0f}: {cost[big] / cost[small] - 1:+.1%}")


def main(arguments: Sequence[str]) -> None:
    """Compare, or answer requests as one of the applications."""
    if not arguments:
        _compare()
        return
    build, paths = _APPS[arguments[0]]
    application = build().build()
    for count in _COUNTS:
        print(_fork(application, paths, count), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
