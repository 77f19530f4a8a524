"""Hands ready jobs to a broker, which carries messages about them to workers.

A job that was handed over is still ready: it has not begun, and its attempt is not counted before a worker claims it.
"""

from collections.abc import Mapping

from framework._jobs.records import Handed
from framework._jobs.table.database import Database
from framework._jobs.table.statements import Statements

__all__ = ("Handing",)

_ALL = 2**62
"""A time after all others, in milliseconds."""


class Handing:
    """Marks jobs as handed over, and as waiting again; any number of workers may do so at the same time."""

    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._statements = statements

    async def hand_over(self, owner: str, queue: str, window: int, resend: float) -> list[Handed]:
        """Hand over the first ready jobs of a queue, so that the broker carries about ``window`` of them.

        After ``resend`` seconds they may be handed over again.
        """
        room = await self._room(queue, window)
        if room <= 0:
            return []
        values = {"owner": owner, "queue": queue, "limit": room, "lease": int(resend * 1000)}
        async with self._database.write() as connection:
            rows = (await connection.execute(self._statements.hand_over, self._database.values(**values))).all()
        rows = sorted(rows, key=lambda row: (row.priority, row.run_at, row.id))
        return [Handed(row.id, row.attempt, queue, owner, row.lease_until) for row in rows]

    async def _room(self, queue: str, window: int) -> int:
        """Return how many jobs may be handed over; 0 if none is ready, so that nothing is locked."""
        async with self._database.read() as connection:
            if (await connection.execute(self._statements.any_ready(1), {"q0": queue})).first() is None:
                return 0
            found = await connection.execute(self._statements.count_handed, {"q0": queue, "window": window})
            return window - int(found.scalar_one())

    async def take_back(self, owner: str) -> None:
        """Let the jobs of a batch wait again: the broker did not take them."""
        async with self._database.write() as connection:
            await connection.execute(self._statements.take_back, {"owner": owner})

    async def recall(self, delivered: Mapping[str, int | None]) -> int:
        """Let jobs wait again that the broker has lost; return how many.

        ``delivered`` has for each queue the ``until`` of the latest message that has come, ``None`` if the broker has
        no more: what was handed over before that, and is not claimed when its time is over, does not come any more.
        """
        queues = delivered.items()
        return sum([await self._recall(queue, _ALL if until is None else until) for queue, until in queues])

    async def recall_all(self) -> None:
        """Let all jobs wait again whose time is over, whatever the broker has."""
        async with self._database.read() as connection:
            queues = (await connection.execute(self._statements.queues_handed)).scalars().all()
        for queue in queues:
            await self._recall(queue, _ALL)

    async def _recall(self, queue: str, before: int) -> int:
        values = self._database.values(queue=queue, before=before)
        async with self._database.read() as connection:
            if (await connection.execute(self._statements.any_expired_handed, values)).first() is None:
                return 0
        async with self._database.write() as connection:
            return len((await connection.execute(self._statements.recall, values)).all())
