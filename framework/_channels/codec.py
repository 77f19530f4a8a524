"""How the events of a topic are encoded, checked and decoded."""

import logging
from typing import Any

import msgspec

from framework._channels.ring import Entry
from framework._topics import Declared, Presence
from framework.formats import JSON

__all__ = ("Codec",)

_LOGGER = logging.getLogger("framework.channels")


class Codec:
    """The encoder and the decoder of one topic or presence."""

    def __init__(self, topic: Declared[Any], size_limit: int) -> None:
        kind = "a value of the presence" if isinstance(topic, Presence) else "an event of the topic"
        self._what = f"{kind} {topic.name!r}"
        self._started = f"A{self._what[1:]}"
        self._size_limit = size_limit
        self._encode = JSON.encoder(topic.type)
        self._decode = JSON.decoder(topic.type)
        self._warned = False

    def encode(self, event: Any) -> bytes:
        """Return an event as JSON, with the fields of the topic's type alone.

        Raises TypeError for another type, and ValueError for an event that is too large.
        """
        try:
            data = self._encode(self._decode(self._encode(event)))
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            raise TypeError(f"{type(event).__qualname__} is not {self._what}: {error}") from error
        if len(data) > self._size_limit:
            limit = f"{len(data)} bytes, and the limit of ChannelSettings(size_limit=) is {self._size_limit}"
            raise ValueError(f"{self._started} has {limit}: store it, and publish its id")
        return data

    def entry(self, id_: str, data: bytes) -> Entry:
        """Return a delivered event; one that cannot be decoded is skipped, with one warning for each topic."""
        try:
            return Entry(id_, self._decode(data))
        except Exception as error:  # noqa: BLE001  also what the decode= of a type raises
            if not self._warned:
                self._warned = True
                text = "%s is skipped, and so are all others that cannot be decoded: %s"
                _LOGGER.warning(text, self._started, error)
            return Entry(id_, None, kept=False)
