"""What an application declares about its channels: topics, the engine that carries them, and what readers may miss."""

import copy
import re
import typing
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar
from urllib.parse import quote

from msgspec import Struct

from framework._inspect.calls import ExplainedMeta, explained
from framework._inspect.names import place_of_caller
from framework._inspect.signatures import MISSING
from framework._secret import SecretStr, revealed

__all__ = (
    "ChannelError",
    "ChannelSettings",
    "Declared",
    "Hints",
    "Lagged",
    "Presence",
    "PresenceChange",
    "Topic",
    "channel_settings",
    "topics_of",
    "url_of_channels",
)

_T = TypeVar("_T")
_PASSWORD = re.compile(r"(://[^/?#]*?:)[^/?#]*@")


class ChannelError(Exception):
    """The engine cannot be reached, has not responded in time, or refuses an event."""

    __module__ = "framework.channels"


class Lagged(Exception):
    """A subscriber has missed events; ``missed`` is their number, ``None`` if it is unknown.

    In a handler it may stay uncaught: an event stream ends in order, and a web socket is closed with 1013.
    """

    __module__ = "framework.channels"

    def __init__(self, missed: int | None = None) -> None:
        super().__init__("some events" if missed is None else f"{missed} event{'' if missed == 1 else 's'}")
        self.missed = missed


class Declared(Generic[_T]):
    """What an app declares among its channels: a name, a type, and rooms."""

    kind: ClassVar[str]
    """What it is called in messages."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.room_name = ""
        self.where = f"{type(self).__name__} {name!r} ({place_of_caller()})"

    def __repr__(self) -> str:
        return f"<{self.where}>"

    @property
    def type(self) -> Any:
        """The type in brackets; ``MISSING`` if it was made without one."""
        given = typing.get_args(getattr(self, "__orig_class__", None))
        return given[0] if given else MISSING

    @property
    def address(self) -> str:
        """The name and the room: ``orders``, ``orders/hall``."""
        return f"{self.name}/{quote(self.room_name, safe='')}" if self.room_name else self.name

    def room(self, name: str) -> Self:
        """Return a part of it that only its own subscribers receive; any name of 1 to 200 characters.

        Rooms need not be declared. Raises ValueError for another name.
        """
        if not 0 < len(name) <= _LONGEST_ROOM:
            raise ValueError(f"{name!r} is not the name of a room: 1 to {_LONGEST_ROOM} characters")
        room = copy.copy(self)
        room.room_name = name
        return room


class Topic(Declared[_T]):
    """A stream of events of one type: ``ORDERS = Topic[OrderPlaced]("orders")``.

    ``history`` is the number of events that are kept for subscribers that are behind, and for clients that return; it
    is counted for each room. A subscriber that is further behind has lost events: with ``slow="close"`` its loop raises
    :class:`Lagged`, with ``slow="drop_oldest"`` it continues with the oldest event that is left. ``in_document`` lists
    the topic in the AsyncAPI document, for other programs that use the engine.
    """

    __module__ = "framework.channels"

    kind = "topic"

    @explained("Topic", 'Topic[OrderPlaced]("orders")')
    def __init__(
        self,
        name: str,
        *,
        history: int = 1000,
        slow: Literal["close", "drop_oldest"] = "close",
        in_document: bool = False,
    ) -> None:
        super().__init__(name)
        self.history = history
        self.slow = slow
        self.in_document = in_document


class Presence(Declared[_T]):
    """Who is present, in every process: ``VIEWERS = Presence[Viewer]("viewers")``.

    Each connection has a value of the type. ``settle`` is the number of seconds in which changes are put together
    before they are reported, so that a page that is loaded again is not reported at all.
    """

    __module__ = "framework.channels"

    kind = "presence"

    @explained("Presence", 'Presence[Viewer]("viewers")')
    def __init__(self, name: str, *, settle: float = 1.0) -> None:
        super().__init__(name)
        self.settle = settle
        self.hints = Hints(self)

    def room(self, name: str) -> Self:
        """Return a part of it with its own connections, as :meth:`Topic.room` does; raises ValueError."""
        room = super().room(name)
        room.hints = self.hints.room(name)
        return room


class Hints(Topic[list[str]]):
    """The events that let other processes read who is present: the ids of connections that have left."""

    kind = "presence"

    def __init__(self, presence: Presence[Any]) -> None:
        super().__init__(presence.name, history=_HINTS, slow="drop_oldest")
        self.where = presence.where

    @property
    def type(self) -> Any:
        """The type of a hint."""
        return list[str]


class PresenceChange(Struct, Generic[_T], frozen=True):
    """What has changed since the change before; the first one is complete."""

    present: dict[str, list[_T]]
    """The keys that are new, or whose values have changed, each with the values of all its connections."""
    left: list[str]
    """The keys without a connection."""
    complete: bool = False
    """Whether ``present`` has all keys: a client forgets what it knew before."""


PresenceChange.__module__ = "framework.channels"
_LONGEST_ROOM = 200
_HINTS = 256


def topics_of(settings: "ChannelSettings") -> list[Topic[Any]]:
    """Return the topics that an app declares for its own events."""
    return [one for one in settings.topics if isinstance(one, Topic)]


class ChannelSettings(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """The topics of an application, and the engine that carries their events between processes."""

    topics: Sequence[Topic[Any] | Presence[Any]]
    """The topics and presences."""
    url: str | SecretStr = "memory://"
    """``memory://`` (one process), ``redis+streams://``, ``redis://`` (publish/subscribe), ``nats://`` or
    ``postgresql+asyncpg://``; with TLS ``rediss+streams://``, ``rediss://`` and ``tls://``."""
    prefix: str = "channels"
    """Begins all names on the engine; applications that share an engine have different prefixes."""
    timeout: float = 5.0
    """Seconds in which the engine must respond."""
    size_limit: int = 262_144
    """The maximum size in bytes of an event as JSON, on every engine."""
    max_age: float = 86_400
    """Seconds without an event after which the history of a room is dropped."""
    presence_lifetime: float = 45.0
    """Seconds after which the connections of a process that was killed are no longer present; they are renewed three
    times in that time."""

    def __repr__(self) -> str:
        names = ", ".join(one.name for one in self.topics)
        return f"ChannelSettings({names}; url={_PASSWORD.sub(chr(92) + '1***@', revealed(self.url))!r})"


ChannelSettings.__module__ = "framework.channels"


def url_of_channels(settings: ChannelSettings) -> str:
    """Return the URL of the engine, with its password."""
    url: str = revealed(settings.url)
    return url


def channel_settings(given: ChannelSettings | Sequence[Topic[Any] | Presence[Any]]) -> ChannelSettings | None:
    """Return the settings of what an app was given; ``None`` without topics."""
    if isinstance(given, ChannelSettings):
        return given
    return ChannelSettings(topics=tuple(given)) if given else None
