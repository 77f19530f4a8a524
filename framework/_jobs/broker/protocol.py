"""What is required of a broker."""

from collections.abc import Sequence
from typing import Any, Protocol, Self

from msgspec import Struct

__all__ = ("Broker", "BrokerError", "Delivery")

_LONGEST = 200
"""Characters of an error that are shown."""


class BrokerError(Exception):
    """The broker cannot be reached, or refuses a request; the request is repeated later."""

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Return the error for an exception of a client; of a group with one exception, for that."""
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            (error,) = error.exceptions
        lines = str(error).splitlines()
        return cls(type(error).__name__ + (f": {lines[0][:_LONGEST]}" if lines else ""))


class Delivery(Struct, frozen=True):
    """A message that a broker has delivered, and what its broker acknowledges it by."""

    data: bytes
    receipt: Any


class Broker(Protocol):
    """Carries messages about jobs, each to one worker. It may lose, delay and double them: the table decides.

    It connects when it is first used and again after errors, and is used in one event loop. Methods raise BrokerError.
    """

    where: str
    """Its address without credentials, for people."""

    async def publish(self, queue: str, messages: Sequence[bytes]) -> None:
        """Send messages; return when the broker has stored all of them."""
        ...

    async def receive(self, queues: Sequence[str], limit: int, seconds: float) -> Sequence[Delivery]:
        """Return up to ``limit`` messages of the queues at once, or the first that come within so many seconds."""
        ...

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Let the broker forget messages."""
        ...

    async def check(self) -> bool:
        """Return whether the broker has responded; False if only sending a message would show that."""
        ...

    async def close(self) -> None:
        """Close all connections; what was received and not acknowledged is delivered again."""
        ...
