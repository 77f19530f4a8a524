"""What an engine is: it carries encoded events between processes."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from framework._channels.presence.store import PresenceStore
from framework._topics import ChannelError

__all__ = ("Engine", "Place", "Sink", "Stored", "within")


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Wait for the engine no longer than so many seconds; raises ChannelError."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ChannelError(f"The engine of the channels has not responded within {seconds} s") from error


class Place(NamedTuple):
    """An address on an engine."""

    address: str
    """The name of a topic, or of one of its rooms."""
    history: int
    """The number of events that the engine keeps."""
    is_room: bool


class Stored(NamedTuple):
    """An event as an engine delivers it."""

    id: str
    previous: str
    """The id of the event before it; another one than that of the last delivered event means a loss."""
    data: bytes


class Sink(Protocol):
    """The side of this process that receives what an engine delivers."""

    def load(self, address: str, before: str | None, events: Sequence[Stored]) -> None:
        """Begin with the events that the engine has kept; ``before`` is ``None`` if the engine has no ids."""
        ...

    def deliver(self, address: str, event: Stored) -> None:
        """Receive an event of an engine with ids."""
        ...

    def deliver_next(self, address: str, data: bytes) -> None:
        """Receive an event of an engine without ids."""
        ...

    def lose(self, address: str | None = None) -> None:
        """Note that events of an address, or of all addresses, may be lost."""
        ...


class Engine(Protocol):
    """Carries events. All methods may raise ChannelError."""

    ids: re.Pattern[str]
    """The form of its ids: what a client sends in another form is ignored."""
    keeps_alone: bool
    """Whether events are kept in this process without any subscriber, because the engine is this process."""

    @property
    def presence(self) -> PresenceStore:
        """Keeps who is present."""
        ...

    def start(self, sink: Sink) -> None:
        """Receive the sink, before everything else; connections are opened on first use."""
        ...

    async def publish(self, place: Place, data: bytes) -> None:
        """Send an event to all processes, this one included."""
        ...

    async def listen(self, place: Place) -> None:
        """Deliver the events of an address from now on; calls ``Sink.load`` before the first."""
        ...

    async def leave(self, place: Place) -> None:
        """Deliver no more events of an address."""
        ...

    async def close(self) -> None:
        """Close all connections, and end all tasks."""
        ...
