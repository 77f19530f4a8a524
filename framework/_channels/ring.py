"""The latest events of one address in this process. Subscribers are positions in it."""

import asyncio
from typing import Any, NamedTuple

from framework import clock

__all__ = ("HOLE", "Entry", "Ring")

HOLE: Any = object()
"""In the place of an event: events before the next one are lost."""


class Entry(NamedTuple):
    """An event and its id; ``kept`` is false for an event that cannot be decoded and is skipped."""

    id: str
    event: Any
    kept: bool = True


class Ring:
    """At most ``size`` entries; positions count all entries that there ever were."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: dict[int, Entry] = {}
        self._positions: dict[str, int] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self.start = self.next = 0
        """The positions of the oldest entry and after the newest."""
        self.before = self.last = ""
        """The ids of the event before the oldest entry, and of the newest event."""
        self.subscribers = 0
        self.lock = asyncio.Lock()
        """Held while the address is opened and closed on the engine."""
        self.is_begun = False
        """Whether events can be added."""
        self.is_open = False
        """Whether the engine delivers all events from now on."""
        self.ended = False
        self.used_at = clock.monotonic()
        """When the last event was added."""

    def __getitem__(self, position: int) -> Entry:
        return self._entries[position]

    def begin(self, before: str) -> None:
        """Forget all entries; ``before`` is the id of the event before the next one."""
        self._entries.clear()
        self._positions.clear()
        self.start = self.next
        self.before = self.last = before
        self.is_begun = True

    def append(self, entry: Entry) -> None:
        """Add an event, and drop the oldest if the ring is full."""
        self._positions[entry.id] = self.next
        self._put(entry)
        self.last = entry.id
        self.used_at = clock.monotonic()

    def break_off(self) -> None:
        """Note that events are lost between the last one and the next."""
        if self.next == self.start or self._entries[self.next - 1].event is not HOLE:
            self._put(Entry(self.last, HOLE))

    def _put(self, entry: Entry) -> None:
        self._entries[self.next] = entry
        self.next += 1
        if self.next - self.start > self._size:
            oldest = self._entries.pop(self.start)
            self.start += 1
            if oldest.event is not HOLE:
                self._positions.pop(oldest.id, None)
                self.before = oldest.id
        self.wake()

    def after(self, id_: str) -> int | None:
        """Return the position after an event, ``None`` if it is unknown."""
        position = self._positions.get(id_)
        if position is not None:
            return position + 1
        return self.start if id_ == self.before else None

    def end(self) -> None:
        """Let all subscriptions end."""
        self.ended = True
        self.wake()

    def wake(self) -> None:
        """Wake all waiting subscribers."""
        waiting, self._waiting = self._waiting, set()
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def wait(self) -> None:
        """Wait for the next entry."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)
