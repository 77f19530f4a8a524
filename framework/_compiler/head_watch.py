"""Closes connections whose client does not complete the head of a request in time.

The private names are read only where :mod:`framework._private` knows them.
"""

import asyncio
from typing import Any

from framework._compiler.refusals import HeadTimeoutError

# ruff: noqa: SLF001  see above

__all__ = ("HeadWatch", "ends_head")

_END_OF_HEAD = b"\r\n\r\n"
_NEVER: Any = object()
_LATE = 0.1


class HeadWatch:
    """Looks at a connection, at most once in ``seconds``, for a head that was begun and is not complete.

    aiohttp's parser in C does not show whether it is inside a head. So the watch remembers data that completed no
    request while none was being answered. For a head that began in the same segment as the request before, it asks the
    parser for what it would make of the end of the connection, after which the parser is of no use.
    """

    __slots__ = ("_begun", "_connection", "_count", "_due", "_loop", "_seconds", "timer")

    def __init__(self, connection: Any, loop: asyncio.AbstractEventLoop, seconds: float | None) -> None:
        self._connection = connection
        self._loop = loop
        self._seconds = seconds or 0.0
        self._count = -1
        self._begun = self._due = loop.time()
        self.timer: asyncio.TimerHandle | None = _NEVER if seconds is None else None
        """When it looks next; ``None`` if the next request must start it again."""

    def start(self) -> None:
        """Schedule the next look at the connection, unless there is no limit."""
        if self.timer is None:
            self._look_after(self._seconds)

    def end(self) -> None:
        """Look no more."""
        if self.timer is not None and self.timer is not _NEVER:
            self.timer.cancel()
        self.timer = _NEVER

    @property
    def has_begun(self) -> bool:
        """Whether a part of a head has come since the last request."""
        count: int = self._connection._request_count
        return self._count == count

    def begin(self) -> None:
        """Remember when the first part of a head came."""
        if not self.has_begun:
            self._count, self._begun = self._connection._request_count, self._loop.time()
            self.start()

    def _look_after(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        self.timer = self._loop.call_at(self._due, self._look_on_time)

    def _look_on_time(self) -> None:
        if self._loop.time() > self._due + _LATE:
            # Something has blocked the loop, and what has come meanwhile may not be read yet.
            self.timer = self._loop.call_later(_LATE, self._look)
        else:
            self._look()

    def _look(self) -> None:
        self.timer = None
        connection = self._connection
        if not connection.is_waiting():
            return
        left = self._since() + self._seconds - self._loop.time()
        if left > 0:
            self._look_after(left)
        elif self.has_begun or (not connection.is_between_requests() and _is_in_head(connection._parser)):
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
    except Exception:  # noqa: BLE001  whatever is wrong with the head, there is one
        return True


def ends_head(data: bytes) -> bool:
    """Return whether data that completed a request without a body holds nothing of the next request."""
    return data[-len(_END_OF_HEAD) :] == _END_OF_HEAD
