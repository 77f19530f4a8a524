"""The interface of all stores, and their namespaces of keys."""

import copy
import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote

from framework.stores.quotas import Quota, Reservation

__all__ = ("QUOTA", "Store", "StoreError", "StoreTimeoutError", "checked_cost", "checked_ttl", "full_key")

_LONGEST = 200
"""The longest key in bytes that is stored unchanged; a longer key is replaced by its digest."""
QUOTA = "~"
"""The kind of the keys of quotas, which separates them from all other keys."""


class StoreError(Exception):
    """The store cannot be reached, or cannot execute the operation."""


class StoreTimeoutError(StoreError, TimeoutError):
    """The store has not responded in time. The operation may have been executed, or may still be."""


class Store(ABC):
    """Bytes under keys. Every method is atomic; ``ttl`` is in seconds, and ``None`` keeps a value until it is deleted.

    A store is an asynchronous context manager: it opens its resources on first use, and closes them at the end.
    All methods may raise StoreError. A subclass keeps its state in objects that the views of ``namespace`` share.
    """

    prefix: str = ""
    """The prefix of all keys of this view."""

    def namespace(self, name: str) -> Self:
        """Return a view whose keys are separate from those of the store itself and of all other namespaces.

        It shares connections and memory with the store, and need not be closed.
        """
        view = copy.copy(self)
        # Percent-encoding leaves no colon in a name: ("a", "b:c") and ("a:b", "c") give different keys.
        view.prefix = f"{self.prefix}{quote(name, safe='', errors='surrogatepass')}:"
        return view

    @abstractmethod
    async def get(self, key: str) -> bytes | None:
        """Return a value, ``None`` if it does not exist or has expired."""

    @abstractmethod
    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value; it replaces any other value and its expiry."""

    @abstractmethod
    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        """Store a value unless there is one; return whether it was stored. Only one of many callers gets True."""

    @abstractmethod
    async def replace(self, key: str, value: bytes, *, ttl: float | None = None, expected: bytes | None = None) -> bool:
        """Store a value only if there is one already, or only if it is ``expected``; return whether it was stored."""

    @abstractmethod
    async def delete(self, key: str, *, expected: bytes | None = None) -> bool:
        """Delete a value, or only if it is ``expected``; return whether it was deleted."""

    @abstractmethod
    async def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter and return its value; one that does not exist starts at 0, and expires after ``ttl``.

        The expiry of an existing counter stays as it is. The value is stored as decimal digits. Raises ValueError if
        the value is not an integer, or would leave 64 bits.
        """

    @abstractmethod
    async def expire(self, key: str, ttl: float) -> bool:
        """Let a value expire after ``ttl`` seconds from now; return whether there is one."""

    @abstractmethod
    async def reserve(self, key: str, quotas: Sequence[Quota], cost: int = 1) -> Reservation:
        """Charge all quotas of a key if each has ``cost`` units left, or none of them.

        A key is always used with the same quotas. It is separate from the keys of all other methods.
        """

    @abstractmethod
    async def refund(self, key: str, quotas: Sequence[Quota], reservation: Reservation, cost: int = 1) -> None:
        """Give back what a reservation has charged, unless it has expired meanwhile."""

    async def close(self) -> None:  # noqa: B027  not every store has something to close
        """Close all resources; the store may be used again, which opens them again."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def full_key(prefix: str, key: str, kind: str = "") -> bytes:
    """Return the key as it is stored, different for each prefix, kind and key; a long key is hashed."""
    encoded = key.encode("utf-8", "surrogatepass")
    # No encoded name of a namespace begins with either character.
    if len(encoded) > _LONGEST:
        return f"{prefix}{kind}#{hashlib.sha256(encoded).hexdigest()}".encode()
    return f"{prefix}{kind}=".encode() + encoded


def checked_ttl(ttl: float) -> float:
    """Return a time to live in seconds; raises ValueError unless it is positive and finite."""
    if not 0 < ttl < math.inf:
        raise ValueError(f"ttl={ttl!r} is not a number of seconds above 0")
    return ttl


def checked_cost(cost: int) -> int:
    """Return the number of reserved units; raises ValueError if it is negative."""
    if cost < 0:
        raise ValueError(f"cost={cost!r} is below 0")
    return cost
