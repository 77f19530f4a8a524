"""A shared cache of responses on the side of the origin server (RFC 9111)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from aiohttp import web

from framework._http.tokens import is_token
from framework.container import Container
from framework.errors import InvalidLayerError
from framework.layers import Layer, Steps
from framework.middleware.cache_places import Cache, Places
from framework.middleware.cached import Cached
from framework.middleware.clients import IDENTIFYING, clients_of
from framework.middleware.quiet import QuietWarnings
from framework.middleware.storing import Rules
from framework.option_errors import explained_class
from framework.routing import RouteInfo
from framework.stores import MemoryStore, Store

__all__ = ("Cache", "ResponseCache")

_UNSAFE = ("DELETE", "PATCH", "POST", "PUT")
_MEGABYTE = 1_048_576
# Of requests with a range, or with a condition.
_PARTS = (206, 304)


@explained_class("ResponseCache", "ResponseCache(ttl=60)")
@dataclass(frozen=True, kw_only=True, eq=False)
class ResponseCache(Layer):
    """Stores the responses to GET, separately for each client, and sends them again: ``ResponseCache(ttl=60)``.

    Of several instances around a route, only the innermost applies.
    """

    rank: ClassVar[int | None] = 120
    nearest: ClassVar[bool] = True

    ttl: float | None
    """Seconds for which a response is sent again, at most; ``None`` for routes without a cache."""
    vary: Sequence[str] | None = None
    """Names of request headers that responses depend on, in addition to those that the route declares."""
    tags: Sequence[str] | Callable[[web.Request], Iterable[str]] = ()
    """Tags of the responses, or a function of the request that returns them, for ``Cache.invalidate``."""
    client: Callable[[web.Request], str] | None = None
    """Returns who may get the same responses. By default, each client has its own, by Authorization and Cookie."""
    statuses: Collection[int] = (200,)
    stale_while_revalidate: float = 0.0
    """Seconds after ``ttl`` in which the old response is sent while a new one is computed (RFC 5861)."""
    maximum_size: int = _MEGABYTE
    """Size in bytes of the largest body that is stored."""
    wait: float = 5.0
    """Seconds for which a request waits for another one that computes the same response."""
    store: Store = field(default_factory=MemoryStore)

    @cached_property
    def _warnings(self) -> QuietWarnings:
        return QuietWarnings()

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Return the steps for a route; raises InvalidLayerError for streams and web sockets."""
        if self.ttl is None or route is None or route.is_built_in:
            return None
        if route.method in _UNSAFE:
            cached = self._cached(route, self.ttl)
            return Steps(after=cached.forget, after_validation=True, opens=(self.store,))
        if route.method != "GET":
            return None
        self._check(route)
        cached = self._cached(route, self.ttl)
        vary = {"Vary": ", ".join(self.vary)} if self.vary else {}
        return Steps(
            headers=vary,
            before=cached.before,
            after=cached.after,
            after_validation=True,
            opens=(self.store, cached.work),
            responses={304: {"description": "The client has the current response."}},
            response_headers={"Age": "Seconds since the response was made, if it was stored."},
        )

    def register(self, container: Container) -> None:
        """Add the service Cache, for all instances of an app."""
        if self.ttl is None:
            return
        # An orphan overrides what is registered here.
        known = next((one for one in container.registrations() if one.key is Cache and not one.orphan), None)
        if known is not None:
            if type(known.instance) is Cache:
                known.instance.add(self.store)
            return
        container.add_instance(Cache, Cache([self.store]))

    def _check(self, route: RouteInfo) -> None:
        where = f"{route.handler} ({route.method} {route.template})"
        off = "give ResponseCache to other routes, or ResponseCache(ttl=None) to this one"
        if route.is_websocket:
            raise InvalidLayerError(where, "it is covered by ResponseCache, and is a web socket", hint=off)
        if route.streams:
            raise InvalidLayerError(
                where, "it is covered by ResponseCache, and responds with a stream or file", hint=off
            )
        if route.takes_request and self.vary is None and self.client is None:
            takers = " and ".join(route.takes_request)
            raise InvalidLayerError(
                where,
                f"it is covered by ResponseCache, and {takers} may read headers that are not declared",
                hint='name the headers that responses depend on: ResponseCache(vary=("X-User",)), or vary=() for none',
            )

    def _cached(self, route: RouteInfo, ttl: float) -> Cached:
        places = Places(
            self.store,
            names=self._names(route),
            clients=(lambda _: ()) if self.client is None else clients_of(route, self.client, "ResponseCache"),
            tags=_tags_of(self.tags),
            lifetime=ttl + self.stale_while_revalidate,
        )
        rules = Rules(ttl, self.stale_while_revalidate, frozenset(self.statuses), self.maximum_size)
        return Cached(places, rules, wait=self.wait, warnings=self._warnings)

    def _names(self, route: RouteInfo) -> Sequence[str]:
        """Return the names of the headers that separate responses from the beginning."""
        known = dict.fromkeys((*IDENTIFYING, *route.request_headers))
        if self.client is not None:
            # It replaces the credentials.
            known = {name: None for name in known if name not in {*IDENTIFYING, *route.credential_headers}}
        return tuple(sorted({*known, *(name.lower() for name in self.vary or ())}))

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        yield from self._number_mistakes()
        vary, tags, statuses, store = _any(self.vary), _any(self.tags), _any(self.statuses), _any(self.store)
        if vary is not None and not _all(vary, lambda one: isinstance(one, str) and is_token(one)):
            yield f"ResponseCache(vary={vary!r}) does not list headers", 'write it as vary=("Accept-Language",)'
        if not callable(tags) and not _all(tags, lambda one: isinstance(one, str)):
            yield f"ResponseCache(tags={tags!r}) does not list tags", 'write it as tags=("orders",)'
        if self.client is not None and not callable(_any(self.client)):
            hint = 'give a function of the request: client=lambda request: request["tenant"]'
            yield f"ResponseCache(client={self.client!r}) is not a function", hint
        if not _all(statuses, _is_storable):
            hint = "write it as statuses=(200, 404); 206, 304 and statuses from 500 on are never stored"
            yield f"ResponseCache(statuses={statuses!r}) does not list statuses that can be stored", hint
        if not isinstance(store, Store):
            yield f"ResponseCache(store={store!r}) is not a Store", "give a MemoryStore, a RedisStore or your own Store"

    def _number_mistakes(self) -> Iterator[tuple[str, str]]:
        for option, example in (("ttl", 60), ("wait", 5)):
            value: Any = getattr(self, option)
            if not (option == "ttl" and value is None) and not (_is_number(value) and value > 0):
                yield f"ResponseCache({option}={value!r}) is not a number of seconds", f"write it as {option}={example}"
        stale, size = _any(self.stale_while_revalidate), _any(self.maximum_size)
        if not (_is_number(stale) and stale >= 0):
            what = f"ResponseCache(stale_while_revalidate={stale!r}) is not a number of seconds"
            yield what, "write it as stale_while_revalidate=30"
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            yield f"ResponseCache(maximum_size={size!r}) is not a number of bytes", "write it as maximum_size=65_536"


def _tags_of(tags: Sequence[str] | Callable[[web.Request], Iterable[str]]) -> Callable[[web.Request], Iterable[str]]:
    if callable(tags):
        return tags
    listed = tuple(tags)
    return lambda _: listed


def _is_storable(status: Any) -> bool:
    return isinstance(status, int) and 200 <= status < 500 and status not in _PARTS  # noqa: PLR2004  final, and no failure


def _all(values: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(values, Collection) and not isinstance(values, str | bytes) and all(map(fits, values))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value < float("inf")


def _any(option: Any) -> Any:
    """Return an option as ``object``, so that its type can be checked in spite of its annotation."""
    return option
