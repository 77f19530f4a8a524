"""Measures 1 000 subscribers in two processes, with the engine killed and started again in the middle.

``python -m tests.channels.many_subscribers --engine redis+streams --restart``; Redis keeps its data on the disk here.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from msgspec import Struct

from framework._channels.engines import make_engine
from framework._channels.hub import Hub
from framework._channels.presence.service import Presences
from framework.channels import ChannelError, Channels, ChannelSettings, Topic
from tests.nats_server import nats_started
from tests.postgresql_server import postgresql_started
from tests.redis_server import RedisServer, redis_or_skip

__all__ = ()


class Tick(Struct, frozen=True):
    """One of many events, about 200 bytes."""

    number: int
    at: float
    text: str = "x" * 150


TICKS = Topic[Tick]("ticks", slow="drop_oldest")
ENGINES = ("redis", "redis+streams", "nats", "postgresql")
_END = -1
_DOWN = 0.6
"""Seconds between the kill and the start."""


class LastingRedis(RedisServer):
    """A server that writes each event to the disk before it responds."""

    def __init__(self, program: str, folder: str) -> None:
        super().__init__(program)
        self._options = ("--appendonly", "yes", "--appendfsync", "always", "--dir", folder)

    def _spawn(self, port: int) -> Any:
        command = [self._program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", *self._options]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603


@contextmanager
def served(engine: str) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """Run the server of an engine; yield its URL and functions that kill and start it."""
    if engine == "nats":
        with nats_started() as nats:
            yield nats.url, nats.kill, nats.start
    elif engine == "postgresql":
        with postgresql_started() as postgresql:
            yield postgresql.database(), postgresql.kill, postgresql.start
    else:
        with tempfile.TemporaryDirectory() as folder:
            redis = LastingRedis(redis_or_skip(), folder)
            redis.start()
            try:
                yield redis.url.replace("redis", engine, 1), redis.kill, redis.start
            finally:
                redis.kill()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Channels]:
    """Open channels."""
    settings = ChannelSettings(topics=[TICKS], url=url)
    hub = Hub(settings, make_engine(settings))
    try:
        yield Channels(hub, Presences(hub, settings))
    finally:
        await hub.close()


class Reader:
    """One subscriber, and what it has seen."""

    def __init__(self, channels: Channels, pause: float) -> None:
        self.events = channels.subscribe(TICKS)
        self.pause = pause
        self.count = self.missed = self.unknown = self.twice = self.gaps = 0
        self.delays: list[float] = []

    async def read(self) -> None:
        """Read to the end."""
        last = _END
        async for event in self.events:
            lagged = self.events.lagged
            if lagged is not None:
                self.missed += lagged.missed or 0
                self.unknown += lagged.missed is None
            if event.number == _END:
                return
            self.twice += event.number <= last
            self.gaps += event.number != last + 1 and lagged is None
            last = event.number
            self.count += 1
            self.delays.append(time.monotonic() - event.at)
            if self.pause:
                await asyncio.sleep(self.pause)


async def subscribe(url: str, count: int) -> None:
    """Run the subscribers of one process, the first of them slow, and print what they have seen."""
    async with opened(url) as channels:
        readers = [Reader(channels, pause=0.1 if index == 0 else 0.0) for index in range(count)]
        for one in readers:
            await one.events.open()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        slow, *fast = readers
        behind = asyncio.create_task(slow.read())
        await asyncio.gather(*(one.read() for one in fast))
        slow.pause = 0
        await behind
        delays = sorted(fast[0].delays)
        result = {
            "slow": [slow.count, slow.missed],
            "least": min(one.count for one in fast),
            "most": max(one.count for one in fast),
            "twice or out of order": sum(one.twice for one in readers),
            "gaps without notice": sum(one.gaps for one in readers),
            "told of a loss": sum(one.unknown > 0 for one in fast),
            "ms p50": round(delays[len(delays) // 2] * 1_000, 1),
            "ms p99": round(delays[len(delays) * 99 // 100] * 1_000, 1),
            "cpu s": round(time.process_time(), 1),
        }
        sys.stdout.write(f"{json.dumps(result)}\n")


async def publish(channels: Channels, event: Tick) -> int:
    """Publish until the engine accepts it; return the number of errors."""
    for errors in range(200):
        try:
            await channels.publish(TICKS, event)
        except ChannelError:
            await asyncio.sleep(0.05)
        else:
            return errors
    raise AssertionError("the engine does not come back")


async def publish_all(
    channels: Channels, rate: int, seconds: int, disturb: Callable[[], Awaitable[None]] | None
) -> int:
    """Publish at a rate, and disturb the engine in the middle; return the number of errors."""
    start, errors, task = time.monotonic(), 0, None
    for number in range(rate * seconds):
        if number == rate * seconds // 2 and disturb is not None:
            task = asyncio.ensure_future(disturb())
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        errors += await publish(channels, Tick(number, time.monotonic()))
    if task is not None:
        await task
    await asyncio.sleep(1)
    await publish(channels, Tick(_END, time.monotonic()))
    return errors


async def measure(options: argparse.Namespace) -> None:
    """Start two processes, publish, and print their results."""
    with served(options.engine) as (url, kill, start):

        async def restart() -> None:
            await asyncio.to_thread(kill)
            await asyncio.sleep(_DOWN)
            await asyncio.to_thread(start)

        command = [sys.executable, "-m", "tests.channels.many_subscribers", "--url", url, "--subscribers"]
        half = str(options.subscribers // 2)
        children = [
            await asyncio.create_subprocess_exec(*command, half, stdout=asyncio.subprocess.PIPE) for _ in range(2)
        ]
        outputs = [one.stdout for one in children if one.stdout is not None]
        for one in outputs:
            assert await one.readline() == b"ready\n"
        async with opened(url) as channels:
            errors = await publish_all(channels, options.rate, options.seconds, restart if options.restart else None)
        sent = options.rate * options.seconds
        sys.stdout.write(f"{options.engine}{', restarted' if options.restart else ''}: {sent} sent, {errors} errors\n")
        for one in outputs:
            sys.stdout.write((await one.readline()).decode())
        for child in children:
            await child.wait()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="redis+streams")
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.url:
        asyncio.run(subscribe(options.url, options.subscribers))
    else:
        asyncio.run(measure(options))


if __name__ == "__main__":
    main()
