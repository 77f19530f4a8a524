"""Warns about patterns in the declared types that take very long to match some strings."""

import logging
from collections.abc import Iterable

from msgspec import inspect

from framework._inspect.patterns import takes_forever
from framework._inspect.types import subtypes

__all__ = ("SlowPatternWatch",)

_LOGGER = logging.getLogger("framework")


class SlowPatternWatch:
    """Logs one line for each slow pattern of an app, with the first route that reads it.

    It is not an error, because the limits of the route may keep the strings short.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def look_at(self, where: str, kinds: Iterable[inspect.Type]) -> None:
        """Check all patterns in some types that a route reads."""
        for one in (each for kind in kinds for each in subtypes(kind) if isinstance(each, inspect.StrType)):
            if one.pattern is None or one.pattern in self._seen:
                continue
            self._seen.add(one.pattern)
            if takes_forever(one.pattern):
                _LOGGER.warning(
                    "%s: the pattern %r repeats what repeats itself, so that a text of 50 letters can keep the server "
                    "busy for minutes; let each round begin with what the inner repetition does not take",
                    where,
                    one.pattern,
                )
