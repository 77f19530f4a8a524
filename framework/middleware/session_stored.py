"""Sessions in a store, under an id that only the cookie has."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec
from aiohttp import web
from msgspec import Raw
from msgspec.structs import replace

from framework import clock
from framework.http_errors import ServiceUnavailable
from framework.middleware.session import Found, Record, Session, State
from framework.middleware.session_keeper import BaseKeeper, accept, state_of
from framework.middleware.session_owners import Owners
from framework.middleware.session_values import Values
from framework.stores import Store, StoreError

__all__ = ("Fail", "StoredKeeper")

T = TypeVar("T")
Fail: TypeAlias = Literal["open", "closed"]
Owner: TypeAlias = Callable[[Any], str | int | None]

_LOGGER = logging.getLogger("framework.middleware")
_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_TRIES = 20
_QUIET = 60.0
"""Seconds between two warnings that the store cannot be reached."""
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Record)
_MEANINGS = {"open": "requests get new sessions that are not stored", "closed": "requests are refused (503)"}


class StoredKeeper(BaseKeeper[T]):
    """Keeps sessions in a store, under the digest of their id: a copy of the store opens no session."""

    def __init__(
        self,
        values: Values[T],
        store: Store,
        *,
        cookie: str,
        idle: float,
        absolute: float,
        owner: Owner | None,
        fail: Fail,
    ) -> None:
        super().__init__(values, cookie=cookie, idle=idle, absolute=absolute)
        own = store.namespace("sessions").namespace(cookie)
        self._store = own.namespace("id")
        self._owner = owner
        self._owners = Owners(own.namespace("owner"), self._store, absolute)
        self._fail = fail
        self._quiet_until = 0.0
        self.failures = 0

    async def open(self, request: web.Request) -> Session[T]:
        """Return the session of a request; raises ServiceUnavailable."""
        try:
            return self._session(await self._find(request))
        except StoreError as error:
            self._report(error)
            if self._fail == "closed":
                raise _unavailable() from error
        session = self._session(None)
        state_of(session).gone = True
        return session

    async def _find(self, request: web.Request) -> Found | None:
        now = clock.time()
        for text in self._candidates(request):
            if not _ID.fullmatch(text):
                continue
            stored = await self._store.get(digest(text))
            record = None if stored is None else _read(stored)
            if record is None or stored is None:
                continue
            if self._is_valid(record, now):
                return Found(text, record, stored)
            await self._store.delete(digest(text))
        return None

    async def settle(self, session: Session[Any], now: float) -> str | None:
        """Write the session; return the new cookie, empty to delete it, ``None`` to leave it."""
        state = state_of(session)
        try:
            return await self._settle(session, state, now)
        except StoreError as error:
            self._report(error)
            # A session that would only be prolonged is complete without that.
            if self._fail == "closed" and (state.dropped or state.new_id or self.is_changed(session)):
                raise _unavailable() from error
        return None

    async def _settle(self, session: Session[Any], state: State, now: float) -> str | None:
        for one in state.dropped:
            await self._store.delete(digest(one.id))
        found = state.found
        if found is None:
            return await self._create(session, now) if self.is_changed(session) else "" if state.dropped else None
        if state.new_id:
            return await self._create(session, now, found)
        await self._write(session, found, now)
        return None

    async def _create(self, session: Session[Any], now: float, old: Found | None = None) -> str | None:
        """Store a session under a new id, in place of the old one; ``None`` if another request has ended it."""
        state = state_of(session)
        made = state.new_id = state.new_id or self.make_id()
        owner = self._owner_of(session.value)
        key, record = digest(made), self._record(session, now, owner=owner)
        await self._owners.enlist(owner, key, now)
        # Of two that renew a session at once, one does; and a session that was ended does not come back.
        if old is not None and not await self._store.delete(digest(old.id)):
            return None
        await self._store.add(key, _encode(record), ttl=self.lasting(now, record))
        if await self._owners.has(owner, key):
            return made
        # end_others() has run since it was put into the list.
        await self._store.delete(key)
        return None

    async def _write(self, session: Session[Any], found: Found, now: float) -> None:
        """Write a session that exists, unless it was ended meanwhile; a change of another request is logged."""
        key, changed = digest(found.id), self.is_changed(session)
        made = await self._next(found.record, session.value, key, now) if changed else replace(found.record, used=now)
        lost, stored = False, found.stored
        for _ in range(_TRIES):
            if await self._store.replace(key, _encode(made), ttl=self.lasting(now, made), expected=stored):
                break
            current = await self._store.get(key) if changed else None
            other = None if current is None else _read(current)
            if other is None or current is None:
                return
            stored, lost = current, lost or other.revision != found.record.revision
            made = replace(made, revision=other.revision + 1)
        else:
            raise StoreError("a session is written by too many requests at once")
        if lost:
            text = "%s: two requests have changed one session at once, and the last one wins; use update()"
            _LOGGER.warning(text, self._label)

    async def _next(self, record: Record, value: Any, key: str, now: float) -> Record:
        """Return the record with another value; a session that gets an owner is in the list of the owner first."""
        owner = self._owner_of(value)
        if owner != record.owner:
            await self._owners.enlist(owner, key, now)
        encoded = Raw(self.values.encode(value))
        return replace(record, used=now, revision=record.revision + 1, owner=owner, value=encoded)

    async def update(self, session: Session[Any], change: Callable[[Any], Any]) -> None:
        """Change the stored value until no other request has written meanwhile."""
        state = state_of(session)
        if state.found is None:
            return
        id_, now = state.found.id, clock.time()
        key = digest(id_)
        with self._reaching():
            for _ in range(_TRIES * 10):
                stored = await self._store.get(key)
                record = None if stored is None else _read(stored)
                if record is None or stored is None:
                    state.gone = True
                    return
                value = change(self.values.decode(record.value))
                made = await self._next(record, value, key, now)
                if await self._store.replace(key, text := _encode(made), ttl=self.lasting(now, made), expected=stored):
                    accept(session, value, Found(id_, made, text))
                    return
            raise StoreError("a session is written by too many requests at once")

    async def end_others(self, session: Session[Any]) -> int:
        """End all other sessions of the owner."""
        if self._owner is None:
            raise RuntimeError(f"{self._label}: end_others() requires owner=, a function of the value")
        state = state_of(session)
        own = {digest(one) for one in (state.new_id, state.found.id if state.found else "") if one}
        with self._reaching():
            return await self._owners.end_others(self._owner_of(session.value), own)

    def _owner_of(self, value: Any) -> str | None:
        owner = None if self._owner is None else self._owner(value)
        return None if owner is None else f"{type(owner).__name__} {owner}"

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            self._report(error)
            raise _unavailable() from error

    def _report(self, error: StoreError) -> None:
        self.failures += 1
        now = clock.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET
            text = "The store of %s cannot be reached: %s. %s"
            _LOGGER.warning(text, self._label, _MEANINGS[self._fail], error)


def digest(text: str) -> str:
    """Return the key of an id."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read(stored: bytes) -> Record | None:
    """Return a stored record; ``None`` for what another release, or a hand, has stored."""
    try:
        return _decoder.decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _unavailable() -> ServiceUnavailable:
    return ServiceUnavailable("The session cannot be read or written now", headers={"Retry-After": "1"})
