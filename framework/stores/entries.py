"""The entries of a store in memory: limited in number and bytes, and dropped when they expire."""

import asyncio
import heapq
import logging
import math
from typing import Any

from framework import clock

__all__ = ("Entries", "Entry")

_LOGGER = logging.getLogger("framework.stores")
_OVERHEAD = 300
"""Approximate number of bytes that an entry takes beside its key and value."""
_SWEEP = 1.0
"""The least number of seconds between two sweeps by the timer."""
_QUIET = 60.0
"""Seconds between two warnings that the store is full."""


class Entry:
    """A value, the time when it expires, the time of its next place in the heap, and its size."""

    __slots__ = ("due", "expires", "key", "size", "value")

    def __init__(self, key: str, value: Any, size: int) -> None:
        self.key = key
        self.value = value
        self.size = size
        self.expires = math.inf
        self.due = math.inf

    def __lt__(self, _: "Entry") -> bool:
        """Let the heap compare two entries that are due at the same time; their order does not matter."""
        return False


class Entries:
    """All entries of a store, shared by its views."""

    def __init__(self, most_entries: int, most_bytes: int) -> None:
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self.known: dict[str, Entry] = {}
        self.size = 0
        self._heap: list[tuple[float, Entry]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sweep_at = 0.0
        self._quiet_until = -math.inf

    def live(self, key: str) -> Entry | None:
        """Return an entry unless it has expired."""
        entry = self.known.get(key)
        if entry is None or entry.expires > clock.monotonic():
            return entry
        self.drop(entry)
        return None

    def put(self, key: str, value: Any, size: int, expires: float) -> Entry:
        """Store an entry, which replaces any other; if there is no room, drop the entries that expire first.

        Raises ValueError if the entry alone is too large.
        """
        size += len(key) + _OVERHEAD
        if size > self._most_bytes:
            raise ValueError(f"the value takes {size} bytes, and the store has room for {self._most_bytes}")
        old = self.known.get(key)
        if old is not None:
            self.drop(old)
        self._make_room(size)
        entry = self.known[key] = Entry(key, value, size)
        self.size += size
        self.schedule(entry, expires)
        return entry

    def grow(self, entry: Entry, size: int) -> None:
        """Update the size of an entry whose value has changed; if there is no room, drop others."""
        grown = size + len(entry.key) + _OVERHEAD - entry.size
        entry.size += grown
        self.size += grown
        if grown > 0:
            self._make_room(0)

    def drop(self, entry: Entry) -> None:
        """Remove an entry."""
        del self.known[entry.key]
        self.size -= entry.size
        # Its place in the heap is removed when it is due, or when the heap has become too long.
        entry.due = entry.expires = math.nan
        if len(self._heap) > 2 * len(self.known) + 64:
            self._heap = [pair for pair in self._heap if pair[1].due == pair[0]]
            heapq.heapify(self._heap)

    def schedule(self, entry: Entry, expires: float) -> None:
        """Let an entry expire at a given time."""
        entry.expires = expires
        # An entry that expires later than its place in the heap is put back when it is due.
        if expires < entry.due:
            entry.due = expires
            heapq.heappush(self._heap, (expires, entry))
            self._start_timer()

    def sweep(self) -> None:
        """Remove all entries that have expired."""
        now = clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, entry = heapq.heappop(self._heap)
            if entry.due == due:
                self._settle(entry, now)

    def _settle(self, entry: Entry, now: float) -> None:
        """Drop an entry that is due, or put it back if its expiry was prolonged; the heap no longer has it."""
        entry.due = math.inf
        if entry.expires <= now:
            self.drop(entry)
        elif entry.expires < math.inf:
            entry.due = entry.expires
            heapq.heappush(self._heap, (entry.due, entry))

    def _make_room(self, size: int) -> None:
        if not self._is_full(size):
            return
        self.sweep()
        if self._is_full(size):
            self._warn()
        while self._is_full(size):
            self.drop(self._next())

    def _is_full(self, size: int) -> bool:
        # With a size, a new entry is about to be stored; without one, an existing entry has grown.
        return len(self.known) + bool(size) > self._most_entries or self.size + size > self._most_bytes

    def _next(self) -> Entry:
        """Return the entry that expires first; the oldest if none expires."""
        while self._heap:
            due, entry = self._heap[0]
            if entry.due == due == entry.expires:
                return entry
            heapq.heappop(self._heap)
            if entry.due == due:
                self._settle(entry, -math.inf)
        return next(iter(self.known.values()))

    def _warn(self) -> None:
        now = clock.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET
            _LOGGER.warning(
                "The MemoryStore is full (%d entries, %d bytes): entries are dropped before they expire",
                len(self.known),
                self.size,
            )

    def _start_timer(self) -> None:
        now = clock.monotonic()
        due = max(now + _SWEEP, self._heap[0][0])
        # An overdue timer belongs to an event loop that has ended; one that is too late was started for other entries.
        if self._timer is not None and now < self._sweep_at + _SWEEP and self._sweep_at <= due:
            return
        self.stop()
        self._sweep_at = due
        self._timer = asyncio.get_running_loop().call_later(due - now, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.sweep()
        if self._heap:
            self._start_timer()

    def stop(self) -> None:
        """Stop the timer; the next entry that expires starts it again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
