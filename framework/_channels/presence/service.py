"""What channels use of presence."""

import asyncio
from collections.abc import Awaitable, Mapping
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from framework._channels.codec import Codec
from framework._channels.engine import within
from framework._channels.hub import Hub
from framework._channels.presence.tracker import Tracker
from framework._channels.presence.view import BEATS, View, change_between, decoded, encoded, people_of
from framework._topics import ChannelSettings, Presence, PresenceChange

__all__ = ("PresenceChanges", "Presences", "Tracked")

_T = TypeVar("_T")
_LONGEST_KEY = 200


class Presences:
    """The connections of this process, and its views of those of all processes."""

    def __init__(self, hub: Hub, settings: ChannelSettings) -> None:
        self._hub = hub
        self._timeout = settings.timeout
        self._beat = settings.presence_lifetime / BEATS
        self._codecs = {
            one.name: Codec(one, settings.size_limit) for one in settings.topics if isinstance(one, Presence)
        }
        self._tracker = Tracker(hub, settings)
        self._views: dict[str, View] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def address(self, presence: Presence[Any]) -> str:
        """Return the address of a presence; raises LookupError unless the app declares it, and TypeError."""
        if not isinstance(presence, Presence):
            raise TypeError(f"{presence!r} is not a Presence")
        return self._hub.place(presence.hints).address

    def track(self, presence: Presence[_T], key: str, value: _T) -> "Tracked[_T]":
        """Return a connection for ``async with``; raises LookupError, TypeError and ValueError."""
        address = self.address(presence)
        if not isinstance(key, str):
            raise TypeError(f"The key is {key!r}, not a str: write str({key!r})")
        if not 0 < len(key) <= _LONGEST_KEY or not _is_text(key):
            raise ValueError(f"{key!r} is not a key: 1 to {_LONGEST_KEY} characters, without surrogates")
        return Tracked(self._tracker, self._codecs[presence.name], presence, address, key, value)

    async def present(self, presence: Presence[_T]) -> dict[str, list[_T]]:
        """Return the values of all connections by their keys; raises LookupError and ChannelError."""
        address = self.address(presence)
        found = await self.limited(self._hub.presence.read(address))
        entries = decoded(found, self._codecs[presence.name], {})
        return people_of({id_: entries[id_] for id_ in sorted(entries)})

    async def limited(self, work: Awaitable[_T]) -> _T:
        """Return what the engine responds within the timeout; raises ChannelError."""
        async with within(self._timeout):
            return await work

    def join(self, presence: Presence[Any]) -> View:
        """Return the view of an address, and count a watcher; raises LookupError."""
        address = self.address(presence)
        view = self._views.get(address)
        if view is None or view.is_ended:
            codec = self._codecs[presence.name]
            view = self._views[address] = View(self._hub, presence, codec, self._beat, self._tracker.renew)
        view.watchers += 1
        return view

    def leave(self, view: View) -> None:
        """Count a watcher less; after the last one, end the view."""
        view.watchers -= 1
        if view.watchers or self._hub.loop.is_closed():
            return
        if self._views.get(view.address) is view:
            del self._views[view.address]
        task = self._hub.loop.create_task(view.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def leave_from_any_thread(self, view: View) -> None:
        """Do the same from the garbage collector."""
        if not self._hub.loop.is_closed():
            self._hub.loop.call_soon_threadsafe(self.leave, view)

    @property
    def is_idle(self) -> bool:
        """Whether all readers have ended."""
        return not self._views and not self._closing

    async def close(self) -> None:
        """Remove the connections of this process, and end all views."""
        await self._tracker.close()
        await asyncio.gather(*(view.close() for view in self._views.values()), *self._closing)


def _is_text(key: str) -> bool:
    """Return whether a key can be encoded."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


class Tracked(Generic[_T]):
    """A connection that is present inside ``async with``."""

    __module__ = "framework.channels"

    def __init__(
        self, tracker: Tracker, codec: Codec, presence: Presence[_T], address: str, key: str, value: _T
    ) -> None:
        self._tracker = tracker
        self._codec = codec
        self._presence = presence
        self._address = address
        self._key = key
        self._data = encoded(key, codec.encode(value))
        self._id = ""
        self._is_entered = False

    async def update(self, value: _T) -> None:
        """Change the value; raises TypeError, ValueError and ChannelError.

        After a ChannelError, the new value is stored as soon as the engine is back.
        """
        self._data = encoded(self._key, self._codec.encode(value))
        if self._id:
            await self._tracker.update(self._address, self._id, self._data)

    async def __aenter__(self) -> Self:
        """Be present; raises ChannelError."""
        if self._is_entered:
            raise RuntimeError(f"{self._key!r} is entered already: call track() again for another connection")
        self._is_entered = True
        try:
            self._id = await self._tracker.enter(self._presence.hints, self._data)
        except BaseException:
            self._is_entered = False
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        id_, self._id = self._id, ""
        self._is_entered = False
        self._tracker.leave(self._address, id_)


class PresenceChanges(Generic[_T]):
    """The changes of a presence or a room, for ``async for``; leaving the loop in any way ends it.

    The first change is complete. A slow reader receives several changes as one. Do not change what is yielded: all
    readers of a process share it.
    """

    __module__ = "framework.channels"

    def __init__(self, presences: Presences, presence: Presence[_T]) -> None:
        self._view: View | None = None
        self._closed = False
        self._begun = False
        self._version = 0
        self._people: Mapping[str, list[Any]] = {}
        self._waiting: asyncio.Future[None] | None = None
        self._presences = presences
        self._presence = presence

    def __aiter__(self) -> Self:
        return self

    async def open(self) -> None:
        """Begin now, and not with the first change; raises ChannelError."""
        if self._view is None and not self._closed:
            self._view = self._presences.join(self._presence)
            try:
                await self._presences.limited(self._view.open())
            except BaseException:
                await self.aclose()
                raise

    async def __anext__(self) -> PresenceChange[_T]:
        await self.open()
        while self._view is not None and not self._closed:
            view, change = self._view, self._take(self._view)
            if change is not None:
                return change
            if view.is_ended:
                break
            self._waiting = view.next_change()
            await self._waiting
        raise StopAsyncIteration

    def _take(self, view: View) -> PresenceChange[_T] | None:
        """Return what has changed since the last time, ``None`` if nothing has."""
        version, people = self._version, self._people
        self._version, self._people = view.version, view.people
        if not self._begun:
            self._begun = True
            return PresenceChange(dict(view.people), [], complete=True)
        if view.version == version:
            return None
        if view.version == version + 1:
            return view.change
        change: PresenceChange[_T] = change_between(people, view.people)
        return change if change.present or change.left else None

    async def aclose(self) -> None:
        """End it."""
        view, self._view = self._view, None
        self._closed = True
        if view is not None:
            self._presences.leave(view)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        # As for a subscription: a loop that is left drops its iterator.
        if not self._closed and self._view is not None:
            self._presences.leave_from_any_thread(self._view)
