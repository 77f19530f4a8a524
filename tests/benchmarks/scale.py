"""What grows with an application, and what does not: look-ups, start-up, memory.

Run as ``python -m tests.benchmarks.scale``; it prints one table for each question. Times are CPU time of this process.
"""

import argparse
import asyncio
import functools
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from framework import App, Container, Controller, get
from framework._serve.routing.table import PathTable
from framework._serve.routing.template import parse_template
from tests.benchmarks.instructions_target import RecordingTransport

__all__ = ("main",)

_ROUNDS = 5
_KIB_PER_MIB = 1024


def controller_with(handlers: int, prefix: str) -> type[Controller]:
    """Make a controller with so many handlers, each with a placeholder."""

    def handler(number: int) -> Any:
        @get(f"/things{number}/{{thing_id}}")
        async def show(self: Any, thing_id: int) -> dict[str, int]:  # noqa: ARG001  a method
            return {"id": thing_id}

        return show

    names: dict[str, Any] = {f"show_{number}": handler(number) for number in range(handlers)}
    return type("ThingController", (Controller,), {"path": prefix, **names})


def best(work: Callable[[], object]) -> float:
    """Return the least CPU seconds of some rounds."""
    seconds = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def look_ups() -> None:
    """Print the cost of a look-up among ever more routes."""
    repeat = 20_000
    for count in (10, 1_000, 10_000):
        table: PathTable[int] = PathTable()
        for number in range(count):
            table.add(parse_template(f"/section{number % 100}/things{number}/{{thing_id}}", "benchmark"), number)
        path = f"/section{(count // 2) % 100}/things{count // 2}/7"
        microseconds = best(functools.partial(_find_often, table, path, repeat)) / repeat * 1e6
        print(f"look-up among {count:>6} routes: {microseconds:.2f} us")


def _find_often(table: PathTable[int], path: str, repeat: int) -> None:
    for _ in range(repeat):
        table.find(path)


def start_up() -> None:
    """Print how long ``App.build()`` takes for ever more handlers, the document included."""
    for count in (250, 500, 1_000, 2_000):
        controllers = [controller_with(10, f"/section{number}") for number in range(count // 10)]
        seconds = best(App(controllers).build)
        print(f"build() of {count:>5} handlers: {seconds:.3f} s, {seconds / count * 1e6:.0f} us each")


def resident(pid: str = "self") -> float:
    """Return the resident memory of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / _KIB_PER_MIB


def open_files() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def memory() -> None:
    """Print the memory of idle applications of 100 routes, each in a process that imports what it needs and no more."""
    bare, own = (_printed(program + _IDLE) for program in (_BARE, _OWN))
    print(f"idle with 100 routes: aiohttp {bare:.1f} MiB, framework {own:.1f} MiB, {own - bare:+.1f} MiB")


def _printed(program: str) -> float:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  ours
    return float(done.stdout)


_BARE = """
from aiohttp import web
async def bare(_): return web.Response()
application = web.Application()
for number in range(100):
    application.router.add_get(f"/things{number}/{{thing_id}}", bare)
"""
_OWN = """
from aiohttp import web
from framework import App, Controller, get
def handler(number):
    @get(f"/things{number}/{{thing_id}}")
    async def show(self, thing_id: int) -> dict[str, int]: return {"id": thing_id}
    return show
def controller(number):
    handlers = {f"show_{one}": handler(one) for one in range(10)}
    return type("ThingController", (Controller,), {"path": f"/section{number}", **handlers})
application = App([controller(number) for number in range(10)]).build()
"""
_IDLE = """
import asyncio, gc
async def settle():
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await runner.cleanup()
asyncio.run(settle())
gc.collect()
line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(int(line.split()[1]) / 1024)
"""


def requests(count: int) -> None:
    """Print how memory and open files grow over many mixed requests, after a warm-up of a tenth of them."""
    asyncio.run(_requests(count))


async def _requests(count: int) -> None:
    container = Container()
    runner = web.AppRunner(App([controller_with(10, "/section")], container=container).build(), access_log=None)
    await runner.setup()
    assert runner.server is not None  # setup() made it
    protocol, transport = runner.server(), RecordingTransport()
    transport.keep = False
    protocol.connection_made(transport)
    await asyncio.sleep(0)
    paths = ("/section/things1/7", "/section/things2/x", "/nowhere", "/openapi.json", "/section/things3/8?x=1")
    wire = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths]
    before = (0.0, 0)
    for number in range(count + count // 10):
        if number == count // 10:
            gc.collect()
            before = (resident(), open_files())
        awaited = transport.received + 1
        protocol.data_received(wire[number % len(wire)])
        while transport.received < awaited:  # noqa: ASYNC110  the loop must turn
            await asyncio.sleep(0)
    gc.collect()
    after = (resident(), open_files())
    print(f"{count} mixed requests: memory {after[0] - before[0]:+.2f} MiB, open files {after[1] - before[1]:+d}")


def main(arguments: Sequence[str]) -> None:
    """Answer all questions, or the one that is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    options = parser.parse_args(arguments)
    look_ups()
    start_up()
    memory()
    requests(options.requests)


if __name__ == "__main__":
    main(sys.argv[1:])
