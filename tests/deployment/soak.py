"""Half of the load that a server can bear, for a long time, while a worker is killed each minute.

``python -m tests.deployment.soak --help``; it prints the availability, and the memory of the worker that is never
killed and of the master.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

import aiohttp

from tests.deployment.load import Load, under_load
from tests.deployment.serving import RUN, WORKER, Master, serve

_KEPT, _FRESH = 8, 4
_TRIED = 8.0
"""Seconds in which the greatest load is measured."""
_ENOUGH = 0.9999


async def _workers(master: Master) -> list[int]:
    """Return the processes that serve, the oldest first."""
    found: set[int] = set()
    async with aiohttp.ClientSession(master.url) as client:
        for _ in range(20):
            async with client.get("/", headers={"Connection": "close"}) as response:
                found.add(int(await response.text()))
    return sorted(found, key=_started)


def _started(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])


def _resident(process: int) -> float:
    """Return the resident memory in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _availability(load: Load) -> float:
    return load.served / load.sent


async def _kill_youngest(master: Master) -> int:
    """Kill a worker; return the oldest."""
    oldest, *_, youngest = await _workers(master)
    os.kill(youngest, signal.SIGKILL)
    return oldest


async def _minutes(master: Master, load: Load, count: int) -> None:
    for minute in range(1, count + 1):
        await asyncio.sleep(30)
        oldest = await _kill_youngest(master)
        await asyncio.sleep(30)
        print(
            f"minute {minute}: {load.sent} requests, {load.lost.total()} lost, {_resident(oldest):.1f} MiB in worker "
            f"{oldest}, {_resident(master.process.pid):.1f} MiB in the master",
            flush=True,
        )


async def soak(worker: str, minutes: int) -> bool:
    """Print the figures of each minute and of all; return whether enough requests were served."""
    with tempfile.TemporaryDirectory() as name:
        async with serve("tests.deployment.reloaded_app:app", worker, folder=Path(name)) as master:
            await asyncio.sleep(5)
            async with under_load(master.port, kept=_KEPT, fresh=_FRESH) as most:
                await asyncio.sleep(_TRIED)
            rate = most.served / _TRIED / 2
            # The load of the clients alone leaves no more than this for the pause.
            pause = max(0.0, (_KEPT + _FRESH) / rate - (_KEPT + _FRESH) / most.served * _TRIED)
            print(f"half of the load is {rate:.0f} requests per second", flush=True)
            async with under_load(master.port, kept=_KEPT, fresh=_FRESH, pause=pause) as load:
                await _minutes(master, load, minutes)
    print(f"{worker}: {_availability(load):.5%} of {load.sent} requests served, lost {dict(load.lost)}")
    return _availability(load) >= _ENOUGH


def main() -> int:
    """Measure what the arguments name; fail below 99.99 %."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", default=RUN, help=f"{RUN!r}, or a worker class of gunicorn, such as {WORKER}")
    parser.add_argument("--minutes", type=int, default=10)
    given = parser.parse_args()
    return 0 if asyncio.run(soak(given.worker, given.minutes)) else 1


if __name__ == "__main__":
    sys.exit(main())
