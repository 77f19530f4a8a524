"""Measures who is present: ``python -m tests.channels.many_present killed --engine nats``; the tasks are below.

``killed``: seconds until others report a process that was killed, with the default lifetime.
``room``: CPU time of 10 000 connections in one room, and of a change that 100 watchers of the same process receive.
``rooms``: 2 000 rooms with one connection each: how long entering takes, and an event while they are renewed.
``churn``: memory and tasks after 100 000 connections that came and left.
"""

import argparse
import asyncio
import gc
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from framework.channels import ChannelSettings
from tests.channels.many_subscribers import served
from tests.channels.topics import ORDERS, ROLL, Member, Placed, Process, process
from tests.nats_server import nats_started
from tests.waiting import until

__all__ = ()

ENGINES = ("memory", "redis", "redis+streams", "nats", "postgresql")
_LIFETIME = ChannelSettings(topics=[]).presence_lifetime
_AT_ONCE = 500
"""Connections that enter at the same time."""


@contextmanager
def served_with_streams(engine: str) -> Iterator[str]:
    """Run the server of an engine, NATS with JetStream; yield its URL."""
    if engine == "memory":
        yield "memory://"
    elif engine == "nats":
        with tempfile.TemporaryDirectory() as folder, nats_started(Path(folder)) as nats:
            yield nats.url
    else:
        with served(engine) as (url, _, _):
            yield url


def report(what: str, figure: float, unit: str) -> None:
    """Print a figure."""
    sys.stdout.write(f"{what}: {figure:.3g} {unit}\n")
    sys.stdout.flush()


async def enter(one: Process, stack: AsyncExitStack, places: list[Any]) -> None:
    """Add a connection at each place."""
    for start in range(0, len(places), _AT_ONCE):
        tracked = [
            one.channels.track(place, f"user-{number}", Member(str(number)))
            for number, place in enumerate(places[start : start + _AT_ONCE], start)
        ]
        await asyncio.gather(*(stack.enter_async_context(each) for each in tracked))


async def is_empty(one: Process) -> bool:
    """Return whether the store has nobody."""
    return not await one.hub.presence.read(ROLL.address)


async def killed(url: str, _: int) -> None:
    """Kill a process, and wait until it is no longer present, and until that is reported."""
    words = ("-m", "tests.channels.tracked_process", url, "channels", str(_LIFETIME), "bob")
    async with process(url) as one:
        child = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
        assert child.stdout is not None
        assert await child.stdout.readline() == b"present\n"
        changes = one.channels.changes(ROLL)
        assert "bob" in (await anext(changes)).present
        # The moment of the last renewal is any.
        await asyncio.sleep(5)
        child.kill()
        start = time.monotonic()
        reading = asyncio.create_task(anext(changes))

        async def is_absent() -> bool:
            await asyncio.sleep(0.1)
            return "bob" not in await one.channels.present(ROLL)

        await until(is_absent, 2 * _LIFETIME)
        report("no longer in present() after", time.monotonic() - start, "s")
        assert (await reading).left == ["bob"]
        report("reported by changes() after", time.monotonic() - start, "s")
        await child.wait()


async def room(url: str, count: int) -> None:
    """Fill one room, and let 100 watchers read."""
    async with process(url, presence_lifetime=_LIFETIME, timeout=30.0) as one, AsyncExitStack() as stack:
        start = time.monotonic()
        await enter(one, stack, [ROLL] * count)
        report(f"{count} enter one room within", time.monotonic() - start, "s")
        await asyncio.sleep(1)
        cpu = time.process_time()
        await asyncio.sleep(_LIFETIME)
        report("CPU time for each second of renewals", (time.process_time() - cpu) / _LIFETIME * 1_000, "ms")
        watchers = [one.channels.changes(ROLL) for _ in range(100)]
        for each in watchers:
            await anext(each)
        cpu, start = time.process_time(), time.monotonic()
        async with one.channels.track(ROLL, "new", Member("new")):
            found = await asyncio.gather(*(anext(each) for each in watchers))
        assert [[*each.present] for each in found] == [["new"]] * len(watchers)
        report("CPU time of a change for 100 watchers", (time.process_time() - cpu) * 1_000, "ms")
        report("its delay", (time.monotonic() - start) * 1_000, "ms")
        start = time.monotonic()
        await stack.aclose()
        await until(lambda: is_empty(one), 2 * _LIFETIME)
        report("all have left after", time.monotonic() - start, "s")


async def rooms(url: str, count: int) -> None:
    """Fill many rooms, and publish while they are renewed."""
    async with process(url) as one, AsyncExitStack() as stack:
        start = time.monotonic()
        await enter(one, stack, [ROLL.room(str(number)) for number in range(count)])
        report(f"{count} enter a room each within", time.monotonic() - start, "s")
        delays: list[float] = []
        end, cpu = time.monotonic() + _LIFETIME, time.process_time()
        while time.monotonic() < end:
            start = time.monotonic()
            await one.channels.publish(ORDERS, Placed(1))
            delays.append(time.monotonic() - start)
            await asyncio.sleep(0.01)
        report("CPU time for each second of renewals", (time.process_time() - cpu) / _LIFETIME * 1_000, "ms")
        report("an event is accepted after at most", max(delays) * 1_000, "ms")
        present = [len(await one.hub.presence.read(ROLL.room(str(number)).address)) for number in range(count)]
        report("still present", sum(present), "connections")


async def churn(url: str, count: int) -> None:
    """Let connections come and leave, with a watcher."""
    async with process(url) as one:
        changes = one.channels.changes(ROLL)
        await anext(changes)
        for done in range(0, count, _AT_ONCE):
            async with AsyncExitStack() as stack:
                await enter(one, stack, [ROLL] * _AT_ONCE)
            if done in (count // 10, count - _AT_ONCE):
                gc.collect()
                report(
                    f"memory after {done + _AT_ONCE}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB"
                )
                report("tasks", len(asyncio.all_tasks()), "")
        await until(lambda: is_empty(one))
        await changes.aclose()


TASKS = {"killed": (killed, 1), "room": (room, 10_000), "rooms": (rooms, 2_000), "churn": (churn, 100_000)}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--engine", choices=ENGINES, default="redis+streams")
    parser.add_argument("--count", type=int)
    options = parser.parse_args()
    work, count = TASKS[options.task]
    sys.stdout.write(f"{options.task}, {options.engine}\n")
    with served_with_streams(options.engine) as url:
        asyncio.run(work(url, options.count or count))


if __name__ == "__main__":
    main()
