"""The deadlines of one event loop: the times at which clients have kept the server waiting for too long."""

import asyncio
from collections import deque
from typing import Protocol
from weakref import WeakKeyDictionary, ref

__all__ = ("Deadlines", "Waiting", "deadlines_of")

_EACH = 0.05
"""Seconds between two checks; a wait may end that much too late."""
_PAUSE = 0.003
"""Seconds between two waits that end, if many are due: ending one costs as much as a few requests."""
_MANY = 1000
"""For each further group of this many due waits, one more ends at a time, so that all end within seconds."""


class Waiting(Protocol):
    """Something that waits for a client."""

    def expire(self) -> None:
        """End the wait."""
        ...


class Deadlines:
    """All waits of one event loop: one timer ends them, with a pause after each, so that requests are not delayed.

    ``waits = deadlines.add(waiting, when)`` begins a wait, ``waits.discard(waiting)`` ends it in time.
    """

    __slots__ = ("__weakref__", "_due", "_next", "_running", "_slots")

    def __init__(self) -> None:
        self._slots: dict[int, set[Waiting]] = {}
        self._due: deque[set[Waiting]] = deque()
        self._next = 0
        self._running = False

    # PERF: a timer for each wait, as asyncio.timeout() makes, was 4 % of an upload.
    def add(self, waiting: Waiting, when: float) -> set[Waiting]:
        """Call ``waiting.expire()`` soon after a time of the loop's clock, unless it is removed from the result."""
        if not self._running:
            self._start()
        number = max(int(when / _EACH) + 1, self._next)
        waits = self._slots.get(number)
        if waits is None:
            waits = self._slots[number] = set()
        waits.add(waiting)
        return waits

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._running = True
        self._next = int(loop.time() / _EACH)
        loop.call_later(_EACH, self._look)

    def _look(self) -> None:
        """End the next waits that are due."""
        loop = asyncio.get_running_loop()
        now = int(loop.time() / _EACH)
        while self._slots and self._next <= now:
            waits = self._slots.pop(self._next, None)
            if waits:
                self._due.append(waits)
            self._next += 1
        for _ in range(1 + sum(map(len, self._due)) // _MANY):
            self._end_next()
        if self._due:
            loop.call_later(_PAUSE, self._look)
        elif self._slots:
            loop.call_later(_EACH, self._look)
        else:
            self._running = False

    def _end_next(self) -> None:
        while self._due:
            waits = self._due[0]
            if waits:
                waits.pop().expire()
                return
            self._due.popleft()


# Weak in both directions: waits refer to their loop, and a loop may be closed before they end.
_known: "WeakKeyDictionary[asyncio.AbstractEventLoop, ref[Deadlines]]" = WeakKeyDictionary()


def deadlines_of(loop: asyncio.AbstractEventLoop) -> Deadlines:
    """Return the deadlines of an event loop."""
    known = _known.get(loop)
    found = None if known is None else known()
    if found is None:
        found = Deadlines()
        _known[loop] = ref(found)
    return found
