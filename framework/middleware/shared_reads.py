"""Reads of a store that many requests share."""

import asyncio
from collections.abc import Awaitable, Callable

from framework.stores import MemoryStore, Store

__all__ = ("reader_of",)

Read = Callable[[str], Awaitable[bytes | None]]


def reader_of(store: Store) -> Read:
    """Return ``get`` of a store; callers that read the same key at the same time share one call."""
    # A store in memory responds at once.
    return store.get if isinstance(store, MemoryStore) else _SharedReads(store.get).get


class _SharedReads:
    """Shares reads that begin after each of their callers has called, so that no value is outdated."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._running: dict[str, asyncio.Task[bytes | None]] = {}
        self._next: dict[str, asyncio.Task[bytes | None]] = {}

    async def get(self, key: str) -> bytes | None:
        """Return a value, ``None`` if there is none. Raises what the store raises."""
        task = self._next.get(key)
        if task is None:
            running = self._running.get(key)
            task = asyncio.get_running_loop().create_task(self._after(key, running))
            task.add_done_callback(_look)
            if running is None:
                self._running[key] = task
            else:
                self._next[key] = task
        return await asyncio.shield(task)

    async def _after(self, key: str, running: "asyncio.Task[bytes | None] | None") -> bytes | None:
        if running is not None:
            await asyncio.wait((running,))
            self._running[key] = self._next.pop(key)
        try:
            return await self._read(key)
        finally:
            del self._running[key]


def _look(task: "asyncio.Task[bytes | None]") -> None:
    """Note that the exception of a task was seen, also if all of its callers have left."""
    if not task.cancelled():
        task.exception()
