"""The workload ``ws`` by itself: both servers stay up, so that its rounds can be many and short.

``python -m tests.benchmarks.sockets`` compares the framework with hand-written aiohttp by CPU seconds of the server;
``run.py`` compares them with the peers. The client is ``messages.py``, on the other core.
"""

import argparse
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from tests.benchmarks.messages import run_messages
from tests.benchmarks.servers import BASELINE, CLIENT_CPU, CORE, RunningServer

__all__ = ("main",)

_WARM_UP = 2
_ON_ITS_CORE = ("taskset", "--cpu-list", str(CLIENT_CPU))


class Sample(NamedTuple):
    """What one server did in one round."""

    per_cpu_second: float
    per_second: float


def _measure(server: RunningServer, seconds: float) -> Sample:
    before = server.cpu_seconds()
    report = run_messages(server.port, seconds, _ON_ITS_CORE)
    count = report["requests"]
    return Sample(count / (server.cpu_seconds() - before), count / report["seconds"])


def _rounds(rounds: int, seconds: float) -> list[dict[str, Sample]]:
    found: list[dict[str, Sample]] = []
    with ExitStack() as stack:
        # Both stay up, so that the rounds can be short, and what else the machine does weighs on both.
        running = [stack.enter_context(RunningServer(server, "base")) for server in CORE]
        for server in running:
            server.wait()
            run_messages(server.port, _WARM_UP, _ON_ITS_CORE)
        for number in range(1, rounds + 1):
            order = running if number % 2 else running[::-1]
            samples = {server.server.name: _measure(server, seconds) for server in order}
            found.append(samples)
            print(f"round {number}: " + ", ".join(f"{name} {one.per_cpu_second:.0f}" for name, one in samples.items()))
    return found


def _ratio(rounds: Sequence[dict[str, Sample]]) -> list[float]:
    return [one["framework"].per_cpu_second / one[BASELINE].per_cpu_second for one in rounds]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how often both are measured (20)")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each measurement lasts (1.5)")
    options = parser.parse_args()
    ratios = _ratio(_rounds(options.rounds, options.seconds))
    listed = ", ".join(f"{one:.2f}" for one in ratios)
    print(f"ws: {statistics.median(ratios):.2f} of hand-written aiohttp per CPU second ({listed})")


if __name__ == "__main__":
    main()
