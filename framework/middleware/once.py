"""Executes requests with the same key once, and repeats the response: the steps of Idempotency."""

import asyncio
import logging
import secrets
from functools import partial
from hashlib import sha256
from typing import Any

from aiohttp import hdrs, web
from msgspec import Struct
from msgspec.structs import replace

from framework.http_errors import ServiceUnavailable
from framework.layers import After, Before, headers_of, target_of
from framework.limits import Limits
from framework.middleware.claims import Claim, Work
from framework.middleware.clients import Clients, digest
from framework.middleware.idempotency_keys import KeyReused, RequestInProgress, ResponseNotKept, read_key
from framework.middleware.quiet import QuietWarnings
from framework.middleware.stored_responses import StoredResponse, decode, encode, keep_response
from framework.requests import read_body
from framework.stores import Store, StoreError

__all__ = ("Once",)

_LOGGER = logging.getLogger("framework.middleware")
_ATTEMPTS = 3
"""How often a key is claimed that expires at that moment."""
_FAILED = 500
_TOO_MANY = 429
_AGAIN = {"Retry-After": "1"}


class _Record(Struct, frozen=True, array_like=True):
    """What is stored under a key: a claim, and later the response."""

    fingerprint: bytes
    token: bytes
    """Identifies the request that has claimed the key."""
    done: bool = False
    response: StoredResponse | None = None


class _Running:
    """A request that has claimed its key."""

    def __init__(self, key: str, record: _Record, claim: Claim) -> None:
        self.key = key
        self.record = record
        self.claim = claim
        self.is_settled = False


class Once:
    """Executes the requests of one route."""

    def __init__(
        self,
        store: Store,
        clients: Clients,
        *,
        ttl: float,
        lock_ttl: float,
        limits: Limits,
        warnings: QuietWarnings,
    ) -> None:
        self._limits = limits
        self._store = store.namespace("idempotency")
        self._ttl = ttl
        self._lock_ttl = lock_ttl
        self._clients = clients
        self._running: dict[str, bytes] = {}
        """The fingerprints of the requests that this process executes now."""
        self._state = web.RequestKey("framework.idempotency", _Running)
        self._warnings = warnings
        self.work = Work()

    def steps(self, *, required: bool, closed: bool) -> tuple[Before, After]:
        """Return the steps before and after the handler."""

        async def before(request: web.Request) -> web.StreamResponse | None:
            key = read_key(request, required=required)
            if key is None:
                return None
            try:
                return await self._begin(request, key)
            except StoreError as error:
                self._warn(error, "refused (503)" if closed else "executed without protection")
                if closed:
                    raise ServiceUnavailable("Repeated requests cannot be recognized now", headers=_AGAIN) from error
                return None

        return before, self._end

    async def _begin(self, request: web.Request, given: str) -> web.StreamResponse | None:
        """Claim the key of a request; return the stored response if it was executed before."""
        path, _, query = target_of(request).partition("?")
        # A route without a body has not read it.
        body = await read_body(request, self._limits)
        key = digest(("key", request.method, request.scheme, request.host, path, given, *self._clients(request)))
        fingerprint = _fingerprint(request, query, body)
        for _ in range(_ATTEMPTS):
            if key in self._running:
                raise _refusal(self._running[key], fingerprint)
            if await self._claim(request, key, fingerprint):
                return None
            found = decode(await self._store.get(key), _Record)
            if found is not None:
                return _answer(found, fingerprint)
        raise RequestInProgress("A request with the same key is in progress", headers=_AGAIN)

    async def _claim(self, request: web.Request, key: str, fingerprint: bytes) -> bool:
        record = _Record(fingerprint, secrets.token_bytes(16))
        claim = Claim(self._store, key, encode(record), ttl=self._lock_ttl, work=self.work)
        if not await claim.take():
            return False
        request[self._state] = running = _Running(key, record, claim)
        self._running[key] = fingerprint
        # Each request has a task of its own, which ends with it, however it ends.
        task: Any = asyncio.current_task()
        task.add_done_callback(partial(self._ended, running))
        return True

    async def _end(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        running = request.get(self._state)
        if running is not None and not running.is_settled:
            running.is_settled = True
            if response.status >= _FAILED or response.status == _TOO_MANY:
                await self.work.finish(self._release(running))
            else:
                await self.work.finish(self._complete(running, keep_response(response)))
        return response

    def _ended(self, running: _Running, task: "asyncio.Task[Any]") -> None:
        """Settle what ended without a response that could be stored."""
        if running.is_settled:
            return
        running.is_settled = True
        if task.cancelled() or task.exception() is not None:
            # The handler was interrupted, and its services have seen that.
            self.work.start(self._release(running))
        else:
            # The handler has sent its response itself.
            self.work.start(self._complete(running, None))

    async def _complete(self, running: _Running, response: StoredResponse | None) -> None:
        try:
            await self._write(running, response)
        except ValueError as error:
            _LOGGER.warning("The response to a request with an Idempotency-Key cannot be stored: %s", error)
            await self._complete(running, None)
        except StoreError as error:
            self._warn(error, "not repeated")
        finally:
            self._running.pop(running.key, None)

    async def _write(self, running: _Running, response: StoredResponse | None) -> None:
        done = replace(running.record, done=True, response=response)
        if not await running.claim.complete(encode(done), ttl=self._ttl):
            _LOGGER.warning("A request with an Idempotency-Key has ended after its key has expired")

    async def _release(self, running: _Running) -> None:
        try:
            await running.claim.release()
        except StoreError as error:
            self._warn(error, "not released")
        finally:
            self._running.pop(running.key, None)

    def _warn(self, error: StoreError, happens: str) -> None:
        text = "The store of Idempotency cannot be reached: requests with a key are %s. %s"
        self._warnings.warn(text, happens, error)


def _fingerprint(request: web.Request, query: str, body: bytes) -> bytes:
    content_type = headers_of(request).get(hdrs.CONTENT_TYPE, "")
    return bytes.fromhex(digest((query, content_type, sha256(body).hexdigest())))


def _refusal(known: bytes, fingerprint: bytes) -> Exception:
    if known != fingerprint:
        return KeyReused("The Idempotency-Key was used for another request")
    return RequestInProgress("A request with the same key is in progress", headers=_AGAIN)


def _answer(found: _Record, fingerprint: bytes) -> web.StreamResponse:
    """Return the response of a request that was executed; raises if it is not this one, or has not ended."""
    if found.fingerprint != fingerprint or not found.done:
        raise _refusal(found.fingerprint, fingerprint)
    if found.response is None:
        raise ResponseNotKept("The request was executed, and its response cannot be repeated")
    response = found.response.response()
    response.headers["Idempotency-Replayed"] = "true"
    return response
