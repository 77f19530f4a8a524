"""The channels of one process: rings by address, fed by one engine."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from framework import clock
from framework._channels.codec import Codec
from framework._channels.engine import Engine, Place, Stored, within
from framework._channels.memory import new_epoch
from framework._channels.presence.store import PresenceStore
from framework._channels.ring import Ring
from framework._topics import ChannelError, ChannelSettings, Hints, Presence, Topic

__all__ = ("Hub", "Ready")

_LOGGER = logging.getLogger("framework.channels")
_MOST_ROOMS = 1_000
"""Rooms without subscribers whose history is kept in memory."""
_HINT_LIMIT = 100_000
"""Bytes of an event of a presence, whatever those of an application may have."""
_LOOK_EVERY = 64
"""Events between two looks at them."""


class Ready(NamedTuple):
    """An encoded event, and where it goes."""

    place: Place
    data: bytes


class Hub:
    """Publishes and delivers; opened with the app and closed with it."""

    def __init__(self, settings: ChannelSettings, engine: Engine) -> None:
        self._engine = engine
        self._timeout = settings.timeout
        self._max_age = settings.max_age
        self._topics: Mapping[str, Topic[Any]] = {
            one.name: one.hints if isinstance(one, Presence) else one for one in settings.topics
        }
        self._codecs = {
            name: Codec(one, _HINT_LIMIT if isinstance(one, Hints) else settings.size_limit)
            for name, one in self._topics.items()
        }
        self._rings: dict[str, Ring] = {}
        self._epoch = new_epoch()
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._later: asyncio.Queue[Sequence[Ready]] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None
        self.loop = asyncio.get_running_loop()
        engine.start(self)

    @property
    def presence(self) -> PresenceStore:
        """What keeps the connections of all processes."""
        return self._engine.presence

    # Publishing

    def prepare(self, topic: Topic[Any], event: Any) -> Ready:
        """Check and encode an event; raises LookupError, TypeError and ValueError."""
        return Ready(self.place(topic), self._codecs[topic.name].encode(event))

    def place(self, topic: Topic[Any]) -> Place:
        """Return where the events of a topic are; raises LookupError unless the app declares it, and TypeError."""
        if not isinstance(topic, Topic):
            raise TypeError(f"{topic!r} is not a Topic")
        known = self._topics.get(topic.name)
        if known is None or known.kind != topic.kind:
            raise LookupError(f"{topic!r} is not declared: add it to App(channels=[...])")
        return Place(topic.address, known.history, bool(topic.room_name))

    async def send(self, ready: Ready) -> None:
        """Publish an encoded event; raises ChannelError."""
        if self._engine.keeps_alone and not self._is_hint(ready.place):
            self._keep(ready.place)
        async with within(self._timeout):
            await self._engine.publish(*ready)

    def send_later(self, events: Sequence[Ready]) -> None:
        """Publish events in their order, soon; failures are logged."""
        self._later.put_nowait(events)
        if self._sender is None:
            self._sender = self.loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        while True:
            for one in await self._later.get():
                try:
                    await self.send(one)
                except Exception:
                    _LOGGER.exception("An event of %r is lost: its transaction is committed", one.place.address)
            self._later.task_done()

    def _keep(self, place: Place) -> None:
        """Have a ring for an address without subscribers, as the one that was used last."""
        ring = self._rings.pop(place.address, None) or Ring(place.history)
        if not ring.is_begun:
            self._begin(ring)
        self._rings[place.address] = ring
        # PERF: the look at 1 000 rooms takes longer than an event.
        if self._count % _LOOK_EVERY == 0:
            self._drop_rooms()

    def _drop_rooms(self) -> None:
        """Forget rooms without subscribers: those without events for ``max_age``, and the oldest of too many."""
        beyond = len(self._rings) - _MOST_ROOMS
        due = clock.monotonic() - self._max_age
        idle = [name for name, ring in self._rings.items() if "/" in name and not ring.subscribers]
        for name in idle:
            if beyond <= 0 and self._rings[name].used_at > due:
                return
            del self._rings[name]
            beyond -= 1

    # Subscribing

    def join(self, place: Place) -> Ring:
        """Return the ring of an address and count a subscriber; ``open`` has to be awaited before it is read."""
        ring = self._rings.get(place.address)
        if ring is None:
            ring = self._rings[place.address] = Ring(place.history)
        ring.subscribers += 1
        return ring

    async def open(self, place: Place, ring: Ring) -> None:
        """Let the engine deliver the events of an address, unless it does; raises ChannelError."""
        if ring.is_open:
            return
        # The wait for another subscriber that opens it counts as well.
        async with within(self._timeout), ring.lock:
            await self._open(place, ring)

    async def _open(self, place: Place, ring: Ring) -> None:
        # Another subscriber may have done it meanwhile.
        if not ring.is_open:
            await self._engine.listen(place)
            ring.is_open = True

    def leave(self, place: Place, ring: Ring) -> None:
        """Count a subscriber less; after the last one, unsubscribe from the engine."""
        ring.subscribers -= 1
        if ring.subscribers or self.loop.is_closed():
            return
        if not self._engine.keeps_alone:
            self._run(self._forget(place, ring))
        elif self._is_hint(place) or (place.is_room and ring.next == ring.start):
            self._rings.pop(place.address, None)

    def _is_hint(self, place: Place) -> bool:
        """Return whether events of an address are of use to those alone who subscribe already."""
        return isinstance(self._topics[place.address.partition("/")[0]], Hints)

    async def _forget(self, place: Place, ring: Ring) -> None:
        # A subscriber that comes meanwhile has the same ring, and waits for the lock.
        async with ring.lock:
            if ring.subscribers or self._rings.get(place.address) is not ring:
                return
            if ring.is_begun:
                ring.is_begun = ring.is_open = False
                try:
                    await self._engine.leave(place)
                except ChannelError:
                    _LOGGER.debug("The engine is away; it forgets the subscription with the connection")
            if not ring.subscribers:
                del self._rings[place.address]

    def knows_form(self, id_: str) -> bool:
        """Return whether a string may be an id of an event."""
        return self._engine.ids.fullmatch(id_) is not None

    @property
    def open_addresses(self) -> list[str]:
        """The addresses with subscribers."""
        return sorted(name for name, ring in self._rings.items() if ring.subscribers)

    @property
    def addresses(self) -> list[str]:
        """All addresses with events or subscribers in this process; that of the last event is the last in memory."""
        return [*self._rings]

    @property
    def is_idle(self) -> bool:
        """Whether nothing is subscribed to, on the engine either."""
        return not self._rings and not self._tasks

    # What the engine delivers

    def load(self, address: str, before: str | None, events: Sequence[Stored]) -> None:
        """Begin a ring with the events that the engine has kept."""
        ring = self._rings.get(address)
        if ring is None or (ring.is_begun and self._engine.keeps_alone):
            return
        self._begin(ring, before)
        for one in events:
            self.deliver(address, one)

    def _begin(self, ring: Ring, before: str | None = None) -> None:
        # A ring that begins again knows nothing of what was before.
        self._count += 1
        ring.begin(f"{self._epoch}-{self._count}" if before is None else before)

    def deliver(self, address: str, event: Stored) -> None:
        """Add an event to its ring; a gap before it is noted."""
        ring = self._rings.get(address)
        if ring is None or not ring.is_begun or event.id == ring.last:
            return
        if event.previous != ring.last:
            ring.break_off()
        ring.append(self._codec(address).entry(event.id, event.data))

    def deliver_next(self, address: str, data: bytes) -> None:
        """Add an event of an engine without ids to its ring."""
        ring = self._rings.get(address)
        if ring is not None and ring.is_begun:
            self._count += 1
            ring.append(self._codec(address).entry(f"{self._epoch}-{self._count}", data))

    def lose(self, address: str | None = None) -> None:
        """Note a gap in one ring, or in all."""
        for name, ring in self._rings.items():
            if address in (None, name) and ring.is_begun:
                ring.break_off()

    def _codec(self, address: str) -> Codec:
        return self._codecs[address.partition("/")[0]]

    # The end

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Send what is committed, end all subscriptions, and close the engine."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._later.join()
        except TimeoutError:
            _LOGGER.error("%d events of committed transactions are lost", self._later.qsize())  # noqa: TRY400
        for ring in self._rings.values():
            ring.end()
        ending = [*self._tasks, *([self._sender] if self._sender is not None else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._engine.close()
