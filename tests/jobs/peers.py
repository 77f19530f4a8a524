"""Measures the jobs of the framework beside other queues, on this machine: ``make bench-jobs``.

Each round runs every queue once on a new database or server; the table has the medians of the rounds.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.jobs.databases import database_url
from tests.nats_server import NATSServer
from tests.postgresql_server import postgresql_started
from tests.redis_server import RedisServer

_ROOT = Path(__file__).parents[2]
_PROGRAM = _ROOT / "tests" / "benchmarks" / "peers" / "queues.py"
NAMES = (
    "framework, SQLite",
    "framework, PostgreSQL",
    "procrastinate, PostgreSQL",
    "taskiq, Redis",
    "streaq, Redis",
    "saq, Redis",
    "taskiq, NATS",
)
_WAITS = 150
_WARM = 3.0
"""Seconds that a worker has before latencies are measured."""


class Figures(NamedTuple):
    """The figures of one queue: jobs in a second, and milliseconds."""

    added: float
    run: float
    median: float
    slowest: float


@contextlib.contextmanager
def served(name: str, folder: Path) -> Iterator[str]:
    """Run the server that a queue requires, and yield its URL."""
    kind = name.rpartition(", ")[2]
    if kind == "SQLite":
        yield f"sqlite+aiosqlite:///{folder / 'jobs.db'}"
        return
    with contextlib.ExitStack() as stack:
        if kind == "PostgreSQL":
            server = stack.enter_context(postgresql_started())
            yield database_url("postgresql", folder, lambda: server)
            return
        program = shutil.which("nats-server" if kind == "NATS" else "redis-server")
        assert program is not None, f"the server of {name} is not installed"
        started = NATSServer(program, folder) if kind == "NATS" else RedisServer(program)
        started.start()
        stack.callback(started.kill)
        yield started.url


class _Runs:
    """Runs the programs of one queue."""

    def __init__(self, python: str, name: str, url: str, folder: Path) -> None:
        self._command = (python, str(_PROGRAM))
        self._name, self._url, self._folder = name, url, folder

    def start(self, what: str, count: int) -> tuple["subprocess.Popen[bytes]", Path]:
        """Start a program, and return it and the file with what it finds."""
        file = self._folder / f"{what}-{time.monotonic_ns()}"
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  ours
                [*self._command, what, self._name, self._url, str(count), str(file)],
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                stdout=log,
                stderr=log,
            )
        return process, file

    def wait(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait for the end of a program."""
        try:
            process.wait(180)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.returncode:
            raise SystemExit(f"{self._name}: {(self._folder / 'log').read_text()[-2000:]}")

    def figures(self, count: int) -> Figures:
        """Measure everything."""
        adding, added = self.start("add", count)
        self.wait(adding)
        working, worked = self.start("work", count)
        self.wait(working)
        begun = sorted(at for _, at in json.loads(worked.read_text()))
        working, worked = self.start("work", _WAITS)
        while not worked.with_suffix(".begun").exists():
            time.sleep(0.05)
        time.sleep(_WARM)
        waiting, _ = self.start("wait", _WAITS)
        self.wait(waiting)
        self.wait(working)
        waits = sorted(1000 * (at - sent) for sent, at in json.loads(worked.read_text()))
        rate = (len(begun) - 1) / (begun[-1] - begun[0])
        return Figures(json.loads(added.read_text()), rate, statistics.median(waits), waits[int(len(waits) * 0.99)])


def measure(name: str, python: str, count: int) -> Figures:
    """Return the figures of one queue in one round."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as given, served(name, Path(given)) as url:
        return _Runs(sys.executable if name.startswith("framework") else python, name, url, Path(given)).figures(count)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=".venv-queues/bin/python", help="The Python that has the other queues.")
    parser.add_argument("--queues", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--jobs", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[str, list[Figures]] = {name: [] for name in options.queues}
    loads: list[float] = []
    for _ in range(options.rounds):
        for name in options.queues:
            loads.append(os.getloadavg()[0])
            found[name].append(measure(name, options.python, options.jobs))
            print(name, found[name][-1], file=sys.stderr, flush=True)  # noqa: T201  its progress
    print(f"load {min(loads):.1f} to {max(loads):.1f}, {options.rounds} rounds")  # noqa: T201  its purpose
    print("| queue | added /s | run /s | from add to begin, median / 99 % |\n|---|---|---|---|")  # noqa: T201
    for name, rounds in found.items():
        added, run, median, slowest = (statistics.median(values) for values in zip(*rounds, strict=True))
        spread = f"{min(one.run for one in rounds):.0f} to {max(one.run for one in rounds):.0f}"
        row = f"| {name} | {added:.0f} | {run:.0f} ({spread}) | {median:.1f} / {slowest:.1f} ms |"
        print(row)  # noqa: T201


if __name__ == "__main__":
    main()
