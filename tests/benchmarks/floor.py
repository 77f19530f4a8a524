"""What the loop and the kernel take of a request, and what a server takes: microseconds of CPU time.

Run as ``python -m tests.benchmarks.floor``, with the names of servers besides the framework if wanted:
``fastapi-uvicorn``. It needs wrk.
"""

import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from tests.benchmarks.load import measure, warm_up
from tests.benchmarks.servers import SERVERS, RunningServer, Server
from tests.benchmarks.workloads import WORKLOADS

__all__ = ("main",)

_BARE = Server("bare loop", "none", ("-m", "tests.benchmarks.apps.bare_loop", "{port}"))
_WORKLOADS = ("plain", "upload", "stream", "ws")
_ROUNDS = 3


def main(names: Sequence[str]) -> None:
    """Measure every server in turn in each round, and print the medians."""
    servers = [_BARE, SERVERS["framework"], *(SERVERS[name] for name in names)]
    print("workload", *(server.name for server in servers), sep=", ")
    with ExitStack() as stack:
        running = [stack.enter_context(RunningServer(server, "base")) for server in servers]
        for server in running:
            server.wait()
        for name in _WORKLOADS:
            costs = [_costs(running, name) for _ in range(_ROUNDS)]
            print(name, *(f"{statistics.median(one):.0f}" for one in zip(*costs, strict=True)), sep=", ", flush=True)


def _costs(servers: Sequence[RunningServer], name: str) -> list[float]:
    costs = []
    for server in servers:
        warm_up(server, WORKLOADS[name])
        costs.append(1e6 / measure(server, WORKLOADS[name], 1).per_cpu_second)
    return costs


if __name__ == "__main__":
    main(sys.argv[1:])
