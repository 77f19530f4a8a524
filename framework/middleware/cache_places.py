"""Where a cache stores responses: under keys of the target, its representation and its client; tags remove them.

Each target has a record with a random token; the keys of its responses contain the token. Deleting the record makes all
of them unreachable, also those that are computed at that moment. Each tag has a random token as well, which is stored
with each response that has the tag: deleting the token makes these responses invalid.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from aiohttp import web
from msgspec import Struct

from framework.layers import is_secure, plain_host, prefix_of, target_of
from framework.middleware.clients import Clients, digest, header_parts
from framework.middleware.shared_reads import reader_of
from framework.middleware.stored_responses import StoredResponse, decode, encode
from framework.stores import Store, StoreError

__all__ = ("Cache", "Entry", "Place", "Places", "namespace_of", "target_key")

_MARGIN = 60.0
"""Seconds that a record lives longer than its responses."""
_DAY = 86_400.0
"""The least number of seconds that the token of a tag lives."""
_ATTEMPTS = 3


class _Record(Struct, frozen=True, array_like=True):
    """What is known of a target: its token, and the request headers that its responses depend on."""

    token: bytes
    vary: tuple[str, ...]


class Entry(Struct, frozen=True, array_like=True):
    """A stored response."""

    made: float
    """When it was made, in seconds since 1970."""
    lifetime: float
    stale: float
    tags: tuple[bytes, ...]
    response: StoredResponse


class Place(NamedTuple):
    """Where the response to a request is stored."""

    target: str
    record: bytes
    """The record of the target, as it is stored."""
    key: str
    tags: tuple[bytes, ...]


def namespace_of(store: Store) -> Store:
    """Return the view of a store that all caches use."""
    return store.namespace("response-cache")


class Cache:
    """Removes stored responses: ``await cache.invalidate("orders")``; a service of every app with a ResponseCache."""

    __module__ = "framework.middleware"

    def __init__(self, stores: Iterable[Store] = ()) -> None:
        self._stores = [*stores]

    def add(self, store: Store) -> None:
        """Remove responses from a further store."""
        if store not in self._stores:
            self._stores.append(store)

    async def invalidate(self, *tags: str) -> None:
        """Remove all responses with one of the tags, in all processes that share the store.

        Responses that are being computed at that moment are not stored. Raises StoreError.
        """
        for store in self._stores:
            view = namespace_of(store)
            await asyncio.gather(*(view.delete(_tag_key(one)) for one in dict.fromkeys(tags)))


class Places:
    """Finds places in the store of a cache."""

    def __init__(
        self,
        store: Store,
        *,
        names: Sequence[str],
        clients: Clients,
        tags: Callable[[web.Request], Iterable[str]],
        lifetime: float,
    ) -> None:
        self.store = namespace_of(store)
        self._read = reader_of(self.store)
        self._names = names
        self._clients = clients
        self._tags = tags
        self._lifetime = lifetime + _MARGIN

    async def find(self, request: web.Request) -> Place:
        """Return the place of the response to a request. Raises StoreError."""
        target = target_key(request)
        raw = await self._get_or_add(target, lambda: encode(_Record(secrets.token_bytes(16), ())), self._lifetime)
        record = decode(raw, _Record) or _Record(raw, ())
        tags = [self._token(one) for one in dict.fromkeys(self._tags(request))]
        return Place(target, raw, self._key(request, record), tuple(await asyncio.gather(*tags)) if tags else ())

    async def read(self, place: Place) -> Entry | None:
        """Return the response at a place, ``None`` if there is none. Raises StoreError."""
        entry = decode(await self._read(place.key), Entry)
        return None if entry is None or entry.tags != place.tags else entry

    async def write(self, request: web.Request, place: Place, entry: Entry, vary: Iterable[str]) -> bool:
        """Store a response that depends on some headers; return whether the place is still valid. Raises StoreError."""
        known = decode(place.record, _Record) or _Record(place.record, ())
        record = _Record(known.token, tuple(sorted({*known.vary, *vary})))
        await self.store.set(self._key(request, record), encode(entry), ttl=entry.lifetime + entry.stale)
        # Now it can be found. The record is not there any more if the target was changed in the meantime.
        raw = place.record if record.vary == known.vary else encode(record)
        return await self.store.replace(place.target, raw, ttl=self._lifetime, expected=place.record)

    async def _token(self, tag: str) -> bytes:
        return await self._get_or_add(_tag_key(tag), lambda: secrets.token_bytes(16), max(_DAY, self._lifetime))

    async def _get_or_add(self, key: str, make: Callable[[], bytes], ttl: float) -> bytes:
        for _ in range(_ATTEMPTS):
            found = await self._read(key)
            if found is not None:
                return found
            made = make()
            if await self.store.add(key, made, ttl=ttl):
                return made
        raise StoreError("a value is deleted again and again")

    def _key(self, request: web.Request, record: _Record) -> str:
        names = (*self._names, *record.vary)
        parts = (record.token.hex(), str(len(names)), *names, *header_parts(request, names), *self._clients(request))
        return f"response:{digest(parts)}"


def target_key(request: web.Request) -> str:
    """Return the key of the target of a request."""
    # PERF: request.scheme and request.host make objects that most requests do not have.
    scheme = "https" if is_secure(request) else "http"
    host = plain_host(request) or request.host
    return f"target:{digest((scheme, host.lower(), prefix_of(request), target_of(request)))}"


def _tag_key(tag: str) -> str:
    return f"tag:{tag}"
