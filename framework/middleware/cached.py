"""The steps of ResponseCache: a response is looked up, or computed by one request for all that wait for it."""

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Any

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from framework import clock
from framework.caching import ETag, evaluate, http_date, parse_http_date
from framework.layers import headers_of, remove_headers, repeat
from framework.middleware.cache_places import Entry, Place, Places, target_key
from framework.middleware.claims import Claim, Work
from framework.middleware.quiet import QuietWarnings
from framework.middleware.storing import Rules, storable
from framework.responses import Response, not_modified
from framework.stores import StoreError

__all__ = ("Cached",)

_LOCK = 10.0
"""Seconds after which another process may compute a response if the process that computes it dies."""
_PAUSES = (0.01, 0.02, 0.05, 0.1)
"""Seconds between attempts to claim a response that another process computes; the last one is repeated."""
_OK, _FAILED = 200, 500
# Conditions and ranges that only the handler can evaluate (RFC 9110, section 13.1).
_BYPASSING = (hdrs.IF_MATCH, hdrs.IF_UNMODIFIED_SINCE, hdrs.IF_RANGE, hdrs.RANGE)
_CONDITIONS = (hdrs.IF_NONE_MATCH, hdrs.IF_MODIFIED_SINCE)


class _Outcome(Enum):
    """How the computation of a response has ended, for the requests that wait for it."""

    STORED = "stored"
    PASSED = "passed"
    """It may not be stored: all others compute their own."""
    FAILED = "failed"
    """One of the others computes it."""


class _Leader:
    """A request that computes a response for others."""

    def __init__(self, place: Place, flight: "asyncio.Future[_Outcome]", claim: Claim) -> None:
        self.place = place
        self.flight = flight
        self.claim = claim
        self.conditions: CIMultiDictProxy[str] | None = None
        """The headers of a conditional request; its handler makes the whole response."""
        self.is_settled = False


class Cached:
    """Caches the responses of one route."""

    def __init__(self, places: Places, rules: Rules, *, wait: float, warnings: QuietWarnings) -> None:
        self._places = places
        self._rules = rules
        self._wait = wait
        self._flights: dict[str, asyncio.Future[_Outcome]] = {}
        self._refreshed: set[str] = set()
        """The keys of the responses that are computed behind stale ones."""
        self._state = web.RequestKey("framework.response_cache", _Leader)
        self._refreshing = web.RequestKey("framework.response_cache.refreshing", bool)
        self._warnings = warnings
        self.work = Work()

    async def before(self, request: web.Request) -> web.StreamResponse | None:
        """Return the stored response; ``None`` if this request has to compute it."""
        headers = headers_of(request)
        if any(name in headers for name in _BYPASSING) or request.can_read_body:
            return None
        try:
            return await self._look(request)
        except StoreError as error:
            self._warn(error)
            return None

    async def after(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Store the response if this request has computed it for others."""
        leader = request.get(self._state)
        if leader is None or leader.is_settled:
            return response
        leader.is_settled = True
        await self.work.finish(self._settle(leader, request, response))
        return response if leader.conditions is None else _conditional(leader.conditions, response)

    async def forget(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Remove the responses of a target that a request has changed (RFC 9111, section 4.4)."""
        if response.status < 400:  # noqa: PLR2004  not an error
            try:
                await self._places.store.delete(target_key(request))
            except StoreError as error:
                self._warn(error)
        return response

    async def _look(self, request: web.Request) -> web.StreamResponse | None:
        deadline = _now() + self._wait
        while True:
            place = await self._places.find(request)
            found = await self._stored(request, place)
            if found is not None or request.method == hdrs.METH_HEAD:
                return found
            flight = self._flights.get(place.key)
            if flight is None:
                outcome = await self._lead(request, place, deadline)
            else:
                await asyncio.wait((flight,), timeout=max(0.0, deadline - _now()))
                outcome = flight.result() if flight.done() else _Outcome.PASSED
            if outcome is None or outcome is _Outcome.PASSED:
                return None

    async def _stored(self, request: web.Request, place: Place) -> web.StreamResponse | None:
        """Return the stored response if it is fresh, or stale and being refreshed."""
        entry = await self._places.read(place)
        if entry is None:
            return None
        age = max(0.0, clock.time() - entry.made)
        if age < entry.lifetime:
            return _response_of(entry, request, age)
        if age >= entry.lifetime + entry.stale or request.get(self._refreshing):
            return None
        if request.method == hdrs.METH_GET and place.key not in self._refreshed:
            self._refreshed.add(place.key)
            self.work.start(self._refresh(request, place), is_optional=True)
        return _response_of(entry, request, age)

    async def _lead(self, request: web.Request, place: Place, deadline: float) -> _Outcome | None:
        """Let this request compute the response, ``None``; or return what another process has done."""
        flight = self._flights[place.key] = asyncio.get_running_loop().create_future()
        token = secrets.token_bytes(16)
        claim = Claim(self._places.store, f"lock:{place.key}", token, ttl=_LOCK, work=self.work)
        outcome: _Outcome | None = _Outcome.FAILED
        try:
            outcome = await self._claim(claim, request, place, deadline)
        except StoreError:
            outcome = _Outcome.PASSED
            raise
        finally:
            if outcome is not None:
                self._land(place, flight, outcome)
        if outcome is None:
            request[self._state] = leader = _Leader(place, flight, claim)
            # Each request has a task of its own, which ends with it, however it ends.
            task: Any = asyncio.current_task()
            task.add_done_callback(partial(self._ended, leader))
            if any(name in headers_of(request) for name in _CONDITIONS):
                leader.conditions = headers_of(request)
                remove_headers(request, _CONDITIONS)
        return outcome

    async def _claim(self, claim: Claim, request: web.Request, place: Place, deadline: float) -> _Outcome | None:
        """Claim the response among all processes; ``None`` if this one has to compute it."""
        attempt = 0
        while not await claim.take():
            pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
            if _now() + pause > deadline:
                return _Outcome.PASSED
            await asyncio.sleep(pause)
            attempt += 1
        try:
            # Another process may have stored it before the claim.
            now = await self._places.find(request)
            if now == place and await self._fresh(now) is None:
                return None
        except BaseException:
            self.work.start(_quietly(claim))
            raise
        await _quietly(claim)
        return _Outcome.STORED

    async def _fresh(self, place: Place) -> Entry | None:
        entry = await self._places.read(place)
        return None if entry is None or clock.time() - entry.made >= entry.lifetime else entry

    async def _settle(self, leader: _Leader, request: web.Request, response: web.StreamResponse) -> None:
        outcome = _Outcome.FAILED
        try:
            if response.status < _FAILED:
                outcome = await self._store(leader.place, request, response)
        except (StoreError, ValueError) as error:
            self._warn(error)
            outcome = _Outcome.PASSED
        finally:
            await _quietly(leader.claim)
            self._land(leader.place, leader.flight, outcome)

    async def _store(self, place: Place, request: web.Request, response: web.StreamResponse) -> _Outcome:
        found = storable(request, response, self._rules)
        if found is None:
            return _Outcome.PASSED
        now = clock.time()
        kept = found.response.with_header(hdrs.DATE, http_date(datetime.fromtimestamp(now, UTC)))
        entry = Entry(now, found.lifetime, found.stale, place.tags, kept)
        is_stored = await self._places.write(request, place, entry, found.vary)
        return _Outcome.STORED if is_stored else _Outcome.FAILED

    def _ended(self, leader: _Leader, _: "asyncio.Task[Any]") -> None:
        """Let another request compute the response if this one was cancelled, or has sent its response itself."""
        if not leader.is_settled:
            leader.is_settled = True
            self.work.start(_quietly(leader.claim))
            self._land(leader.place, leader.flight, _Outcome.FAILED)

    def _land(self, place: Place, flight: "asyncio.Future[_Outcome]", outcome: _Outcome) -> None:
        self._flights.pop(place.key, None)
        flight.set_result(outcome)

    async def _refresh(self, request: web.Request, place: Place) -> None:
        """Compute a response anew, behind the request that gets the stale one."""
        request[self._refreshing] = True
        try:
            await repeat(request)
        finally:
            self._refreshed.discard(place.key)

    def _warn(self, error: StoreError | ValueError) -> None:
        self._warnings.warn("The store of ResponseCache cannot be used: responses are not cached. %s", error)


def _response_of(entry: Entry, request: web.Request, age: float) -> web.StreamResponse:
    response = entry.response.response()
    headers = response.headers
    before = headers.get(hdrs.AGE, "")
    headers[hdrs.AGE] = str(int(age) + (int(before) if before.isdecimal() else 0))
    known = headers_of(request)
    is_conditional = hdrs.IF_NONE_MATCH in known or hdrs.IF_MODIFIED_SINCE in known
    return _conditional(known, response) if is_conditional else response


def _conditional(headers: CIMultiDictProxy[str], response: web.StreamResponse) -> web.StreamResponse:
    """Return a 304 if a client has the response already (RFC 9111, section 4.3.2), otherwise the response."""
    tag, modified = response.headers.get(hdrs.ETAG), parse_http_date(response.headers.get(hdrs.LAST_MODIFIED))
    if response.status != _OK or not isinstance(response, Response) or (tag is None and modified is None):
        return response
    with suppress(ValueError):
        etag = None if tag is None else ETag.of(tag)
        if evaluate(hdrs.METH_GET, headers, etag, modified) != _OK:
            return not_modified(response)
    return response


async def _quietly(claim: Claim) -> None:
    with suppress(StoreError):
        await claim.release()


def _now() -> float:
    return asyncio.get_running_loop().time()
