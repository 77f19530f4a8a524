"""What time and numbers do to a server: a million requests, ten thousand idle connections, two workers.

Run as ``python -m tests.benchmarks.endurance``; each question is one line. It needs wrk, and 11 000 open files.
"""

import argparse
import asyncio
import functools
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.load import run_wrk
from tests.benchmarks.scale import resident
from tests.benchmarks.servers import BASELINE, ROOT, SERVERS, RunningServer, cpu_seconds_of, free_port
from tests.benchmarks.workloads import WORKLOADS, Request

__all__ = ("main",)

_MIXED = ("plain", "json", "item", "order", "items100", "scoped", "faults")
_BAD = (
    Request("GET", "/nowhere"),
    Request("DELETE", "/plain"),
    Request("GET", "/items/x?name=a"),
    Request("POST", "/orders", {"content-type": "application/json"}, b"{"),
    Request("POST", "/orders", {"content-type": "text/plain"}, b"{}"),
    Request("GET", "/openapi.json"),
)
_CONNECTIONS = 10_000


def requests(count: int) -> None:
    """Print how memory and open files of a server grow over many mixed requests, good ones and bad ones."""
    mixed = [*(request for name in _MIXED for request in WORKLOADS[name].requests[:1]), *_BAD]
    with RunningServer(SERVERS["framework"], "base") as server:
        server.wait()
        run_wrk(server.port, mixed, seconds=10)
        before = _state(server.pid)
        answered = 0
        while answered < count:
            answered += int(run_wrk(server.port, mixed, seconds=20)["requests"])
        time.sleep(2)
        after = _state(server.pid)
    memory, files = after[0] - before[0], after[1] - before[1]
    print(f"{answered} mixed requests: memory {memory:+.2f} MiB of {before[0]:.1f}, open files {files:+d}")


def _state(pid: int) -> tuple[float, int]:
    return resident(str(pid)), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def connections() -> None:
    """Print what an idle keep-alive connection that has asked once costs, against hand-written aiohttp."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (_CONNECTIONS + 1_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for name in (BASELINE, "framework"):
        with RunningServer(SERVERS[name], "base") as server:
            server.wait()
            server.ask_often(WORKLOADS["json"])
            before = resident(str(server.pid))
            held = asyncio.run(_hold(server.port, functools.partial(resident, str(server.pid))))
        print(f"{name}: {(held - before) * 1024 / _CONNECTIONS:.2f} KiB for each of {_CONNECTIONS} connections")


async def _hold(port: int, look: Callable[[], float]) -> float:
    """Open connections, ask once on each, and look while all are idle."""
    wire = b"GET /json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    opened: list[asyncio.StreamWriter] = []
    for _ in range(_CONNECTIONS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(wire)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        opened.append(writer)
    await asyncio.sleep(1)
    seen = look()
    for writer in opened:
        writer.close()
    return seen


def workers(rounds: int) -> None:
    """Print the CPU time per request of two gunicorn workers against one, by rounds that take turns."""
    costs: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for count, measured in costs.items():
            measured.append(_cost(count))
    ratios = [two / one for one, two in zip(costs[1], costs[2], strict=True)]
    shown = ", ".join(f"{ratio:.3f}" for ratio in ratios)
    print(f"CPU per request, two workers / one: {statistics.median(ratios):.3f} ({shown})")


def _cost(workers: int) -> float:
    """Return the CPU microseconds per request under so many workers."""
    mixed = [request for name in _MIXED[:5] for request in WORKLOADS[name].requests[:1]]
    with _gunicorn(workers) as (pid, port):
        run_wrk(port, mixed, seconds=4)
        before = cpu_seconds_of(pid)
        report = run_wrk(port, mixed, seconds=8)
        return (cpu_seconds_of(pid) - before) / report["requests"] * 1e6


@contextmanager
def _gunicorn(workers: int) -> Iterator[tuple[int, int]]:
    port = free_port()
    options = f"--bind 127.0.0.1:{port} --workers {workers} --worker-class aiohttp.GunicornUVLoopWebWorker"
    quiet = "--log-level error --no-control-socket --keep-alive 75"
    target = "tests.benchmarks.endurance:application()"
    command = [sys.executable, "-m", "gunicorn", target, *options.split(), *quiet.split()]
    environment: Mapping[str, str] = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603  the command is ours
    try:
        _wait(port)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            asyncio.run(asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 1))
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(1)
            return
    raise TimeoutError("gunicorn does not listen")


def application() -> object:
    """Return the application that gunicorn serves."""
    from tests.benchmarks.apps.framework_app import build

    return build("base")


def main(arguments: Sequence[str]) -> None:
    """Answer all questions, or those that are asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", nargs="*", choices=("requests", "connections", "workers", []))
    parser.add_argument("--count", type=int, default=1_000_000, help="how many requests")
    parser.add_argument("--rounds", type=int, default=5, help="of workers")
    options = parser.parse_args(arguments)
    asked = options.questions or ("requests", "connections", "workers")
    if "requests" in asked:
        requests(options.count)
    if "connections" in asked:
        connections()
    if "workers" in asked:
        workers(options.rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
