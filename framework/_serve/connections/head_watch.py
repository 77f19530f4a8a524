"""Closes connections whose client does not complete the head of a request in time.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

import asyncio
from typing import Any

from framework._serve.connections.refusals import HeadTimeoutError
from framework._serve.requests.deadlines import deadlines_of

# ruff: noqa: SLF001  see above

__all__ = ("HeadWatch", "ends_head")

_END_OF_HEAD = b"\r\n\r\n"
_NEVER: Any = object()
_LATE = 0.1


class HeadWatch:
    """Checks a connection, at most once in ``seconds``, for a head that was begun and is not complete.

    aiohttp's parser in C does not show whether it is inside a head. So the watch records data that completed no
    request while no handler was running. For a head that began in the same segment as the request before, it ends the
    parser as at the end of the connection and reads its result, after which the parser cannot be used.
    """

    __slots__ = ("_begun", "_connection", "_count", "_due", "_loop", "_seconds", "timer")

    def __init__(self, connection: Any, loop: asyncio.AbstractEventLoop, seconds: float | None) -> None:
        self._connection = connection
        self._loop = loop
        self._seconds = seconds or 0.0
        self._count = -1
        self._begun = self._due = loop.time()
        self.timer: asyncio.TimerHandle | None = _NEVER if seconds is None else None
        """The time of the next check; ``None`` if the next request must start it again."""

    def start(self) -> None:
        """Schedule the next check of the connection, unless there is no limit."""
        if self.timer is None:
            self._look_after(self._seconds)

    def end(self) -> None:
        """Stop checking."""
        if self.timer is not None and self.timer is not _NEVER:
            self.timer.cancel()
        self.timer = _NEVER

    @property
    def has_begun(self) -> bool:
        """Whether a part of a head has arrived since the last request."""
        count: int = self._connection._request_count
        return self._count == count

    def begin(self) -> None:
        """Record when the first part of a head arrived."""
        if not self.has_begun:
            self._count, self._begun = self._connection._request_count, self._loop.time()
            self.start()

    def _look_after(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        self.timer = self._loop.call_at(self._due, self._look_on_time)

    def _look_on_time(self) -> None:
        if self._loop.time() > self._due + _LATE:
            # If the loop was blocked, data that has arrived may not have been read yet.
            self.timer = self._loop.call_later(_LATE, self._look)
        else:
            self._look()

    def _look(self) -> None:
        self.timer = None
        connection = self._connection
        is_idle = connection._request_count and connection.is_between_requests()
        if self._is_late() and not is_idle:
            # Many connections that were opened together are late together, and are closed one after the other.
            deadlines_of(self._loop).add(self, self._loop.time())

    def _is_late(self) -> bool:
        """Return whether the time has passed; if the connection still has some, schedule the next check."""
        if not self._connection.is_waiting():
            return False
        left = self._since() + self._seconds - self._loop.time()
        if left > 0:
            self._look_after(left)
        return left <= 0

    def expire(self) -> None:
        """Close the connection, unless a request has arrived since the last check."""
        connection = self._connection
        if self.timer is not None or not self._is_late():
            return
        if self.has_begun or (not connection.is_between_requests() and _is_in_head(connection._parser)):
            connection.give_up_waiting(HeadTimeoutError(code=408, message="The head was not completed in time"))
        elif not connection._request_count:
            connection.force_close()

    def _since(self) -> float:
        connection = self._connection
        if self.has_begun or not connection._request_count:
            return self._begun
        idle_since: float = connection._next_keepalive_close_time - connection._keepalive_timeout
        return idle_since


def _is_in_head(parser: Any) -> bool:
    lines = getattr(parser, "_lines", None)
    if lines is not None:
        # The parser in Python shows it.
        return bool(lines or parser._tail)
    try:
        return parser.feed_eof() is not None
    except Exception:  # noqa: BLE001  any error means that there is a head
        return True


def ends_head(data: bytes) -> bool:
    """Return whether data that completed a request without a body contains nothing of the next request."""
    return data[-len(_END_OF_HEAD) :] == _END_OF_HEAD
