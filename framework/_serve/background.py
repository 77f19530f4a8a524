"""Runs background work: the tasks that requests leave behind, and periodic tasks."""

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
from framework.background import BackgroundTasks, Periodic, Prepared, Task
from framework.request_ids import in_brackets

__all__ = ("RUNNERS", "STOP_BY", "BackgroundRunner", "finish_background")

_LOGGER = logging.getLogger("framework")
STOP_BY: contextvars.ContextVar[float | None] = contextvars.ContextVar("STOP_BY", default=None)
"""The time of the loop at which a process that stops cancels its background tasks, if it has to stop in time."""
_CLEANUP = 1.0
"""Seconds that cancelled tasks have for their cleanup."""

Run: TypeAlias = Callable[[], Awaitable[None]]
Prepare: TypeAlias = Callable[[Task], Run]


class BackgroundRunner:
    """Owns all background tasks of one app in one process; ``timeout`` is in seconds.

    Tasks that are captured for tests are only added to ``captured``.
    """

    def __init__(self, prepare: Prepare, timeout: float, captured: list[Prepared] | None = None) -> None:
        self._prepare = prepare
        self._captured = captured
        self._timeout = timeout
        self._working: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()
        self._stopping = False

    def collect(self, request: web.Request | None) -> Iterator[BackgroundTasks]:
        """Provide the tasks of one scope; they start when the scope has been closed without an error."""
        tasks = BackgroundTasks(self._prepare)
        yield tasks
        if tasks and self._captured is not None:
            self._captured += tasks.prepared()
        elif tasks:
            # The response is written inside the task that aiohttp creates for each request.
            after = None if request is None else asyncio.current_task()
            self.keep(self._run_all(tasks.prepared(), _owner(request), after))

    def repeat(self, periodic: Periodic, run: Run) -> None:
        """Start a periodic task."""
        self._idle.add(self.keep(self._repeat(periodic, run)))

    def keep(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task, and wait for it when the app stops."""
        # The event loop itself only keeps weak references to tasks.
        task = asyncio.get_running_loop().create_task(coroutine, context=contextvars.copy_context())
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _run_all(self, tasks: Sequence[tuple[Task, Run]], owner: str, after: "asyncio.Task[Any] | None") -> None:
        waiting = deque(tasks)
        try:
            if after is not None:
                # The runner reports the result.
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
            await asyncio.sleep(due + random.uniform(0, jitter) - loop.time())  # noqa: S311  not a secret
            self._idle.discard(own)
            # A separate context: variables that one run sets are not visible in the next.
            attempt = _attempt("The periodic task %s", describe(periodic.function), run)
            await loop.create_task(attempt, context=contextvars.copy_context())
            self._idle.add(own)
            due += every * max(1, math.ceil((loop.time() - due) / every))
        self._idle.discard(own)

    async def finish(self) -> None:
        """Wait for the tasks that run now, and for those that they start; not for periodic tasks between two runs."""
        while working := self._working - self._idle:
            await asyncio.wait(working)
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """Wait for the running tasks, at most ``timeout`` seconds and until ``STOP_BY``, then cancel them."""
        self._stopping = True
        for task in self._idle:
            task.cancel()
        end = STOP_BY.get()
        left = math.inf if end is None else end - asyncio.get_running_loop().time()
        await self._wait(min(self._timeout, left))
        for task in self._working:
            task.cancel()
        await self._wait(_CLEANUP)

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        # Running tasks may start more tasks.
        while self._working and loop.time() < end:
            await asyncio.wait(self._working, timeout=end - loop.time())
            await asyncio.sleep(0)


RUNNERS = web.AppKey("framework.background_runners", list[BackgroundRunner])
"""The key of an application to the runners of the apps in it."""


async def finish_background(runner: BackgroundRunner, _: BaseException | None) -> None:
    """Stop a runner, as the cleanup of a service."""
    await runner.stop()


async def _attempt(what: str, name: str, run: Run) -> None:
    try:
        await run()
    except asyncio.CancelledError:
        own = asyncio.current_task()
        if own is None or not own.cancelling():
            _LOGGER.exception(f"{what} failed", name)  # noqa: G004  one of two strings
            return
        _LOGGER.error(f"{what} was cancelled: the app stops", name)  # noqa: G004, TRY400  as above; not a failure
        raise
    except Exception:
        _LOGGER.exception(f"{what} failed", name)  # noqa: G004  as above


def _owner(request: web.Request | None) -> str:
    """Return the part of a log message that names the request of a task: ``, of POST /orders [f3a1]``."""
    if request is None:
        return ""
    return f", of {request.method} {request.rel_url.raw_path}{in_brackets(request)}"


def _seconds(duration: timedelta | float) -> float:
    return duration.total_seconds() if isinstance(duration, timedelta) else duration
