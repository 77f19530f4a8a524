"""Credentials that a test client sends with every request."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, field

from framework.operations import Operation
from framework.security import JWT, APIKey

__all__ = ("Identity", "api_key_identity", "basic_identity", "bearer_identity", "issuer_of")


class Identity(Struct, frozen=True, kw_only=True):
    """What is sent with every request."""

    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def and_also(self, other: "Identity") -> "Identity":
        """Return both; ``other`` replaces equal names."""
        return Identity(
            headers=self.headers | other.headers,
            query=self.query | other.query,
            cookies=self.cookies | other.cookies,
        )


def bearer_identity(token: str) -> Identity:
    """Return a bearer token (RFC 6750)."""
    return Identity(headers={"Authorization": f"Bearer {token}"})


def basic_identity(name: str, password: str) -> Identity:
    """Return a name and a password (RFC 7617)."""
    encoded = base64.b64encode(f"{name}:{password}".encode()).decode()
    return Identity(headers={"Authorization": f"Basic {encoded}"})


def api_key_identity(key: str, operations: Iterable[Operation]) -> Identity:
    """Return an API key in the place where the app reads it. Raises LookupError if there is not exactly one."""
    places = {
        (kind, name)
        for scheme in _schemes(operations)
        if isinstance(scheme, APIKey)
        for kind in ("headers", "query", "cookies")
        if (name := getattr(scheme, _OPTIONS[kind])) is not None
    }
    if len(places) != 1:
        raise LookupError(f"this app reads API keys in {len(places)} places, not in one; use headers= or cookies=")
    ((kind, name),) = places
    return Identity(**{kind: {name: key}})


_OPTIONS = {"headers": "header", "query": "query", "cookies": "cookie"}


def issuer_of(operations: Iterable[Operation]) -> JWT[Any]:
    """Return the JWT that verifies the app's bearer tokens. Raises LookupError if there is not exactly one."""
    found: dict[int, JWT[Any]] = {}
    for scheme in _schemes(operations):
        verify = getattr(scheme, "verify", None)
        if isinstance(verify, JWT):
            found[id(verify)] = verify
    if len(found) != 1:
        raise LookupError(f"this app verifies tokens with {len(found)} JWTs, not with one; pass jwt=, or use bearer=")
    return next(iter(found.values()))


def _schemes(operations: Iterable[Operation]) -> Iterator[Any]:
    for operation in operations:
        for one in operation.credentials:
            yield from one.alternatives
