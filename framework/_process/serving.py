"""The life of a process that serves: it starts in time, logs what blocks it, and stops in time."""

import asyncio
import contextlib
import faulthandler
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from framework._process.ending import end_after
from framework._process.server import GracefulServer
from framework._process.settings import WorkerSettings
from framework._process.stalls import StallWatch
from framework._process.times import StopTimes

__all__ = ("BEAT", "QUICK", "STACKS", "Serving", "new_loop")

BEAT = 1.0
"""Seconds between two looks at what a process must do."""
STACKS = 2
"""The file descriptor to which stacks are written: that of the standard error, whatever has replaced ``sys.stderr``."""
QUICK = 1.5
"""Seconds in which a process stops that must not wait for requests; gunicorn waits for two after SIGQUIT."""


def new_loop() -> asyncio.AbstractEventLoop:
    """Create the loop of uvloop if that is installed."""
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    return made


class Serving:
    """Starts and stops the server of one process; ``graceful`` are the seconds in which the process must end."""

    def __init__(self, settings: WorkerSettings, *, graceful: float) -> None:
        self._settings = settings
        self._graceful = graceful
        self._begun = time.monotonic()
        self.stopped = asyncio.Event()
        """Set when the process must stop."""
        self.quick = False
        """Whether it must not wait for requests."""

    def begin_start(self) -> None:
        """Begin the time of the start: a start that blocks the process ends it, with the stacks in the log."""
        self._begun = time.monotonic()
        faulthandler.dump_traceback_later(self._settings.start_timeout + 1, exit=True, file=STACKS)

    async def start(
        self, starting: Coroutine[Any, Any, GracefulServer], interrupted: Callable[[], None]
    ) -> GracefulServer | None:
        """Return what serves; ``None``, after a call of ``interrupted``, if the process must stop before.

        Raises TimeoutError after the start-up timeout, and what the application raises.
        """
        if self.stopped.is_set():
            faulthandler.cancel_dump_traceback_later()
            starting.close()
            interrupted()
            return None
        task = asyncio.create_task(starting)
        stopping = asyncio.create_task(self.stopped.wait())
        limit = self._settings.start_timeout
        try:
            left = limit - (time.monotonic() - self._begun)
            done, _ = await asyncio.wait({task, stopping}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if task in done:
                return task.result()
            if stopping in done:
                interrupted()
            task.cancel()
            await asyncio.wait({task}, timeout=QUICK)
            if stopping in done:
                return None
            raise TimeoutError(f"The application did not start within {limit:g} seconds")
        finally:
            stopping.cancel()
            faulthandler.cancel_dump_traceback_later()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Log what blocks the event loop during the block."""
        watch = StallWatch(asyncio.get_running_loop(), self._settings.stall) if self._settings.stall else None
        try:
            yield
        finally:
            if watch is not None:
                watch.end()

    async def wait(self) -> bool:
        """Wait for the next look; return whether the process must stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT):
                await self.stopped.wait()
        return self.stopped.is_set()

    async def stop(self, server: GracefulServer) -> None:
        """Stop in time; a process that does not end by itself is ended."""
        graceful = QUICK if self.quick else self._graceful
        end_after(0.97 * graceful)
        await server.stop(StopTimes.within(graceful, announce=0.0 if self.quick else self._settings.announce))
