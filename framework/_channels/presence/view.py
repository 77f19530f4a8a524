"""Who is present at an address, as this process knows it: read from the store after each hint, and at each beat."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Raw
from msgspec.json import Decoder, Encoder

from framework._channels.codec import Codec
from framework._channels.feed import Feed, Lost
from framework._channels.hub import Hub
from framework._topics import ChannelError, Presence, PresenceChange

__all__ = ("BEATS", "View", "change_between", "decoded", "encoded", "people_of")

_LOGGER = logging.getLogger("framework.channels")
BEATS = 3
"""Reads of the store within the lifetime of a connection, less than renewals: what is renewed is in time for each."""
_PAUSE = 1.0
"""Seconds after which a read that has failed is repeated."""
_ENCODER = Encoder()
_DECODER = Decoder(tuple[str, Raw])

_People = Mapping[str, list[Any]]


class Entry(NamedTuple):
    """A connection."""

    key: str
    value: Any
    data: bytes


Entries = dict[str, Entry]


def encoded(key: str, value: bytes) -> bytes:
    """Return a connection as it is stored: its key, and its encoded value."""
    return _ENCODER.encode((key, Raw(value)))


def decoded(found: Mapping[str, bytes], codec: Codec, known: Mapping[str, Entry]) -> Entries:
    """Return connections by their ids. What is known is not decoded again; what cannot be decoded is skipped."""
    entries: Entries = {}
    for id_, data in found.items():
        before = known.get(id_)
        if before is not None and before.data == data:
            entries[id_] = before
            continue
        try:
            key, value = _DECODER.decode(data)
        except (ValueError, RecursionError):
            continue  # Of another program.
        event = codec.entry(id_, bytes(value))
        if event.kept:
            entries[id_] = Entry(key, event.event, data)
    return entries


def people_of(entries: Entries) -> dict[str, list[Any]]:
    """Return the values of all connections by their keys."""
    people: dict[str, list[Any]] = {}
    for one in entries.values():
        people.setdefault(one.key, []).append(one.value)
    return people


def change_between(before: _People, after: _People) -> PresenceChange[Any]:
    """Return what has changed."""
    return PresenceChange(
        present={key: values for key, values in after.items() if before.get(key) != values},
        left=[key for key in before if key not in after],
    )


class View:
    """The connections at one address, for all watchers of this process.

    What is read from the store is the truth, and a hint is a reason to read it: one that is lost delays a change until
    the next beat. A connection that vanishes without a hint is kept for one more beat: if the engine has lost its data,
    each process stores its connections again within that time.
    """

    def __init__(
        self, hub: Hub, presence: Presence[Any], codec: Codec, beat: float, renew: Callable[[str], None]
    ) -> None:
        self._hub = hub
        self._presence = presence
        self.address = hub.place(presence.hints).address
        self._store = hub.presence
        self._codec = codec
        self._settle = presence.settle
        self._beat = beat
        self._renew = renew
        self._loop = hub.loop
        self._opening = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._entries: Entries = {}
        self._left: set[str] = set()
        """The ids of hints since the store was read."""
        self._missing: dict[str, float] = {}
        """Until when connections are kept that have vanished without a hint."""
        self.watchers = 0
        self.version = 0
        self.people: _People = {}
        self.change: PresenceChange[Any] = PresenceChange({}, [])
        """What has changed from the version before."""
        self._waiting: set[asyncio.Future[None]] = set()
        self.is_ended = False

    async def open(self) -> None:
        """Subscribe to hints, and read the store, unless that is done; raises ChannelError."""
        async with self._opening:
            if self._task is None:
                # Hints are received before the store is read, so none is missed.
                feed = Feed(self._hub, self._presence.hints, None)
                try:
                    await feed.open()
                    self._entries = decoded(await self._store.read(self.address), self._codec, {})
                except BaseException:
                    feed.close()
                    raise
                self.people = people_of(self._entries)
                self._task = self._loop.create_task(self._run(feed))

    async def _run(self, feed: Feed) -> None:
        due = self._loop.time() + self._beat
        try:
            while True:
                hint = await self._hint(feed, due)
                if hint is None:
                    due = self._loop.time() + await self._refresh()
                    continue
                if not isinstance(hint, Lost):
                    self._left.update(hint.event)
                elif hint.missed is None:
                    self._renew(self.address)
                due = min(due, self._loop.time() + self._settle)
        except StopAsyncIteration:
            pass
        except Exception:
            _LOGGER.exception("Who is present at %r is not reported any more", self.address)
        finally:
            feed.close()
            self.is_ended = True
            self._wake()

    async def _hint(self, feed: Feed, due: float) -> Any:
        """Return the next hint, or ``None`` at a time."""
        if self._loop.time() >= due:
            return None
        try:
            async with asyncio.timeout_at(due):
                return await feed.read()
        except TimeoutError:
            return None

    async def _refresh(self) -> float:
        """Read the store, and note what has changed; return the seconds until the next time."""
        try:
            async with asyncio.timeout(self._beat):
                found = await self._store.read(self.address)
        except (ChannelError, TimeoutError) as error:
            _LOGGER.debug("Who is present at %r is not known now: %s", self.address, error)
            return min(_PAUSE, self._beat)
        self._entries = self._merged(decoded(found, self._codec, self._entries))
        people = people_of(self._entries)
        change = change_between(self.people, people)
        if change.present or change.left:
            self.version += 1
            self.people, self.change = people, change
            self._wake()
        return min([self._beat, *(until - self._loop.time() for until in self._missing.values())])

    def _merged(self, entries: Entries) -> Entries:
        """Return the connections that are in the store, or have vanished without a hint a short time ago."""
        now = self._loop.time()
        left, self._left = self._left, set()
        missing = {
            id_: self._missing.get(id_, now + self._beat)
            for id_ in self._entries
            if id_ not in entries and id_ not in left
        }
        self._missing = {id_: until for id_, until in missing.items() if until > now}
        entries.update({id_: self._entries[id_] for id_ in self._missing})
        return {id_: entries[id_] for id_ in sorted(entries)}

    def next_change(self) -> asyncio.Future[None]:
        """Return what is done at the next change, or at the end."""
        future = self._loop.create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def _wake(self) -> None:
        """Wake all watchers."""
        for one in self._waiting:
            if not one.done():
                one.set_result(None)

    async def close(self) -> None:
        """End the subscription, also of a task that has not begun."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.is_ended = True
        self._wake()
