"""When the credentials of a request expire: what verifies them reports it, and long responses end."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from math import inf

from framework import clock

__all__ = ("EXPIRY", "Expiry", "valid_until")

_LONGEST = 60.0
"""Seconds between two comparisons with the clock, which may be set in between."""


class Expiry:
    """The end of the credentials of one request whose response is long: the earliest of those that are reported."""

    __slots__ = ("_at", "_end", "_loop", "_timer")

    def __init__(self) -> None:
        self._at = inf
        self._end: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def until(self, at: float) -> None:
        """Record credentials that are valid until then, in seconds since the epoch; threads may call it too."""
        if at < self._at:
            self._at = at
            loop = self._loop
            if loop is not None:
                loop.call_soon_threadsafe(self._compare)

    def watch(self, end: Callable[[], None]) -> None:
        """Call ``end`` once, when the credentials have expired."""
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._compare()

    def release(self) -> None:
        """Stop watching."""
        self._end = self._loop = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _compare(self) -> None:
        end, loop = self._end, self._loop
        if end is None or loop is None or self._at == inf:
            return
        if self._timer is not None:
            self._timer.cancel()
        left = self._at - clock.time()
        if left > 0:
            self._timer = loop.call_later(min(left, _LONGEST), self._compare)
            return
        self.release()
        end()


EXPIRY: ContextVar[Expiry | None] = ContextVar("framework_expiry", default=None)
"""The end of the credentials of the current request; ``None`` if its response is short."""


def valid_until(moment: datetime | float) -> None:
    """Report when the credentials of the current request expire: its event stream or web socket ends then.

    Call it in what verifies them: a verifier, a guard, a provider, or the handler of a web socket. ``moment`` is a
    datetime with a time zone, or seconds since the epoch. The earliest moment applies. It has no effect on other
    responses. Raises ValueError for a datetime without a time zone.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"valid_until({moment!r}) has no time zone")
        moment = moment.timestamp()
    expiry = EXPIRY.get()
    if expiry is not None:
        expiry.until(moment)
