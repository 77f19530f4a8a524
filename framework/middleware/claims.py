"""Claims: keys that one request holds in a store while it works, in whatever process it is."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from framework.stores import Store, StoreError

__all__ = ("Claim", "Work")

_RENEWALS = 3
"""How often a claim is renewed before it would expire."""


class Work:
    """Tasks that go on when their request has ended; leaving it waits for them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._optional: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], *, is_optional: bool = False) -> asyncio.Task[Any]:
        """Begin a task; an optional one is cancelled when the app stops."""
        task = asyncio.get_running_loop().create_task(work)
        kept = self._optional if is_optional else self._tasks
        kept.add(task)
        task.add_done_callback(kept.discard)
        return task

    async def finish(self, work: Coroutine[Any, Any, Any]) -> None:
        """Wait for work that is completed even if the caller is cancelled."""
        await asyncio.shield(self.start(work))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._optional:
            task.cancel()
        while tasks := [*self._tasks, *self._optional]:
            await asyncio.wait(tasks)


class Claim:
    """A value under a key that has no other value; it is renewed until it is completed or released.

    If the process dies, it expires after ``ttl`` seconds.
    """

    def __init__(self, store: Store, key: str, value: bytes, *, ttl: float, work: Work) -> None:
        self._store = store
        self._key = key
        self._value = value
        self._ttl = ttl
        self._work = work
        self._timer: asyncio.TimerHandle | None = None
        self._held = False

    async def take(self) -> bool:
        """Claim the key; return whether it was free. Raises StoreError."""
        try:
            self._held = await self._store.add(self._key, self._value, ttl=self._ttl)
        except BaseException:
            # The store may have done it, or may still do it.
            self._work.start(self._forget())
            raise
        if self._held:
            self._wait()
        return self._held

    async def complete(self, value: bytes, *, ttl: float) -> bool:
        """Replace the claim by a result; return whether it was still held. Raises StoreError."""
        self.stop()
        return await self._store.replace(self._key, value, ttl=ttl, expected=self._value)

    async def release(self) -> None:
        """Let others claim the key. Raises StoreError."""
        self.stop()
        await self._store.delete(self._key, expected=self._value)

    async def _forget(self) -> None:
        with suppress(StoreError):
            await self.release()

    def stop(self) -> None:
        """Renew it no more."""
        self._held = False
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._ttl / _RENEWALS, lambda: self._work.start(self._renew()))

    async def _renew(self) -> None:
        # After a failure, the next attempt comes before it expires.
        with suppress(StoreError):
            if not await self._store.replace(self._key, self._value, ttl=self._ttl, expected=self._value):
                self._held = False
        if self._held:
            self._wait()
