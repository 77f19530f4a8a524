"""Runs what stands beside requests: the tasks that they leave behind, and periodic ones."""

import asyncio
import contextvars
import logging
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from aiohttp import web

from framework._inspect.names import describe
from framework.background import REQUEST_ID, BackgroundTasks, Periodic, Task

__all__ = ("BackgroundRunner", "finish_background")

_LOGGER = logging.getLogger("framework")
_CLEANUP = 1.0
"""Seconds that cancelled work has for its cleanup."""

Run: TypeAlias = Callable[[], Awaitable[None]]
Prepare: TypeAlias = Callable[[Task], Run]


class BackgroundRunner:
    """Keeps hold of all background work of one app in one process; ``timeout`` is in seconds."""

    def __init__(self, prepare: Prepare, timeout: float) -> None:
        self._prepare = prepare
        self._timeout = timeout
        self._working: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()
        self._stopping = False

    def collect(self, request: web.Request | None) -> Iterator[BackgroundTasks]:
        """Provide the tasks of one scope; they are started when it has been closed without an error."""
        tasks = BackgroundTasks(self._prepare)
        yield tasks
        if tasks:
            # The response is written inside of the task that aiohttp makes for each request.
            after = None if request is None else asyncio.current_task()
            self.keep(self._run_all(tasks.prepared(), _owner(request), after))

    def repeat(self, periodic: Periodic, run: Run) -> None:
        """Start a periodic task."""
        self._idle.add(self.keep(self._repeat(periodic, run)))

    def keep(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task, and wait for it when the app stops."""
        # The loop itself holds tasks weakly.
        task = asyncio.get_running_loop().create_task(coroutine, context=contextvars.copy_context())
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _run_all(self, tasks: Sequence[tuple[Task, Run]], owner: str, after: "asyncio.Task[Any] | None") -> None:
        waiting = deque(tasks)
        try:
            if after is not None:
                # What comes of it is for others to see.
                await asyncio.wait({after})
            while waiting:
                task, run = waiting.popleft()
                await _attempt("The background task %s", f"{describe(task.function)}{owner}", run)
        finally:
            for task, _ in waiting:
                _LOGGER.error("The background task %s%s was not run: the app stops", describe(task.function), owner)

    async def _repeat(self, periodic: Periodic, run: Run) -> None:
        loop = asyncio.get_running_loop()
        own: Any = asyncio.current_task()
        every, jitter = _seconds(periodic.every), _seconds(periodic.jitter)
        due = loop.time() + (0 if periodic.run_at_start else every)
        while not self._stopping:
            await asyncio.sleep(due + random.uniform(0, jitter) - loop.time())  # noqa: S311  no secret
            self._idle.discard(own)
            # A context of its own: what a run sets is not seen by the next.
            attempt = _attempt("The periodic task %s", describe(periodic.function), run)
            await loop.create_task(attempt, context=contextvars.copy_context())
            self._idle.add(own)
            due += every * max(1, math.ceil((loop.time() - due) / every))
        self._idle.discard(own)

    async def stop(self) -> None:
        """Wait for what runs, ``timeout`` seconds at most, then cancel it."""
        self._stopping = True
        for task in self._idle:
            task.cancel()
        await self._wait(self._timeout)
        for task in self._working:
            task.cancel()
        await self._wait(_CLEANUP)

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        # What runs may leave tasks of its own behind.
        while self._working and loop.time() < end:
            await asyncio.wait(self._working, timeout=end - loop.time())
            await asyncio.sleep(0)


async def finish_background(runner: BackgroundRunner, _: BaseException | None) -> None:
    """Stop a runner, as a service is finished."""
    await runner.stop()


async def _attempt(what: str, name: str, run: Run) -> None:
    try:
        await run()
    except asyncio.CancelledError:
        own = asyncio.current_task()
        if own is None or not own.cancelling():
            _LOGGER.exception(f"{what} failed", name)  # noqa: G004  one of two texts
            return
        _LOGGER.error(f"{what} was cancelled: the app stops", name)  # noqa: G004, TRY400  as above; nothing has failed
        raise
    except Exception:
        _LOGGER.exception(f"{what} failed", name)  # noqa: G004  as above


def _owner(request: web.Request | None) -> str:
    """Return what a log says of the request that left a task: ``, of POST /orders [f3a1]``."""
    if request is None:
        return ""
    known = request.get(REQUEST_ID)
    return f", of {request.method} {request.rel_url.raw_path}" + (f" [{known}]" if known else "")


def _seconds(duration: timedelta | float) -> float:
    return duration.total_seconds() if isinstance(duration, timedelta) else duration
