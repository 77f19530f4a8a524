"""Warnings that are logged at most once a minute."""

import logging

from framework import clock

__all__ = ("QuietWarnings",)

_LOGGER = logging.getLogger("framework.middleware")
_QUIET = 60.0
"""Seconds between two warnings."""


class QuietWarnings:
    """Logs one warning a minute, and drops the others."""

    def __init__(self) -> None:
        self._until = 0.0

    def warn(self, text: str, *values: object) -> None:
        """Log a warning unless there was one in the last minute."""
        now = clock.monotonic()
        if now >= self._until:
            self._until = now + _QUIET
            _LOGGER.warning(text, *values)
