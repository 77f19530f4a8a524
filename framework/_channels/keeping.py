"""Keeps a connection open: connects again after an error, with growing pauses."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ("Kept",)

_LOGGER = logging.getLogger("framework.channels")
_FIRST, _LONGEST = 0.05, 1.0
"""Seconds between two attempts."""


class Kept:
    """A task that runs a function again and again; it returns only with an error."""

    def __init__(self, name: str, run: Callable[[Callable[[], None]], Awaitable[object]], errors: Any) -> None:
        self._name = name
        self._run = run
        self._errors = errors
        self._task: asyncio.Task[None] | None = None
        self._pause = _FIRST

    def start(self) -> None:
        """Start the task, unless it runs."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._loop())

    async def _loop(self) -> None:
        while True:
            try:
                await self._run(self._reset)
            except self._errors as error:
                if self._pause == _FIRST:
                    _LOGGER.warning("The channels have lost %s and connect again: %s", self._name, error)
            except Exception:
                _LOGGER.exception("The channels failed to read from %s", self._name)
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST)

    def _reset(self) -> None:
        """Note that the connection works."""
        self._pause = _FIRST

    async def stop(self) -> None:
        """End the task."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None
