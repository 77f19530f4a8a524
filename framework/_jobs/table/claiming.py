"""Claims jobs, within the limits of how many with the same concurrency key run at once.

A job that the limit of its key does not allow is marked as blocked, so that later claims need not read it; when a job
with the key ends, one of them is unblocked. Claims and ends of jobs with the same key are serialized by a lock.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from framework._jobs.records import Claimed, Handed
from framework._jobs.table.database import Database
from framework._jobs.table.statements import Statements

__all__ = ("Claimer", "Limits")

_SPACE = 0x6A6F6273
"""The first number of the advisory locks of concurrency keys."""
_ROUNDS = 20
"""Transactions of one claim that find blocked jobs only."""


class Limits:
    """Counts the running jobs of concurrency keys, and lets blocked ones go on."""

    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._statements = statements

    async def lock(self, connection: AsyncConnection | AsyncSession, keys: Iterable[str | None]) -> list[str]:
        """Lock keys until the end of the transaction, and return them without None."""
        found = sorted({key for key in keys if key is not None})
        if found and self._database.postgresql:
            # Signed 32-bit integers; two keys with the same one wait for each other, which is harmless.
            hashes = sorted({zlib.crc32(key.encode("utf-8", "surrogatepass")) - 2**31 for key in found})
            await connection.execute(self._statements.lock_keys, {"space": _SPACE, "hashes": hashes})
        return found

    async def running(self, connection: AsyncConnection, keys: Sequence[str]) -> Counter[str]:
        """Count the running jobs of each key."""
        rows = await connection.execute(self._statements.running, {"keys": json.dumps(keys)})
        return Counter({row.concurrency_key: row.running for row in rows})

    async def unblock(self, connection: AsyncConnection | AsyncSession, keys: Iterable[str | None]) -> None:
        """Let one blocked job go on for each key; one that is given twice, two."""
        for key, count in sorted(Counter(key for key in keys if key is not None).items()):
            await connection.execute(self._statements.unblock, {"key": key, "count": count})

    async def sweep(self) -> None:
        """Let blocked jobs go on that no end of another job will unblock, for example after one was cancelled."""
        async with self._database.read() as connection:
            keys = {key: most for key, most in await connection.execute(self._statements.blocked_keys) if most}
        if not keys:
            return
        async with self._database.write() as connection:
            counts = await self.running(connection, await self.lock(connection, keys))
            for key, most in keys.items():
                if counts[key] < most:
                    await connection.execute(self._statements.unblock, {"key": key, "count": most - counts[key]})


class Claimer:
    """Claims jobs."""

    def __init__(self, database: Database, statements: Statements, limits: Limits) -> None:
        self._database = database
        self._statements = statements
        self._limits = limits

    async def claim(self, owner: str, queues: Sequence[str], limit: int, lease: float) -> list[Claimed]:
        """Claim up to ``limit`` jobs; the lease is in seconds."""
        names = {f"q{number}": name for number, name in enumerate(queues)}
        if not self._database.postgresql and not await self._any_ready(names):
            return []
        found: list[Claimed] = []
        for _ in range(_ROUNDS):
            values = names | {"owner": owner, "limit": limit - len(found), "lease": int(lease * 1000)}
            claimed, blocked = await self._claim(values)
            found += claimed
            if not blocked or len(found) == limit:
                break
        return found

    async def _any_ready(self, names: dict[str, str]) -> bool:
        """Look first, so that no write lock is required for nothing."""
        async with self._database.read() as connection:
            return (await connection.execute(self._statements.any_ready(len(names)), names)).first() is not None

    async def take_over(self, owner: str, handed: Sequence[Handed], lease: float) -> list[Claimed]:
        """Claim jobs that a broker has carried to this worker; one that was handed over again is left alone."""
        # A broker may deliver a message twice.
        handed = tuple(dict.fromkeys(handed))
        rows = json.dumps([{"id": one.id, "attempt": one.attempt, "owner": one.owner} for one in handed])
        values = {"owner": owner, "lease": int(lease * 1000), "rows": rows}
        async with self._database.write() as connection:
            claimed, full = await self._claim_rows(connection, self._statements.handed, values)
            if len(claimed) < len(handed):
                left = {"rows": rows, "keys": json.dumps(sorted(full))}
                await connection.execute(self._statements.leave_handed, left)
        return claimed

    async def _claim(self, values: dict[str, Any]) -> tuple[list[Claimed], bool]:
        """Claim jobs in a transaction; return them, and whether others were blocked."""
        statement = self._statements.candidates(sum(name.startswith("q") for name in values))
        async with self._database.write() as connection:
            claimed, full = await self._claim_rows(connection, statement, values)
            for key in sorted(full):
                await connection.execute(self._statements.block, {"key": key})
        return claimed, bool(full)

    async def _claim_rows(
        self, connection: AsyncConnection, statement: TextClause, values: dict[str, Any]
    ) -> tuple[list[Claimed], set[str]]:
        """Claim the jobs of a statement; return them, and the keys that allow no more."""
        owner = values["owner"]
        rows = (await connection.execute(statement, self._database.values(**values))).all()
        free, full = await self._within_limits(connection, [row for row in rows if row.concurrency_key])
        # On PostgreSQL the statement has claimed all that have no limit.
        done = self._database.postgresql
        ids = [row.id for row in rows if (row.id in free if row.concurrency_key else not done)]
        if ids:
            more = {"owner": owner, "lease": values["lease"], "ids": json.dumps(ids)}
            await connection.execute(self._statements.claim_ids, self._database.values(**more))
        mine = set(ids)
        claimed = [
            _claimed(row, owner, row.attempt + (row.id in mine))
            for row in rows
            if row.id in mine or (done and not row.concurrency_key)
        ]
        return claimed, full

    async def _within_limits(self, connection: AsyncConnection, rows: Sequence[Any]) -> tuple[set[int], set[str]]:
        """Return the ids of the jobs that their limits allow, and the keys that allow no more."""
        if not rows:
            return set(), set()
        keys = await self._limits.lock(connection, (row.concurrency_key for row in rows))
        counts = await self._limits.running(connection, keys)
        free: set[int] = set()
        full: set[str] = set()
        for row in rows:
            if counts[row.concurrency_key] < row.concurrency:
                counts[row.concurrency_key] += 1
                free.add(row.id)
            else:
                full.add(row.concurrency_key)
        return free, full


def _claimed(row: Any, owner: str, attempt: int) -> Claimed:
    return Claimed(
        id=row.id,
        name=row.name,
        queue=row.queue,
        arguments=bytes(row.arguments),
        context=row.context,
        priority=row.priority,
        attempt=attempt,
        max_attempts=row.max_attempts,
        owner=owner,
        concurrency_key=row.concurrency_key,
    )
