"""One subscription: a position in a ring."""

from typing import Any, NamedTuple

from framework._channels.hub import Hub
from framework._channels.ring import HOLE, Entry, Ring
from framework._topics import Topic

__all__ = ("Feed", "Lost")


class Lost(NamedTuple):
    """Events are missing before the next one; ``missed`` is their number, ``None`` if it is unknown."""

    missed: int | None


class Feed:
    """Reads the events of an address from now on, or after an event; closed at the latest when nothing refers to it."""

    def __init__(self, hub: Hub, topic: Topic[Any], after: str | None) -> None:
        # First, because an object whose place is unknown is deleted too.
        self._ring: Ring | None = None
        self._closed = self._is_lost = False
        self._hub = hub
        self._place = hub.place(topic)
        self._after = after if after is not None and hub.knows_form(after) else None
        self._position = 0
        self.last = ""
        """The id of the event that was read last, or after which it begins."""

    async def open(self) -> None:
        """Subscribe, unless that is done; raises ChannelError."""
        if self._ring is not None or self._closed:
            return
        ring = self._ring = self._hub.join(self._place)
        try:
            await self._hub.open(self._place, ring)
        except BaseException:
            self.close()
            raise
        known = None if self._after is None else ring.after(self._after)
        self._position = ring.next if known is None else known
        self.last = ring.last if known is None or self._after is None else self._after
        self._is_lost = known is None and self._after is not None

    def take_loss(self) -> bool:
        """Return whether the event to begin after is unknown; once."""
        is_lost, self._is_lost = self._is_lost, False
        return is_lost

    async def read(self) -> Entry | Lost:
        """Return the next event, or what is missing before it; raises StopAsyncIteration at the end of the app."""
        if self._ring is None:
            await self.open()
        ring = self._ring
        if ring is None or self._closed:
            raise StopAsyncIteration
        if self.take_loss():
            return Lost(None)
        while True:
            if self._position < ring.start:
                missed, self._position = ring.start - self._position, ring.start
                return Lost(missed)
            if self._position < ring.next:
                entry = ring[self._position]
                self._position += 1
                if entry.event is HOLE:
                    return Lost(None)
                self.last = entry.id
                if entry.kept:
                    return entry
            elif ring.ended or self._closed:
                raise StopAsyncIteration
            else:
                await ring.wait()

    def close(self) -> None:
        """End the subscription; a reader that waits is woken."""
        ring = self._ring
        if not self._closed:
            self._closed = True
            if ring is not None:
                self._hub.leave(self._place, ring)
                ring.wake()

    def __del__(self) -> None:
        # A loop that is left by break, an exception or a cancellation drops its iterator. The garbage collector may run
        # in any thread.
        if not self._closed and self._ring is not None and not self._hub.loop.is_closed():
            self._closed = True
            self._hub.loop.call_soon_threadsafe(self._hub.leave, self._place, self._ring)
