"""Connections in PostgreSQL: a row for each, with the time at which it ends, by the clock of the server."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from framework._channels.statements import PRESENCE_ADD, PRESENCE_CREATE, PRESENCE_PRUNE, PRESENCE_READ, PRESENCE_REMOVE
from framework._topics import ChannelError

__all__ = ("PostgreSQLPresence",)

_PRUNE_EVERY = 64
"""Additions and renewals of this process after which rows that have ended are deleted, of all addresses."""


class PostgreSQLPresence:
    """Uses the connection of the engine that publishes, which ``run`` gives to a function."""

    def __init__(
        self, run: Callable[[Callable[[Any], Awaitable[Any]]], Awaitable[Any]], prefix: str, lifetime: float
    ) -> None:
        self._run = run
        self._prefix = prefix
        self._lifetime = lifetime
        self._added = 0
        self._is_prepared = False

    async def put(self, address: str, entries: Mapping[str, bytes]) -> None:
        """Add connections, or renew them."""

        async def add(connection: Any) -> None:
            await self._prepare(connection)
            # Sorted: two commands that change the same rows wait for each other in one order.
            ids, values = zip(*sorted(entries.items()), strict=True)
            await connection.execute(PRESENCE_ADD, self._prefix + address, ids, values, self._lifetime)
            self._added += 1
            if self._added % _PRUNE_EVERY == 0:
                await connection.execute(PRESENCE_PRUNE)

        await self._do(add)

    async def remove(self, address: str, ids: Collection[str]) -> None:
        """Remove connections."""

        async def remove(connection: Any) -> None:
            await self._prepare(connection)
            await connection.execute(PRESENCE_REMOVE, self._prefix + address, [*ids])

        await self._do(remove)

    async def read(self, address: str) -> Mapping[str, bytes]:
        """Return the connections whose time has not ended."""

        async def read(connection: Any) -> Mapping[str, bytes]:
            await self._prepare(connection)
            return dict(await connection.fetch(PRESENCE_READ, self._prefix + address))

        found: Mapping[str, bytes] = await self._do(read)
        return found

    async def _do(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            return await self._run(work)
        except ChannelError:
            # The table may have been deleted.
            self._is_prepared = False
            raise

    async def _prepare(self, connection: Any) -> None:
        if not self._is_prepared:
            await connection.execute(PRESENCE_CREATE)
            self._is_prepared = True
