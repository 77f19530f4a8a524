"""Wakes workers when there may be work. It is best effort: workers look at the table from time to time in any case."""

import asyncio
import contextlib
import logging
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.table.database import Database, connected, own_engine

__all__ = ("Waker",)

_LOGGER = logging.getLogger("framework.jobs")
_CHANNEL = "framework_jobs"
_PAUSE = 0.02
"""Seconds between two notifications of a process."""
_RETRY = 1.0
"""Seconds until a connection that was lost is opened again."""
_PROBE = 30.0
"""Seconds after which a silent connection is tested."""


class Waker:
    """Wakes workers for new jobs: in this process at once, in others by NOTIFY, on SQLite by what they see in the file.

    ``look`` is how often SQLite's counter of commits is read, in seconds.
    """

    def __init__(self, database: Database, look: float) -> None:
        self._database = database
        self._look = look
        self._waiting: set[asyncio.Future[None]] = set()
        self._pending = False
        self._dirty = False
        self._announcing: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._warned = False

    def announce(self) -> None:
        """Wake the workers of this process and, soon, of others; to be called after the commit."""
        self.wake()
        if self._database.postgresql:
            self._dirty = True
            if self._announcing is None or self._announcing.done():
                self._announcing = asyncio.get_running_loop().create_task(self._announce())

    def wake(self) -> None:
        """Wake the workers of this process, or the next that waits."""
        self._pending = not self._waiting
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Return after the next wake-up, or after so many seconds."""
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen())
        if self._pending:
            self._pending = False
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            self._waiting.discard(future)

    async def close(self) -> None:
        """Send the last notification, and stop listening."""
        if self._announcing is not None:
            await self._announcing
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait((self._listening,))

    async def _announce(self) -> None:
        # In the transaction of the job it would take a lock of the whole server until the commit.
        while self._dirty:
            self._dirty = False
            with contextlib.suppress(Exception):
                async with connected(self._database.app_engine) as connection:
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": _CHANNEL})
            await asyncio.sleep(_PAUSE)

    async def _listen(self) -> None:
        listen = self._notifications if self._database.postgresql else self._commits
        engine = own_engine(self._database.app_engine, self._database.synchronous)
        try:
            while True:
                try:
                    await listen(engine)
                except Exception as error:  # noqa: BLE001  whatever the driver raises
                    if not self._warned:
                        self._warned = True
                        _LOGGER.warning("Jobs are found by polling until the database can be listened to: %r", error)
                await asyncio.sleep(_RETRY)
        finally:
            await engine.dispose()

    async def _notifications(self, engine: AsyncEngine) -> None:
        """Wake workers at each NOTIFY, until the connection is lost."""
        async with connected(engine) as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            try:
                await self._listen_on((await connection.get_raw_connection()).driver_connection)
            finally:
                # It listens or is lost, and is not used for anything else.
                await connection.invalidate()

    async def _listen_on(self, driver: Any) -> None:
        if not hasattr(driver, "add_listener"):
            raise NotImplementedError(f"{type(driver).__module__} cannot listen")
        lost = asyncio.Event()
        driver.add_termination_listener(lambda *_: lost.set())
        await driver.add_listener(_CHANNEL, lambda *_: self.wake())
        self._warned = False
        # What was added before the connection listened.
        self.wake()
        while not lost.is_set():
            try:
                await asyncio.wait_for(lost.wait(), _PROBE)
            except TimeoutError:
                await asyncio.wait_for(driver.execute("SELECT 1"), _PROBE)
        raise ConnectionError("the connection is lost")

    async def _commits(self, engine: AsyncEngine) -> None:
        """Wake workers when another connection has committed something to the file."""
        async with connected(engine) as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            seen: Any = None
            while True:
                async with driver.execute("PRAGMA data_version") as cursor:
                    found = await cursor.fetchone()
                if found != seen:
                    seen = found
                    self.wake()
                await asyncio.sleep(self._look)
