"""Counts requests for a RateLimit: charges a store, refuses requests, and adds the headers with what is left."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Any, Literal, TypeAlias

from aiohttp import web

from framework import clock
from framework.http_errors import ServiceUnavailable
from framework.layers import Steps
from framework.middleware.policies import QuotaExceeded, item_of, read_policies
from framework.responses import ResponseHeader
from framework.routing import RouteInfo
from framework.stores import MemoryStore, Reservation, Store, StoreError

__all__ = ("DESCRIBED", "Cost", "Counter", "Fail", "Key", "Refund", "awaited", "checked_key")

_LOGGER = logging.getLogger("framework.middleware")
_REMEMBERED = 256
_QUIET = 60.0
"""Seconds between two warnings that the store cannot be reached."""
_COROUTINE = 0x80
"""The flag of the code of an ``async def``."""
_POLICY, _LIMIT = "RateLimit-Policy", "RateLimit"
DESCRIBED = {
    _POLICY: "The limits: `q` requests in `w` seconds each (draft-ietf-httpapi-ratelimit-headers).",
    _LIMIT: "What is left of the limit that is nearest: `r` requests; more come back in `t` seconds.",
}
_HAPPENS = {"open": "admitted without a limit", "closed": "refused (503)"}

Key: TypeAlias = Callable[..., str | Awaitable[str | None] | None]
Cost: TypeAlias = int | Callable[[web.Request], int]
Refund: TypeAlias = Callable[[web.StreamResponse], bool]
Fail: TypeAlias = Literal["open", "closed"]


class Counter:
    """Counts the requests of one RateLimit in one process."""

    def __init__(
        self,
        limits: Sequence[str],
        *,
        key: Key,
        cost: Cost,
        refund: Refund | None,
        store: Store,
        fail: Fail,
        name: str,
    ) -> None:
        self._limits = limits
        self._key = key
        self._cost = cost
        self._refund = refund
        self._fail = fail
        self._name = name
        self._policies = read_policies(limits)
        self._quotas = tuple(one.quota for one in self._policies)
        self._fields = ", ".join(one.field for one in self._policies)
        # Beside those of another RateLimit: clients read all lines as one list.
        self._header = ResponseHeader(_LIMIT, plain=True, beside={_POLICY: self._fields})
        self._root = store.namespace("rate-limit")
        self._store = self._root
        self._settled = False
        self._state = web.RequestKey("framework.rate_limit", tuple[Reservation, str, int])
        self._quiet_until = 0.0
        self.failures = 0
        """The number of requests that the store could not count."""

    def settle(self, route: RouteInfo | None, number: int) -> None:
        """Choose the namespace: by the name if there is one, otherwise by the first covered route of the app.

        ``number`` is that among the limits around the route that are equal, and therefore would share a namespace.
        """
        # The processes of an application have the same routes in the same order.
        if route is None or self._settled:
            return
        self._settled = True
        place = f"{route.method} {route.template}" + (f" {number + 1}" if number else "")
        own = self._root.namespace(self._name or place)
        self._store = own.namespace(",".join(one.name for one in self._policies))

    def steps(self, *, preflights: bool) -> Steps:
        """Return the steps that count a request on its way in and add the headers on the way out."""
        plain = isinstance(self._root, MemoryStore) and isinstance(self._cost, int) and len(self._quotas) == 1
        if plain and not preflights and self._refund is None and not _may_be_async(self._key):
            return self._plain_steps()
        return Steps(before=self._count, after=self._show if self._refund is None else self._show_refunded)

    def _plain_steps(self) -> Steps:
        """Return the steps for one limit in memory, which never wait."""
        # PERF: a fifth of the time of the other steps.
        key, cost, (quota,), add = self._key, self._cost, self._quotas, self._header.add
        store: Any = self._store
        take = store.taker(quota, cost)
        begin, ends = f'"{self._policies[0].name}";r=', _Ends()

        def count(request: web.Request) -> Any:
            found: Any = key(request)
            if found is None:
                return None
            taken = take(found if found.__class__ is str else checked_key(found))
            if taken is None:
                made = store.reserve_now(found, self._quotas, cost)
                # Units may have come back since then; now they are charged.
                if not made.admitted:
                    raise self._refusal(made)
                return made.states[0].remaining, made.states[0].reset
            return taken

        def show(_: web.Request, response: web.StreamResponse, taken: Any) -> web.StreamResponse:
            if taken is not None:
                add(response, f"{begin}{taken[0]}{ends[ceil(taken[1])]}")
            return response

        return Steps(before=count, after=show, keeps=True)

    async def _count(self, request: web.Request) -> None:
        # A preflight is sent by the browser, without the client's credentials.
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return
        key = await awaited(self._key(request))
        if key is None:
            return
        cost = self._cost if isinstance(self._cost, int) else self._cost(request)
        made = await self.take(key, cost)
        if made is not None:
            request[self._state] = made, key, cost

    async def take(self, key: str, cost: int) -> Reservation | None:
        """Charge a key; raises QuotaExceeded, or ServiceUnavailable. ``None`` if the store cannot be reached."""
        try:
            made = await self._store.reserve(checked_key(key), self._quotas, cost)
        except StoreError as error:
            self._report(error)
            if self._fail == "closed":
                raise ServiceUnavailable("Requests cannot be counted now", headers={"Retry-After": "1"}) from error
            return None
        if not made.admitted:
            raise self._refusal(made)
        return made

    def _refusal(self, made: Reservation) -> QuotaExceeded:
        item, seconds = item_of(self._policies, made)
        pairs = zip(self._policies, made.states, strict=True)
        return QuotaExceeded(
            f"Try again in {seconds} s",
            headers={_POLICY: self._fields, _LIMIT: item, "Retry-After": str(seconds)},
            violated_policies=tuple(policy.name for policy, state in pairs if state.exceeded),
        )

    def _report(self, error: StoreError) -> None:
        self.failures += 1
        now = clock.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET
            named = ", ".join(map(repr, self._limits))
            text = "The store of RateLimit(%s) cannot be reached: requests are %s. %s"
            _LOGGER.warning(text, named, _HAPPENS[self._fail], error)

    def _show(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        found = request.get(self._state)
        if found is not None:
            self._header.add(response, item_of(self._policies, found[0])[0])
        return response

    async def _show_refunded(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Add the headers; first give the request back if its response requires that."""
        found, refund = request.get(self._state), self._refund
        if found is not None and refund is not None:
            made, key, cost = found
            returned = cost if refund(response) and await self._give_back(key, made, cost) else 0
            self._header.add(response, item_of(self._policies, made, returned=returned)[0])
        return response

    async def _give_back(self, key: str, made: Reservation, cost: int) -> bool:
        try:
            await self._store.refund(key, self._quotas, made, cost)
        except StoreError as error:
            self._report(error)
            return False
        return True


class _Ends(dict[int, str]):
    """Maps seconds to the end of a header; windows are long, but only a few values are used at a time."""

    def __missing__(self, seconds: int) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        end = self[seconds] = f";t={seconds}"
        return end


def checked_key(key: Any) -> str:
    """Return a key; raises TypeError unless it is a string, because other values would seldom be equal."""
    if not isinstance(key, str):
        raise TypeError(f"the key of a RateLimit is of {type(key).__qualname__}; return a string, or None for no limit")
    return key


async def awaited(value: Any) -> Any:
    """Return a value; if it is awaitable, its result."""
    # PERF: isinstance() with an ABC is a function in Python.
    return await value if hasattr(value, "__await__") else value


def _may_be_async(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is None or bool(code.co_flags & _COROUTINE)
