"""Jobs that do nothing, of the framework and of other queues: ``python queues.py add|wait|work PEER URL COUNT FILE``.

``add`` adds jobs, 50 at once, ``wait`` one by one with pauses; ``work`` runs so many and writes when they began. Each
queue is used as its documentation shows, with one worker process, 50 jobs at once, and its defaults otherwise.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

AT_ONCE = 50
PAUSE = 0.02
"""Seconds between two jobs whose latency is measured."""


class Peer(NamedTuple):
    """Adds jobs whose argument is the time, and runs them until this process ends."""

    add: Callable[[float], Awaitable[Any]]
    work: Callable[[], Awaitable[Any]]


Note = Callable[[float], None]


async def ours(url: str, note: Note, stack: AsyncExitStack) -> Peer:
    """Return the jobs of the framework."""
    from framework import App
    from framework._jobs.engine import Engine
    from framework._jobs.worker.loop import Worker
    from framework._plan.job_runs import JobTable
    from framework.jobs import JobQueue, Jobs, JobSettings, job

    class Empty(Jobs):
        """A job that does nothing."""

        @job
        async def run(self, sent: float) -> None:
            """Note that it began."""
            note(sent)

    app = App(jobs=JobSettings([Empty], url=url, concurrency=AT_ONCE))
    services = await stack.enter_async_context(app.services())
    queue = await services.get(JobQueue)
    engine: Any = await services.get(Engine)  # type: ignore[type-abstract]
    table = await services.get(JobTable)
    worker = Worker(engine, table.plans, table.run, table.settings)
    return Peer(lambda sent: queue.add(Empty.run, sent=sent), worker.run)


async def taskiq(broker: Any, note: Note, stack: AsyncExitStack) -> Peer:
    """Return the tasks of a broker."""
    from taskiq.api import run_receiver_task

    @broker.task(task_name="run")
    async def run(sent: float) -> None:
        note(sent)

    async def work() -> None:
        broker.is_worker_process = True
        await run_receiver_task(broker, max_async_tasks=AT_ONCE)

    await broker.startup()
    stack.push_async_callback(broker.shutdown)
    return Peer(run.kiq, work)


async def taskiq_redis(url: str, note: Note, stack: AsyncExitStack) -> Peer:
    """Return taskiq on Redis Streams."""
    from taskiq_redis import RedisStreamBroker

    return await taskiq(RedisStreamBroker(url), note, stack)


async def taskiq_nats(url: str, note: Note, stack: AsyncExitStack) -> Peer:
    """Return taskiq on JetStream."""
    from taskiq_nats import PullBasedJetStreamBroker

    return await taskiq(PullBasedJetStreamBroker([url], queue="bench"), note, stack)


async def procrastinate(url: str, note: Note, stack: AsyncExitStack) -> Peer:
    """Return procrastinate."""
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=url.replace("+asyncpg", "")))

    @app.task(name="run")
    async def run(sent: float) -> None:
        note(sent)

    await stack.enter_async_context(app.open_async())
    if not await app.check_connection_async():
        await app.schema_manager.apply_schema_async()
    return Peer(lambda sent: run.defer_async(sent=sent), lambda: app.run_worker_async(concurrency=AT_ONCE))


async def streaq(url: str, note: Note, stack: AsyncExitStack) -> Peer:
    """Return streaq."""
    from streaq import Worker

    worker = Worker(redis_url=url, concurrency=AT_ONCE)

    @worker.task
    async def run(sent: float) -> None:
        note(sent)

    if sys.argv[1] != "work":
        await stack.enter_async_context(worker)

    async def add(sent: float) -> None:
        await run.enqueue(sent)

    return Peer(add, worker.run_async)


async def saq(url: str, note: Note, stack: AsyncExitStack) -> Peer:
    """Return saq."""
    from saq import Queue, Worker

    queue = Queue.from_url(url)
    await queue.connect()
    stack.push_async_callback(queue.disconnect)

    async def run(_: Any, *, sent: float) -> None:
        note(sent)

    return Peer(
        lambda sent: queue.enqueue("run", sent=sent), Worker(queue, functions=[("run", run)], concurrency=AT_ONCE).start
    )


PEERS = {
    "framework, SQLite": ours,
    "framework, PostgreSQL": ours,
    "taskiq, Redis": taskiq_redis,
    "taskiq, NATS": taskiq_nats,
    "procrastinate, PostgreSQL": procrastinate,
    "streaq, Redis": streaq,
    "saq, Redis": saq,
}


async def add_all(peer: Peer, count: int) -> float:
    """Add jobs, 50 at once; return how many in a second."""
    left = iter(range(count))

    async def add() -> None:
        for _ in left:
            await peer.add(time.time())

    began = time.perf_counter()
    await asyncio.gather(*(add() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


async def add_slowly(peer: Peer, count: int) -> float:
    """Add jobs one by one, with pauses; return the milliseconds that adding one takes, in the median."""
    took: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await peer.add(time.time())
        took.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(PAUSE)
    return sorted(took)[count // 2]


def noting(count: int, file: Path) -> Note:
    """Return what notes that a job has begun; after the last one it writes the file and ends this process."""
    begun: list[tuple[float, float]] = []

    def note(sent: float) -> None:
        begun.append((sent, time.time()))
        if len(begun) == count:
            file.write_text(json.dumps(begun))
            os._exit(0)

    return note


async def run(what: str, name: str, url: str, count: int, file: Path) -> float:
    """Do what the command line says, and return what was measured; a worker does not return."""
    async with AsyncExitStack() as stack:
        peer = await PEERS[name](url, noting(count, file), stack)
        if what != "work":
            return await (add_all if what == "add" else add_slowly)(peer, count)
        # Those who wait for it add jobs now.
        await asyncio.to_thread(file.with_suffix(".begun").touch)
        await peer.work()
        raise SystemExit("the worker has ended")


def main() -> None:
    """Write what was measured."""
    what, name, url, count, file = sys.argv[1:]
    Path(file).write_text(json.dumps(asyncio.run(run(what, name, url, int(count), Path(file)))))


if __name__ == "__main__":
    main()
