"""The connections of this process: they are added to the store, renewed, and removed."""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping

from framework._channels.engine import within
from framework._channels.hub import Hub
from framework._channels.memory import new_epoch
from framework._topics import ChannelError, ChannelSettings, Topic

__all__ = ("Tracker",)

_LOGGER = logging.getLogger("framework.channels")
_RENEWALS = 4
"""Renewals within the lifetime of a connection."""
_AT_ONCE = 1_000
"""Ids in one hint."""
_LANES = 8
"""Addresses that are renewed at the same time, so that events and other changes need not wait for all of them."""
_PAUSE = 1.0
"""Seconds after which a renewal that has failed is repeated."""


class _Address:
    """The connections of this process at one address, and what the store does not know yet."""

    def __init__(self, hints: Topic[list[str]]) -> None:
        self.hints = hints
        self.entries: dict[str, bytes] = {}
        self.to_put: set[str] = set()
        self.to_remove: dict[str, float] = {}
        """Until when each of them has to be removed: it then ends by itself."""
        self.waiting: list[asyncio.Future[None]] = []
        """Those that wait until what is in the sets is stored."""
        self.is_sent = True
        """Whether nothing but renewals has been done since the last hint."""
        self.task: asyncio.Task[None] | None = None


class Tracker:
    """Stores what changes at an address in one task, in order, and as many changes at once as wait."""

    def __init__(self, hub: Hub, settings: ChannelSettings) -> None:
        self._hub = hub
        self._store = hub.presence
        self._timeout = settings.timeout
        self._lifetime = settings.presence_lifetime
        self._epoch = new_epoch()
        self._count = 0
        self._addresses: dict[str, _Address] = {}
        self._beating: asyncio.Task[None] | None = None
        self._is_closed = False

    async def enter(self, hints: Topic[list[str]], data: bytes) -> str:
        """Add a connection, and return its id when it is stored; raises LookupError and ChannelError."""
        address = self._hub.place(hints).address
        if self._is_closed:
            raise ChannelError("The channels are closed")
        own = self._addresses.get(address)
        if own is None:
            own = self._addresses[address] = _Address(hints)
        self._count += 1
        # They are sorted: a key has its values in the order in which a process has added them.
        id_ = f"{self._epoch}-{self._count:09}"
        try:
            await self._put(address, own, id_, data)
        except BaseException:
            # It may have been stored.
            self.leave(address, id_)
            raise
        return id_

    async def update(self, address: str, id_: str, data: bytes) -> None:
        """Change the value of a connection; raises ChannelError. A later renewal stores it in any case."""
        own = self._addresses.get(address)
        if own is not None and id_ in own.entries:
            await self._put(address, own, id_, data)

    async def _put(self, address: str, own: _Address, id_: str, data: bytes) -> None:
        if self._beating is None:
            self._beating = self._hub.loop.create_task(self._beat_on())
        own.entries[id_] = data
        own.to_put.add(id_)
        own.is_sent = False
        stored = self._hub.loop.create_future()
        own.waiting.append(stored)
        self._start(address, own)
        # The wait for what is stored before it counts as well.
        async with within(self._timeout):
            await stored

    def leave(self, address: str, id_: str) -> None:
        """Remove a connection, soon; without effect for one that is removed."""
        own = self._addresses.get(address)
        if own is not None and own.entries.pop(id_, None) is not None and not self._hub.loop.is_closed():
            own.to_put.discard(id_)
            own.to_remove[id_] = self._hub.loop.time() + self._lifetime
            own.is_sent = False
            self._start(address, own)

    def renew(self, address: str, *, is_overdue: bool = False) -> None:
        """Store all connections of an address again, soon: the engine may have lost them."""
        own = self._addresses.get(address)
        if own is not None:
            own.to_put.update(own.entries)
            own.is_sent = own.is_sent and not is_overdue
            self._start(address, own)

    async def _beat_on(self) -> None:
        """Renew all connections, again and again, with a hint if they were not present meanwhile."""
        beat, now = self._lifetime / _RENEWALS, self._hub.loop.time
        due = now() + beat
        while True:
            await asyncio.sleep(due - now())
            is_overdue = now() > due - beat + self._lifetime
            due = max(due + beat, now())
            addresses = [*self._addresses]
            for start in range(0, len(addresses), _LANES):
                await self._renew_some(addresses[start : start + _LANES], is_overdue=is_overdue)

    async def _renew_some(self, addresses: list[str], *, is_overdue: bool) -> None:
        for one in addresses:
            self.renew(one, is_overdue=is_overdue)
        found = [self._addresses.get(one) for one in addresses]
        tasks = [one.task for one in found if one is not None and one.task is not None]
        if tasks:
            # One that fails tries again by itself.
            await asyncio.wait(tasks, timeout=self._timeout)

    def _start(self, address: str, own: _Address) -> None:
        if own.task is None and not self._is_closed:
            own.task = self._hub.loop.create_task(self._store_all(address, own))

    async def _store_all(self, address: str, own: _Address) -> None:
        is_warned = False
        while own.to_put or own.to_remove:
            try:
                await self._store_some(address, own)
            except Exception as error:  # noqa: BLE001  without this task, nothing would be stored any more
                await asyncio.sleep(_PAUSE)
                if own.entries and not is_warned:
                    is_warned = True
                    _LOGGER.warning("Who is present at %r cannot be stored, and it is tried again: %s", address, error)
                own.to_put.update(own.entries)
        own.task = None
        if not own.entries:
            del self._addresses[address]

    async def _store_some(self, address: str, own: _Address) -> None:
        """Store what has changed until now, or raise."""
        put, own.to_put = {one: own.entries[one] for one in own.to_put}, set()
        remove, own.to_remove = own.to_remove, {}
        waiting, own.waiting = own.waiting, []
        is_sent, own.is_sent = own.is_sent, True
        try:
            await self._change(address, put, remove)
        except BaseException as error:
            own.is_sent = own.is_sent and is_sent
            now = self._hub.loop.time()
            own.to_remove.update({id_: until for id_, until in remove.items() if until > now})
            _fail(waiting, error)
            raise
        for one in waiting:
            if not one.done():
                one.set_result(None)
        if not is_sent:
            await self._report(own, sorted(remove))

    async def _change(self, address: str, put: Mapping[str, bytes], remove: Collection[str]) -> None:
        if put:
            async with within(self._timeout):
                await self._store.put(address, put)
        if remove:
            async with within(self._timeout):
                await self._store.remove(address, remove)

    async def _report(self, own: _Address, left: list[str]) -> None:
        """Let others read the store; without a hint, they do so at their next beat."""
        with contextlib.suppress(ChannelError):
            for start in range(0, max(len(left), 1), _AT_ONCE):
                await self._hub.send(self._hub.prepare(own.hints, left[start : start + _AT_ONCE]))

    async def close(self) -> None:
        """Remove all connections of this process, unless the engine is away."""
        for address, own in [*self._addresses.items()]:
            for id_ in [*own.entries]:
                self.leave(address, id_)
        self._is_closed = True
        storing = [own.task for own in self._addresses.values() if own.task is not None]
        if storing:
            await asyncio.wait(storing, timeout=self._timeout)
        ending = [*storing, *([self._beating] if self._beating is not None else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for own in self._addresses.values():
            _fail(own.waiting, ChannelError("The channels are closed"))


def _fail(waiting: list[asyncio.Future[None]], error: BaseException) -> None:
    for one in waiting:
        if not one.done():
            one.set_exception(ChannelError(str(error) or "The channels are closed"))
