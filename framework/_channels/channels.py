"""What an application uses of its channels."""

import random
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Annotated, Any, ClassVar, Generic, Protocol, Self, TypeAlias, TypeVar, overload

import msgspec

from framework._channels.feed import Feed, Lost
from framework._channels.hub import Hub, Ready
from framework._channels.presence.service import PresenceChanges, Presences, Tracked
from framework._channels.ring import Entry
from framework._topics import Lagged, Presence, Topic
from framework.params import Header
from framework.responses import Event, Notice

__all__ = ("Channels", "LastEventID", "Subscription")

_T = TypeVar("_T")
_U = TypeVar("_U")

LastEventID: TypeAlias = Annotated[str | None, Header(name="last-event-id")]
"""The id of the last event that a client of an event stream has received, ``None`` for a new client."""
_LEAST_RETRY, _MOST_RETRY = 1_000, 3_000
"""Milliseconds; clients that are disconnected together do not return together."""


class _Outbox(Protocol):
    def keep(self, ready: Ready) -> None: ...


class Channels:
    """Publishes events, and subscribes to them; injected into handlers and services.

    If the container has a scoped ``AsyncSession`` of SQLAlchemy, ``Channels`` is scoped too: what is published is sent
    when that session commits, and dropped when it rolls back. ``Annotated[Channels, Inject("now")]`` is a singleton
    that always publishes at once.
    """

    __module__ = "framework.channels"

    __provider_hint__: ClassVar[str] = "declare the topics of the app: App(channels=[ORDERS])"

    __singleton_hint__: ClassVar[str] = 'Annotated[Channels, Inject("now")]'

    def __init__(self, hub: Hub, presences: Presences, outbox: _Outbox | None = None) -> None:
        self._hub = hub
        self._presences = presences
        self._outbox = outbox

    async def publish(self, topic: Topic[_T], event: _T) -> None:
        """Send an event to all subscribers, in every process.

        Raises LookupError for a topic that the app does not declare, TypeError for an event of another type,
        ValueError for one above ``size_limit``, and ChannelError if the engine does not accept it. An event that waits
        for a commit is sent afterwards; a failure is then logged.
        """
        ready = self._hub.prepare(topic, event)
        if self._outbox is None:
            await self._hub.send(ready)
        else:
            self._outbox.keep(ready)

    def subscribe(self, topic: Topic[_T], *, after: str | None = None) -> "Subscription[_T]":
        """Return the events from now on, or after the event with an id: ``async for event in …``.

        Raises LookupError for a topic that the app does not declare.
        """
        return Subscription(Feed(self._hub, topic, after), closes=topic.slow == "close")

    @overload
    def events(
        self, topic: Topic[_T], *, after: str | None = None, event: str | None = None
    ) -> AsyncIterator[Event[_T]]: ...
    @overload
    def events(
        self, topic: Topic[_T], *, make: Callable[[_T], _U], after: str | None = None, event: str | None = None
    ) -> AsyncIterator[Event[_U]]: ...
    def events(
        self,
        topic: Topic[Any],
        *,
        after: str | None = None,
        event: str | None = None,
        make: Callable[[Any], Any] | None = None,
    ) -> AsyncIterator[Event[Any]]:
        """Return the events for an event stream, with their ids; ``after`` is the client's ``Last-Event-ID``.

        ``event`` is the type of the server-sent events, and ``make`` a function that returns their data. The events
        ``reset`` and ``lagged`` report losses. Raises LookupError for a topic that the app does not declare.
        """
        return _Events(Feed(self._hub, topic, after), closes=topic.slow == "close", event=event, make=make)

    @overload
    def track(self, presence: Presence[None], key: str) -> Tracked[None]: ...
    @overload
    def track(self, presence: Presence[_T], key: str, value: _T) -> Tracked[_T]: ...
    def track(self, presence: Presence[Any], key: str, value: Any = None) -> Tracked[Any]:
        """Return a connection that is present, in all processes, inside ``async with``; ``update`` changes its value.

        Connections with one key, of 1 to 200 characters, are those of one user: the user is present while one is.
        Independent of transactions. Raises LookupError for a presence that the app does not declare, TypeError for a
        value of another type, ValueError for one above ``size_limit`` and for another key; ``async with`` raises
        ChannelError if the engine does not accept it.
        """
        return self._presences.track(presence, key, value)

    async def present(self, presence: Presence[_T]) -> dict[str, list[_T]]:
        """Return who is present now: the values of all connections by their keys.

        Raises LookupError for a presence that the app does not declare, and ChannelError.
        """
        return await self._presences.present(presence)

    def changes(self, presence: Presence[_T]) -> PresenceChanges[_T]:
        """Return who is present, then what changes: ``async for change in …``.

        Raises LookupError for a presence that the app does not declare; the loop raises ChannelError at its beginning.
        """
        self._presences.address(presence)
        return PresenceChanges(self._presences, presence)


class _Closing:
    """An iterator that ends its subscription when it is closed."""

    def __init__(self, feed: Feed, *, closes: bool) -> None:
        self._feed = feed
        self._closes = closes

    def __aiter__(self) -> Self:
        return self

    async def open(self) -> None:
        """Subscribe now, and not with the first event; raises ChannelError."""
        await self._feed.open()

    async def aclose(self) -> None:
        """End the subscription."""
        self._feed.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._feed.close()


class Subscription(_Closing, Generic[_T]):
    """The events of a topic or a room, for ``async for``; leaving the loop in any way ends the subscription.

    The events are the same objects for all subscribers of a process: do not change them.
    """

    __module__ = "framework.channels"

    def __init__(self, feed: Feed, *, closes: bool) -> None:
        super().__init__(feed, closes=closes)
        self.lagged: Lagged | None = None
        """What was lost directly before the event that was yielded last, for topics with ``slow="drop_oldest"``."""

    @property
    def id(self) -> str:
        """The id of the event that was yielded last, or after which the subscription began."""
        return self._feed.last

    async def __anext__(self) -> _T:
        """Return the next event; raises Lagged if events are lost and the topic has ``slow="close"``."""
        lagged: Lagged | None = None
        while isinstance(found := await self._feed.read(), Lost):
            if self._closes:
                self._feed.close()
                raise Lagged(found.missed)
            both = lagged is not None and lagged.missed is not None and found.missed is not None
            lagged = Lagged(lagged.missed + found.missed if both else found.missed)  # type: ignore[union-attr, operator]
        self.lagged = lagged
        event: _T = found.event
        return event


class _Events(_Closing):
    """The events of a topic or a room as server-sent events."""

    def __init__(self, feed: Feed, *, closes: bool, event: str | None, make: Callable[[Any], Any] | None) -> None:
        super().__init__(feed, closes=closes)
        self._begun = False
        self._event = event
        self._make = make

    async def __anext__(self) -> Event[Any]:
        if not self._begun:
            self._begun = True
            return await self._begin()
        found = await self._feed.read()
        if isinstance(found, Entry):
            data = found.event if self._make is None else self._make(found.event)
            return Event(data, id=found.id, event=self._event)
        if found.missed is not None and self._closes:
            self._feed.close()
            raise Lagged(found.missed)
        return self._notice(found)

    async def _begin(self) -> Event[Any]:
        """Return an event without data: the client learns where it is, and when to return."""
        await self._feed.open()
        retry = random.randint(_LEAST_RETRY, _MOST_RETRY)  # noqa: S311  to spread load
        if self._feed.take_loss():
            return Notice(b"{}", event="reset", id=self._feed.last, retry=retry)
        return Event(id=self._feed.last, retry=retry)

    def _notice(self, lost: Lost) -> Event[Any]:
        if lost.missed is None:
            return Notice(b"{}", event="reset", id=self._feed.last)
        return Notice(msgspec.json.encode({"missed": lost.missed}), event="lagged")
