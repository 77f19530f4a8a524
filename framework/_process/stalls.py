"""Logs what blocks the event loop: a thread looks at a timer of the loop."""

import asyncio
import logging
import sys
import threading
import time
import traceback
from types import FrameType

__all__ = ("StallWatch", "stack_line")

_LOGGER = logging.getLogger("framework")
_DEPTH = 6
"""The number of innermost calls that are logged."""


class StallWatch:
    """Watches a loop, in whose thread it is made; logs one line for each time that it is blocked.

    ``limit`` is in seconds; what blocks it for half as long again is always found.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: float) -> None:
        self._loop = loop
        self._limit = limit
        self._step = limit / 4
        self._thread = threading.get_ident()
        self._beat = time.monotonic()
        self._ended = threading.Event()
        self._timer = loop.call_soon(self._tick)
        threading.Thread(target=self._watch, name="framework-stalls", daemon=True).start()

    def end(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._timer.cancel()

    def _tick(self) -> None:
        self._beat = time.monotonic()
        self._timer = self._loop.call_later(self._step, self._tick)

    def _watch(self) -> None:
        logged = seen = excused = 0.0
        while True:
            slept, used = time.monotonic(), time.process_time()
            if self._ended.wait(self._step):
                return
            now = time.monotonic()
            late = now - slept - self._step
            if self._beat != seen:
                seen, excused = self._beat, 0.0
            # The whole process did not run: the machine is busy. If it has used the time, its interpreter was locked.
            if late > self._step and time.process_time() - used < late / 2:
                excused += late
            # The tick that is due has its own delay.
            if now - seen - self._step - excused > self._limit and seen != logged:
                logged = seen
                self._log()

    def _log(self) -> None:
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001  its documented name
        if frame is not None:
            _LOGGER.warning(
                "The event loop is blocked for more than %.0f ms: %s", self._limit * 1000, stack_line(frame)
            )


def stack_line(frame: FrameType) -> str:
    """Return the innermost calls of a stack in one line, the innermost first: ``shop.py:7 total < shop.py:12 show``."""
    found = traceback.StackSummary.extract(traceback.walk_stack(frame), limit=_DEPTH, lookup_lines=False)
    return " < ".join(f"{one.filename}:{one.lineno} {one.name}" for one in found)
