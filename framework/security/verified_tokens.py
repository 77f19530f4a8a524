"""Tokens whose signature was verified before: remembered by their digest, bounded, and until they expire."""

from hashlib import blake2b
from math import inf
from typing import NamedTuple

from msgspec import UNSET

from framework.security.token_format import Claims

__all__ = ("VerifiedToken", "VerifiedTokens", "verified_token")

_LAST = 1e18
"""A time that never comes; an integer of JSON may be too large for a float."""


class VerifiedToken(NamedTuple):
    """What is kept of a token: neither the token itself nor its signature."""

    kid: str | None
    payload: bytes
    begins: float
    """From when it is valid, by the wall clock."""
    ends: float
    until: float
    """When its signature is verified again, by the monotonic clock."""


def verified_token(kid: str | None, payload: bytes, claims: Claims, *, leeway: float, until: float) -> VerifiedToken:
    """Return what is kept of a token with these claims."""
    given = (one for one in (claims.nbf, claims.iat) if one is not UNSET)
    begins = max((min(one, _LAST) for one in given), default=-inf)
    return VerifiedToken(kid, payload, begins - leeway, min(claims.exp, _LAST) + leeway, until)


class VerifiedTokens:
    """At most so many verified tokens; the oldest is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[bytes, VerifiedToken] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, text: str) -> VerifiedToken | None:
        """Return a token that was verified before."""
        # PERF: BLAKE2b takes half of the instructions of SHA-256, with its usual length less than with another.
        return self._known.get(blake2b(text.encode()).digest()) if self._known and text.isascii() else None

    def keep(self, text: str, token: VerifiedToken) -> None:
        """Remember a token."""
        if not self._most:
            return
        # Not the token itself, which could be used after reading it from the memory.
        known, digest = self._known, blake2b(text.encode()).digest()
        known.pop(digest, None)
        while len(known) >= self._most:
            del known[next(iter(known))]
        known[digest] = token

    def clear(self) -> None:
        """Forget all tokens."""
        self._known.clear()
