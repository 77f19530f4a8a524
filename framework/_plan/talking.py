"""How messages travel on a web socket."""

from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct, inspect

from framework.formats import Format

__all__ = ("Frames", "MessagePlan", "SocketPlan")


class Frames(StrEnum):
    """How messages travel on a web socket."""

    TYPED = "typed"
    """Written by a format."""
    TEXT = "text"
    BINARY = "binary"
    EITHER = "text or binary"
    """``str`` as text and ``bytes`` as binary."""


class MessagePlan(Struct, frozen=True, kw_only=True):
    """The messages of one direction on a web socket."""

    annotation: Any
    type: inspect.Type
    frames: Frames


class SocketPlan(Struct, frozen=True, kw_only=True):
    """What a route has that is a web socket."""

    incoming: MessagePlan
    outgoing: MessagePlan | None
    """``None`` where nothing but problems is sent."""
    listener: bool
    """Whether the handler is called for each message, and not for the connection."""
    format: Format
    """Of messages that have a type."""
    invalid: Literal["close", "report"]
    """What happens for a message that is not valid."""
    origins: tuple[str, ...] | None
    """The pages that may open it, by their origins; ``None`` for those of the same origin."""
    subprotocols: tuple[str, ...]
    heartbeat: float | None
    """Seconds of silence after which the client is pinged; it has half as many to answer."""
    compress: bool
