"""What an application declares about its channels: topics, the engine that carries them, and what readers may miss."""

import copy
import re
import typing
from collections.abc import Sequence
from typing import Any, Generic, Literal, Self, TypeVar
from urllib.parse import quote

from msgspec import Struct

from framework._inspect.calls import ExplainedMeta, explained
from framework._inspect.names import place_of_caller
from framework._inspect.signatures import MISSING
from framework._secret import SecretStr, revealed

__all__ = ("ChannelError", "ChannelSettings", "Lagged", "Topic", "channel_settings", "url_of_channels")

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


class Topic(Generic[_T]):
    """A stream of events of one type: ``ORDERS = Topic[OrderPlaced]("orders")``.

    ``history`` is the number of events that are kept for subscribers that are behind, and for clients that return; it
    is counted for each room. A subscriber that is further behind has lost events: with ``slow="close"`` its loop raises
    :class:`Lagged`, with ``slow="drop_oldest"`` it continues with the oldest event that is left. ``in_document`` lists
    the topic in the AsyncAPI document, for other programs that use the engine.
    """

    __module__ = "framework.channels"

    @explained("Topic", 'Topic[OrderPlaced]("orders")')
    def __init__(
        self,
        name: str,
        *,
        history: int = 1000,
        slow: Literal["close", "drop_oldest"] = "close",
        in_document: bool = False,
    ) -> None:
        self.name = name
        self.history = history
        self.slow = slow
        self.in_document = in_document
        self.room_name = ""
        self.where = f"Topic {name!r} ({place_of_caller()})"

    def __repr__(self) -> str:
        return f"<{self.where}>"

    @property
    def type(self) -> Any:
        """The type of the events; ``MISSING`` if the topic was made without one."""
        given = typing.get_args(getattr(self, "__orig_class__", None))
        return given[0] if given else MISSING

    @property
    def address(self) -> str:
        """The name of the topic and its room: ``orders``, ``orders/hall``."""
        return f"{self.name}/{quote(self.room_name, safe='')}" if self.room_name else self.name

    def room(self, name: str) -> Self:
        """Return a part of the topic whose events only its own subscribers receive; any name of 1 to 200 characters.

        Rooms need not be declared. Raises ValueError for another name.
        """
        if not 0 < len(name) <= _LONGEST_ROOM:
            raise ValueError(f"{name!r} is not the name of a room: 1 to {_LONGEST_ROOM} characters")
        room = copy.copy(self)
        room.room_name = name
        return room


_LONGEST_ROOM = 200


class ChannelSettings(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """The topics of an application, and the engine that carries their events between processes."""

    topics: Sequence[Topic[Any]]
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

    def __repr__(self) -> str:
        names = ", ".join(one.name for one in self.topics)
        return f"ChannelSettings({names}; url={_PASSWORD.sub(chr(92) + '1***@', revealed(self.url))!r})"


ChannelSettings.__module__ = "framework.channels"


def url_of_channels(settings: ChannelSettings) -> str:
    """Return the URL of the engine, with its password."""
    url: str = revealed(settings.url)
    return url


def channel_settings(given: ChannelSettings | Sequence[Topic[Any]]) -> ChannelSettings | None:
    """Return the settings of what an app was given; ``None`` without topics."""
    if isinstance(given, ChannelSettings):
        return given
    return ChannelSettings(topics=tuple(given)) if given else None
