"""Numbers in front of events, for engines that have none: a subscriber notices what it has not received."""

from framework._channels.engine import Place, Sink
from framework._channels.memory import new_epoch

__all__ = ("Numbered",)

_MOST = 10_000
"""Addresses whose last number a publisher knows, and publishers whose last number a subscriber knows."""

_PARTS = 4


class Numbered:
    """``<epoch of the publisher> <number of its event before, 0 if unknown> <number> <event>``."""

    def __init__(self) -> None:
        self._epoch = new_epoch()
        self._count = 0
        self._sent: dict[str, int] = {}
        self._received: dict[str, dict[str, int]] = {}

    def write(self, place: Place, data: bytes) -> bytes:
        """Return an event with its numbers."""
        self._count += 1
        previous = self._sent.pop(place.address, 0)
        _remember(self._sent, place.address, self._count)
        return f"{self._epoch} {previous} {self._count} ".encode() + data

    def read(self, address: str, message: bytes, sink: Sink) -> None:
        """Deliver an event, and note a gap before it."""
        parts = message.split(b" ", 3)
        if len(parts) != _PARTS or not (parts[1].isdigit() and parts[2].isdigit()):
            return  # Of another program.
        epoch, previous, number, data = parts
        known = self._received.setdefault(address, {})
        last = known.pop(epoch.decode(), None)
        if last is not None and int(previous) not in (0, last):
            sink.lose(address)
        _remember(known, epoch.decode(), int(number))
        sink.deliver_next(address, data)

    def forget(self, address: str) -> None:
        """Forget the publishers of an address."""
        self._received.pop(address, None)


def _remember(numbers: dict[str, int], key: str, number: int) -> None:
    numbers[key] = number
    if len(numbers) > _MOST:
        del numbers[next(iter(numbers))]
