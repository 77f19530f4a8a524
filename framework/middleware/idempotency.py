"""Requests that are executed once, however often a client repeats them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from aiohttp import web

from framework.errors import InvalidLayerError
from framework.http_errors import BadRequest, ServiceUnavailable
from framework.layers import Layer, Steps
from framework.middleware.clients import clients_of
from framework.middleware.counting import Fail
from framework.middleware.idempotency_keys import HEADER, KeyReused, RequestInProgress, ResponseNotKept
from framework.middleware.once import Once
from framework.middleware.quiet import QuietWarnings
from framework.option_errors import explained_class
from framework.routing import RouteInfo
from framework.stores import MemoryStore, Store

__all__ = ("Idempotency",)

_METHODS = ("POST", "PATCH")
_DAY = 86_400
_REPLAYED = "Idempotency-Replayed"


@explained_class("Idempotency", "Idempotency(ttl=86400)")
@dataclass(frozen=True, kw_only=True, eq=False)
class Idempotency(Layer):
    """Executes each POST and PATCH with an ``Idempotency-Key`` once, and repeats its response to repeated requests.

    draft-ietf-httpapi-idempotency-key-header. Of several instances around a route, only the innermost applies.
    """

    rank: ClassVar[int | None] = 130
    nearest: ClassVar[bool] = True

    ttl: float | None = _DAY
    """Seconds for which a response is repeated; ``None`` for routes without idempotency."""
    required: bool = False
    """Whether a request without a key is refused (400)."""
    client: Callable[[web.Request], str] | None = None
    """Returns who sends a request; keys of different clients are separate. By default, by the credentials."""
    lock_ttl: float = 60.0
    """Seconds after which a key is free again if the process dies while it handles the request."""
    store: Store = field(default_factory=MemoryStore)
    fail: Fail = "closed"
    """Whether requests with a key are refused with 503 ("closed") or executed ("open") if the store is unreachable."""

    @cached_property
    def _warnings(self) -> QuietWarnings:
        return QuietWarnings()

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Return the steps for a route that changes something; raises InvalidLayerError for web sockets and streams."""
        if (
            self.ttl is None
            or route is None
            or route.is_built_in
            or not (route.is_websocket or route.method in _METHODS)
        ):
            return None
        for what, hint in _misfits(route):
            where = f"{route.handler} ({route.method} {route.template})"
            raise InvalidLayerError(where, f"it is covered by Idempotency, and {what}", hint=hint)
        clients = clients_of(route, self.client, "Idempotency")
        times = {"ttl": self.ttl, "lock_ttl": self.lock_ttl}
        once = Once(self.store, clients, **times, limits=route.limits, warnings=self._warnings)
        before, after = once.steps(required=self.required, closed=self.fail == "closed")
        described = "required" if self.required else "optional"
        unavailable = (ServiceUnavailable,) if self.fail == "closed" else ()
        return Steps(
            before=before,
            before_if=() if self.required else (HEADER,),
            after=after,
            after_validation=True,
            opens=(self.store, once.work),
            raises=(BadRequest, RequestInProgress, ResponseNotKept, KeyReused, *unavailable),
            request_headers={
                HEADER: f"A unique string for the request, {described}; a repeated request has the same key."
            },
            response_headers={_REPLAYED: "`true` if the response was sent before, to a request with the same key."},
        )

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        for option, example in (("ttl", _DAY), ("lock_ttl", 60)):
            value: Any = getattr(self, option)
            if value is None and option == "ttl":
                continue
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
                yield f"Idempotency({option}={value!r}) is not a number of seconds", f"write it as {option}={example}"
        client, store = _any(self.client), _any(self.store)
        if client is not None and not callable(client):
            hint = 'give a function of the request: client=lambda request: request["user"].id'
            yield f"Idempotency(client={client!r}) is not a function", hint
        if not isinstance(store, Store):
            yield f"Idempotency(store={store!r}) is not a Store", "give a MemoryStore, a RedisStore or your own Store"
        if self.fail not in {"open", "closed"}:
            hint = 'give "closed" (503) or "open" (requests are executed)'
            yield f"Idempotency(fail={self.fail!r}) is not what can happen while the store cannot be reached", hint


def _misfits(route: RouteInfo) -> Iterator[tuple[str, str]]:
    off = "give Idempotency to other routes, or Idempotency(ttl=None) to this one"
    if route.is_websocket:
        yield "a web socket has no response that could be repeated", off
    if route.streams:
        yield "a stream or file is no response that could be repeated", off
    if not route.keeps_body:
        yield "its body is read in parts and cannot be compared", off


def _any(option: Any) -> Any:
    """Return an option as ``object``, so that its type can be checked in spite of its annotation."""
    return option
