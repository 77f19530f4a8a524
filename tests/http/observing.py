"""An observer that keeps what it sees, and how tests wait for it."""

import asyncio
from typing import Any, NamedTuple

from framework import Observation, Observer, Request

__all__ = ("Recorder", "Seen", "seen")

_PATIENCE = 10.0


class Seen(NamedTuple):
    """What tests compare of an observation; its other fields are as in most requests."""

    method: str
    route: str | None
    status: int | None
    body_size: int
    exception: type[BaseException] | None = None
    client_gone: bool = False
    close_code: int | None = None


def seen(observation: Observation) -> Seen:
    """Return what tests compare of an observation."""
    error = observation.exception
    return Seen(
        observation.method,
        observation.route,
        observation.status,
        observation.body_size,
        None if error is None else type(error),
        observation.client_gone,
        observation.close_code,
    )


class Recorder(Observer):
    """Keeps the observations of all requests."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.observations: list[Observation] = []
        self.states: list[Any] = []

    def begin(self, request: Request) -> int:
        """Return how many requests have begun."""
        self.begun.append(request.path)
        return len(self.begun)

    def end(self, observation: Observation, state: Any) -> None:
        """Keep an observation."""
        self.observations.append(observation)
        self.states.append(state)

    async def ended(self, count: int) -> list[Seen]:
        """Wait until so many requests have ended, and return what was seen of them."""
        async with asyncio.timeout(_PATIENCE):
            while len(self.observations) < count:  # noqa: ASYNC110  it is seen outside of any task of the test
                await asyncio.sleep(0.005)
        return [seen(one) for one in self.observations]
