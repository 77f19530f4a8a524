"""Runs health checks together, each with its timeout, and keeps the result for a moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import Struct

from framework.option_errors import ExplainedMeta
from framework.runtime import Runtime

__all__ = ("HealthCheck", "Readiness")

_LOGGER = logging.getLogger("framework.health")
_COROUTINE = 0x80
"""The flag of the code of an ``async def``."""


class HealthCheck(Struct, frozen=True, metaclass=ExplainedMeta):
    """A check with a name and a timeout of its own: ``HealthCheck(check_mail, name="mail", timeout=5)``."""

    function: Callable[..., Awaitable[object]]
    """``async def``, with injected parameters; the check fails if it raises."""
    name: str = ""
    """The name in responses and logs; the default is the name of the function."""
    timeout: float | None = None
    """Seconds; the default is that of ``Health``."""

    @property
    def label(self) -> str:
        """The name, or that of the function."""
        return self.name or getattr(self.function, "__name__", "")

    @property
    def is_async(self) -> bool:
        """Whether the function is an ``async def``, or a bound method or an object that is called as one."""
        function: object = self.function
        code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
        return code is not None and bool(code.co_flags & _COROUTINE)


class _Running:
    """One check in one process."""

    def __init__(self, check: HealthCheck, runtime: Runtime, timeout: float) -> None:
        self.name = check.label
        self._function = check.function
        self._runtime = runtime
        self._timeout = timeout if check.timeout is None else check.timeout
        self._task: asyncio.Task[object] | None = None
        self._failed = False

    async def passes(self) -> bool:
        """Run the check, and log if it begins to fail or to pass again."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout
        # A task of its own: a check that hangs in its cleanup must not hold up the response. What is left of an earlier
        # run, cancelled because of its time or of a client that disconnected, ends before the next run begins.
        if self._task is None or await self._ends(self._task, self._timeout):
            self._task = asyncio.create_task(self._call())
            self._task.add_done_callback(_retrieve)
            if await self._ends(self._task, end - loop.time()):
                error = asyncio.CancelledError() if self._task.cancelled() else self._task.exception()
                self._note(error)
                return error is None
        self._note(TimeoutError(f"it has taken longer than {self._timeout:g} s"))
        return False

    async def _ends(self, task: asyncio.Task[object], seconds: float) -> bool:
        """Wait for a task; cancel it if it takes longer, or if the request is cancelled."""
        try:
            await asyncio.wait((task,), timeout=seconds)
        finally:
            if not task.done():
                task.cancel()
        return task.done()

    async def _call(self) -> object:
        return await self._runtime.call(self._function)

    def _note(self, error: BaseException | None) -> None:
        """Log a change; probes come every few seconds, and one record is enough."""
        if error is not None and not self._failed:
            found = error if error.__traceback__ else None
            _LOGGER.error("The health check %s fails: %r", self.name, error, exc_info=found)
        elif error is None and self._failed:
            _LOGGER.info("The health check %s passes again", self.name)
        self._failed = error is not None


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Read the exception of a task that nothing waits for any more; asyncio would log it as lost."""
    if not task.cancelled():
        task.exception()


class Readiness:
    """The checks of one application in one process; ``cache`` and ``timeout`` are in seconds."""

    def __init__(self, runtime: Runtime, checks: Sequence[HealthCheck], *, timeout: float, cache: float) -> None:
        self._runtime = runtime
        self._checks = [_Running(one, runtime, timeout) for one in checks]
        self._cache = cache
        self._lock = asyncio.Lock()
        self._failed: tuple[str, ...] = ()
        self._until = 0.0

    @property
    def stopping(self) -> bool:
        """Whether the application has begun to stop."""
        return self._runtime.stopping

    @property
    def count(self) -> int:
        """The number of checks."""
        return len(self._checks)

    async def failed(self) -> tuple[str, ...]:
        """Return the names of the checks that fail; requests that arrive together share one run."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if loop.time() >= self._until:
                passed = await asyncio.gather(*[one.passes() for one in self._checks])
                self._failed = tuple(one.name for one, ok in zip(self._checks, passed, strict=True) if not ok)
                self._until = loop.time() + self._cache
            return self._failed
