"""Whether the broker can be reached: logged when that changes."""

import logging
import random

from framework._jobs.broker.protocol import Broker, BrokerError

__all__ = ("Link",)

_LOGGER = logging.getLogger("framework.jobs")
_FIRST, _LONGEST = 0.1, 2.0
"""The shortest and the longest pause in seconds before another try."""


class Link:
    """Shared by what publishes and what receives, so that one warning is logged."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._pause = _FIRST
        self.away = False

    def lost(self, error: BrokerError) -> float:
        """Note an error, and return the seconds until another try."""
        if not self.away:
            self.away = True
            where = self._broker.where
            _LOGGER.warning("The broker %s cannot be reached, jobs wait in the table: %s", where, error)
        pause = self._pause * random.uniform(0.8, 1.2)  # noqa: S311  not a secret
        self._pause = min(2 * self._pause, _LONGEST)
        return pause

    def reached(self) -> None:
        """Note that the broker has responded."""
        self._pause = _FIRST
        if self.away:
            self.away = False
            _LOGGER.warning("The broker %s can be reached again", self._broker.where)
