"""How messages are sent and received on a web socket."""

from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct, inspect

from framework.formats import Format

__all__ = ("Frames", "MessagePlan", "SocketPlan")


class Frames(StrEnum):
    """How messages are framed on a web socket."""

    TYPED = "typed"
    """Encoded by a format."""
    TEXT = "text"
    BINARY = "binary"
    EITHER = "text or binary"
    """``str`` as text frames and ``bytes`` as binary frames."""


class MessagePlan(Struct, frozen=True, kw_only=True):
    """The messages of one direction on a web socket."""

    annotation: Any
    type: inspect.Type
    frames: Frames


class SocketPlan(Struct, frozen=True, kw_only=True):
    """The additional plan of a web socket route."""

    incoming: MessagePlan
    outgoing: MessagePlan | None
    """``None`` if only problems are sent."""
    listener: bool
    """Whether the handler is called for each message instead of once for the connection."""
    format: Format
    """The formats of typed messages."""
    invalid: Literal["close", "report"]
    """How an invalid message is handled."""
    origins: tuple[str, ...] | None
    """The origins of the pages that may connect; ``None`` for the same origin only."""
    subprotocols: tuple[str, ...]
    heartbeat: float | None
    """Seconds of silence after which the client is pinged; it must respond within half of that time."""
    compress: bool
