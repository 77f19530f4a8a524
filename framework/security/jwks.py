"""Keys that another server publishes (RFC 7517, section 5), fetched on first use and kept."""

import asyncio
from math import inf
from typing import Any, Self

import msgspec
from msgspec import Struct

from framework import clock
from framework.option_errors import explained_class
from framework.security.discovery import Provider
from framework.security.published import Published, fetch
from framework.security.token_keys import KeyRing, import_set

__all__ = ("JWKS",)


class _Published(Struct, frozen=True):
    keys: list[Any]


@explained_class("JWKS", 'JWKS("https://login.example/keys")')
class JWKS(Published[KeyRing]):
    """The keys of an issuer, ``JWKS("https://id.example.org/.well-known/jwks.json")``, for ``JWT(keys=...)``.

    They are fetched for the first token, again for a token that names an unknown key (at most once in ``cooldown``
    seconds), and when they are ``lifespan`` seconds old. If the server cannot be reached, the known keys stay in use.
    ``timeout`` is the limit of one attempt, in seconds. One object may serve several ``JWT``, and must not be
    shared by event loops that run at the same time.
    """

    def __init__(self, url: str, *, timeout: float = 5.0, cooldown: float = 30.0, lifespan: float = 3600.0) -> None:
        super().__init__(url, timeout=timeout, cooldown=cooldown, lifespan=lifespan)
        self._body = b""
        # The time of the last attempt for an unknown key.
        self._asked = -inf
        self._provider: Provider | None = None

    @classmethod
    def discover(cls, issuer: str, *, timeout: float = 5.0, cooldown: float = 30.0, lifespan: float = 3600.0) -> Self:
        """Return the keys of an OpenID provider: ``JWKS.discover("https://id.example.org")``.

        Their URL is the ``jwks_uri`` of ``/.well-known/openid-configuration`` of the issuer (OpenID Connect Discovery
        1.0, section 4), whose ``issuer`` must be equal. A ``JWT`` with these keys accepts tokens of this issuer only.
        """
        return cls.of(Provider(issuer, timeout=timeout, cooldown=cooldown, lifespan=lifespan))

    @classmethod
    def of(cls, provider: Provider) -> Self:
        """Return the keys of a provider whose configuration is fetched by another object too."""
        keys = cls(provider.url, **provider.times)
        keys._provider = provider
        return keys

    def __repr__(self) -> str:
        return f"JWKS({self._url!r})" if self._provider is None else f"JWKS.discover({self._provider.issuer!r})"

    @property
    def issuer(self) -> str | None:
        """The issuer whose keys were discovered."""
        return None if self._provider is None else self._provider.issuer

    @property
    def openid_url(self) -> str | None:
        """The URL of the configuration of the provider, if its keys were discovered."""
        return None if self._provider is None else self._url

    @property
    def subject(self) -> str:
        """What is fetched, for messages."""
        return f"The keys of {self._url if self._provider is None else self._provider.issuer}"

    @property
    def missing(self) -> str:
        """The detail of the error while there are no keys."""
        return "The keys that verify tokens are not available"

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in the options, and a hint; ``None`` if they are valid."""
        return self._mistake("JWKS") if self._provider is None else self._provider.mistake("JWKS.discover")

    async def ring(self, kid: str | None) -> KeyRing:
        """Return the keys; fetch them first if they are too old or do not have the named key.

        Raises ServiceUnavailable as long as no attempt has succeeded.
        """
        begun = clock.monotonic()
        ring, waited = await self._refreshed()
        if kid is None or kid in ring or waited:
            return ring
        await self._search(begun)
        return self._kept or ring

    async def _search(self, now: float) -> None:
        """Fetch the keys for a token that names an unknown key, unless that was done a short time ago."""
        if not self._is_flying():
            if now - self._asked < self._cooldown:
                return
            self._asked = now
        await asyncio.shield(self._start())

    async def load(self) -> KeyRing:
        """Fetch the keys."""
        url = self._url if self._provider is None else (await self._provider.current()).jwks_uri
        body = await fetch(url)
        # The same object shows that nothing has changed.
        ring = self._kept if body == self._body and self._kept is not None else _ring_of(body)
        self._body = body
        return ring


def _ring_of(body: bytes) -> KeyRing:
    ring = KeyRing(import_set(msgspec.json.decode(body, type=_Published).keys))
    if not ring.keys:
        raise ValueError("there is no key in it that can be used")
    return ring
