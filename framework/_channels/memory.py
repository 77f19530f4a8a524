"""The engine in the memory of one process."""

import asyncio
import re
from uuid import uuid4

from framework._channels.engine import Place, Sink
from framework._channels.presence.store import MemoryPresence

__all__ = ("EPOCH_IDS", "MemoryEngine", "new_epoch")

EPOCH_IDS = re.compile(r"[0-9a-f]{12}-[0-9]{1,15}")
"""The ids that a process makes itself: its epoch and a number."""


def new_epoch() -> str:
    """Return a value that no other process has, nor this one after a restart."""
    return uuid4().hex[:12]


class MemoryEngine:
    """Delivers at once, to this process alone."""

    ids = EPOCH_IDS
    keeps_alone = True

    def __init__(self) -> None:
        self._sink: Sink | None = None
        self.presence = MemoryPresence()

    def start(self, sink: Sink) -> None:
        """Keep the sink."""
        self._sink = sink

    async def publish(self, place: Place, data: bytes) -> None:
        """Deliver an event."""
        if self._sink is not None:
            self._sink.deliver_next(place.address, data)
            # Subscribers run: otherwise they could not keep up with a loop that publishes.
            await asyncio.sleep(0)

    async def listen(self, place: Place) -> None:
        """Begin an address."""
        if self._sink is not None:
            self._sink.load(place.address, None, ())

    async def leave(self, place: Place) -> None:
        """Do nothing: the history stays."""

    async def close(self) -> None:
        """Do nothing."""
