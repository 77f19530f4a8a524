"""Connections that are being opened when the task that requires them is cancelled, as workers are when they stop."""

import asyncio

import aiosqlite
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from framework._jobs.table import database
from framework._jobs.table.database import connected


class Slow:
    """A database whose connections open when the test allows it."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.opened: list[aiosqlite.Connection] = []
        self.engine: AsyncEngine = create_async_engine(
            "sqlite+aiosqlite://", async_creator=self._open, poolclass=AsyncAdaptedQueuePool
        )

    async def _open(self) -> aiosqlite.Connection:
        self.begun.set()
        await self.go.wait()
        connection = await aiosqlite.connect(":memory:")
        self.opened.append(connection)
        return connection

    async def cancelled(self) -> "asyncio.Task[None]":
        """Return a task that is cancelled while its connection is being opened."""

        async def use() -> None:
            async with connected(self.engine):
                raise AssertionError("the task was cancelled before")

        task = asyncio.create_task(use())
        await self.begun.wait()
        task.cancel()
        return task


async def test_a_connection_is_opened_and_given_back() -> None:
    """The pool knows it, and can close it."""
    slow = Slow()
    task = await slow.cancelled()
    slow.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(slow.opened) == 1
    assert slow.engine.pool.checkedin() == 1  # type: ignore[attr-defined]  # of this kind of pool
    await slow.engine.dispose()


async def test_a_server_that_does_not_respond(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task ends after some seconds, and nothing goes on."""
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    slow = Slow()
    task = await slow.cancelled()
    with pytest.raises(asyncio.CancelledError):
        await task

    await asyncio.sleep(0)
    assert slow.opened == []
    assert slow.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # as above
    assert asyncio.all_tasks() == {asyncio.current_task()}
