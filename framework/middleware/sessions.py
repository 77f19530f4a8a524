"""Sessions: a typed value for each visitor, in an encrypted cookie or in a store."""

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeVar

from aiohttp import web

from framework import clock
from framework.caching import forbid_storing
from framework.container import Container
from framework.errors import DefinitionError, InvalidLayerError
from framework.expiry import EXPIRY
from framework.http_errors import ServiceUnavailable
from framework.layers import Layer, Steps
from framework.middleware.session import Session, keep_opened
from framework.middleware.session_cookies import PREFIX, make_private, set_cookie
from framework.middleware.session_keeper import state_of
from framework.middleware.session_sealed import SealedKeeper
from framework.middleware.session_stored import Fail, StoredKeeper
from framework.middleware.session_values import Values, value_mistake
from framework.option_errors import explained_class
from framework.routing import RouteInfo
from framework.security import Sealer
from framework.security.signing import Secrets
from framework.stores import Store

__all__ = ("Sessions",)

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_HOUR = 3_600.0
_DOCUMENTED = {"Set-Cookie": "The session, if it has begun, has another id, or has ended."}


@explained_class("Sessions", "Sessions(Cart, secret=secret)")
@dataclass(frozen=True, eq=False)
class Sessions(Layer, Generic[T]):
    """Gives each visitor a session with a typed value: ``Sessions(Cart, store=RedisStore(url))``.

    Handlers, guards and providers take it as ``Session[Cart]``. With ``secret`` it is encrypted in the cookie, with
    ``store`` the cookie has only an id. A route that does not require the session is not changed.
    """

    rank: ClassVar[int | None] = 100

    value: type[T]
    """A Struct or dataclass whose fields have defaults."""
    secret: Secrets | None = field(default=None, repr=False)
    """Encrypts the cookies; of several secrets the first one encrypts, and all decrypt."""
    store: Store | None = None
    """Keeps the values, so that a session can be ended."""
    idle: float = _HOUR
    """Seconds after which a session that is not used ends."""
    absolute: float = 12 * _HOUR
    """Seconds after which a session ends, however it is used; counted from its beginning, or the last renew()."""
    cookie: str = "session"
    """The name of the cookie, sent with the prefix ``__Host-``, except over plain HTTP to a loopback host."""
    samesite: Literal["Lax", "Strict"] = "Lax"
    persistent: bool = False
    """Whether the cookie outlives the browser, until ``absolute``."""
    owner: Callable[[T], str | int | None] | None = None
    """Returns the user of a value, for ``end_others()``; ``None`` for no user."""
    fail: Fail = "closed"
    """While the store cannot be reached: "closed" is a 503, "open" a new session that is not stored."""

    @property
    def failures(self) -> int:
        """The number of requests of this process that could not reach the store."""
        keeper = self._keeper
        return keeper.failures if isinstance(keeper, StoredKeeper) else 0

    @cached_property
    def _keeper(self) -> SealedKeeper[T] | StoredKeeper[T]:
        values = Values(self.value)
        timing = {"idle": float(self.idle), "absolute": float(self.absolute)}
        if self.store is None:
            sealer = Sealer(self.secret or (), purpose=f"framework.session.{self.cookie}")
            return SealedKeeper(values, sealer, cookie=self.cookie, **timing)
        return StoredKeeper(values, self.store, cookie=self.cookie, owner=self.owner, fail=self.fail, **timing)

    @cached_property
    def _key(self) -> "web.RequestKey[Session[Any]]":
        return web.RequestKey(f"framework.session.{self.cookie}", Session)

    def register(self, container: Container) -> None:
        """Add the session to the services."""
        container.add_scoped(self._type, self._provider())

    def exclusive(self) -> Collection[Any]:
        """Return the type of the session: only covered routes can write it."""
        return (self._type,)

    @property
    def _type(self) -> Any:
        return Session[self.value]  # type: ignore[name-defined]  # known when the app is built

    @property
    def opens(self) -> tuple[Store, ...]:
        """What is open as long as the app."""
        return () if self.store is None else (self.store,)

    def is_used(self, route: RouteInfo) -> bool:
        """Return whether a route, its guards or their services require the session."""
        return self._type in route.services

    def _provider(self) -> Callable[..., Any]:
        """Return the provider: plain for cookies, which never wait."""
        keeper = self._keeper
        if isinstance(keeper, SealedKeeper):

            def opened(request: web.Request) -> Any:
                known = request.get(self._key)
                return self._limiting(self._keep(request, keeper.open(request)) if known is None else known)

            return opened

        async def loaded(request: web.Request) -> Any:
            return self._limiting(await self.load(request))

        return loaded

    def _limiting(self, session: Session[T]) -> Session[T]:
        """Let the stream or web socket of the request end with the session."""
        if (expiry := EXPIRY.get()) is not None and (found := state_of(session).found) is not None:
            expiry.until(found.record.created + self.absolute)
        return session

    async def load(self, request: web.Request) -> Session[T]:
        """Return the session of a request; raises ServiceUnavailable."""
        known: Session[T] | None = request.get(self._key)
        if known is None:
            opened = self._keeper.open(request)
            known = self._keep(request, opened if isinstance(opened, Session) else await opened)
        return known

    def _keep(self, request: web.Request, session: Session[T]) -> Session[T]:
        request[self._key] = session
        keep_opened(request, session)
        # A cache further in does not see the cookie that is set here.
        forbid_storing(request)
        return session

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Return the step that writes the session, for routes that require it."""
        if route is None:
            return None
        self._check_others(route)
        if not self.is_used(route):
            return None
        return Steps(
            headers={"Vary": "Cookie", "Cache-Control": "private"},
            before=self._open_for_socket if route.is_websocket else None,
            after=self._finish,
            opens=self.opens,
            raises=(ServiceUnavailable,) if self.store is not None and self.fail == "closed" else (),
            request_cookies={PREFIX + self.cookie: "The session; without it, a new one begins."},
            response_headers=_DOCUMENTED,
        )

    async def _open_for_socket(self, request: web.Request) -> None:
        """Open the session of a web socket, which cannot set a cookie any more when its handler runs."""
        state_of(await self.load(request)).read_only = True

    def _check_others(self, route: RouteInfo) -> None:
        for one in route.middlewares:
            if isinstance(one, Sessions) and one is not self and one.cookie == self.cookie:
                raise InvalidLayerError(
                    route.handler,
                    f"two Sessions have the cookie {self.cookie!r}",
                    hint='give one of them another name: cookie="admin"',
                )

    def _finish(self, request: web.Request, response: web.StreamResponse) -> Any:
        """Write the session of a request if something has changed, and send its cookie."""
        make_private(response)
        session = request.get(self._key)
        if session is None or state_of(session).closed:
            return response
        state_of(session).closed = True
        now, keeper = clock.time(), self._keeper
        if response.status >= 500 or not keeper.is_pending(session, now):  # noqa: PLR2004  the handler has failed
            return response
        if isinstance(keeper, SealedKeeper):
            return self._send(request, response, keeper.settle(session, now))
        return self._write(keeper, session, request, response, now)

    async def _write(
        self,
        keeper: StoredKeeper[T],
        session: Session[T],
        request: web.Request,
        response: web.StreamResponse,
        now: float,
    ) -> web.StreamResponse:
        return self._send(request, response, await keeper.settle(session, now))

    def _send(self, request: web.Request, response: web.StreamResponse, cookie: str | None) -> web.StreamResponse:
        if cookie is not None:
            age = math.ceil(self.absolute) if self.persistent else None
            set_cookie(request, response, self.cookie, cookie, samesite=self.samesite, max_age=age)
        return response

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        wrong = value_mistake(self.value)
        if wrong is not None:
            yield wrong
        yield from self._place_mistakes()
        yield from self._time_mistakes()
        cookie: Any = self.cookie
        if not isinstance(cookie, str) or not _NAME.fullmatch(cookie):
            hint = 'write it as cookie="session"; the prefix __Host- is added'
            yield f"Sessions(cookie={cookie!r}) is not the name of a cookie", hint
        if self.samesite not in {"Lax", "Strict"}:
            hint = "give 'Lax' or 'Strict': with 'None', every site could send requests with the session"
            yield f"Sessions(samesite={self.samesite!r}) is not safe", hint
        persistent: Any = self.persistent
        if not isinstance(persistent, bool):
            yield f"Sessions(persistent={persistent!r}) is neither True nor False", "leave it out for False"

    def _place_mistakes(self) -> Iterator[tuple[str, str]]:
        store, owner = _any(self.store), _any(self.owner)
        if (self.secret is None) == (store is None):
            what = (
                "Sessions has neither secret= nor store=" if store is None else "Sessions has both secret= and store="
            )
            yield what, "give secret= (encrypted cookies) or store= (a Store that keeps the values)"
        elif store is None:
            try:
                Sealer(self.secret or (), purpose="session")
            except DefinitionError as error:
                yield f"Sessions(secret=…): {error.what}", error.hint or ""
            if owner is not None:
                yield "Sessions(owner=…) has no effect on cookies", "give store= instead of secret="
        elif not isinstance(store, Store):
            yield f"Sessions(store={store!r}) is not a Store", "give a MemoryStore, a RedisStore or a Store of your own"
        if owner is not None and not callable(owner):
            yield (
                f"Sessions(owner={owner!r}) is not a function",
                "give a function of the value: owner=lambda it: it.user",
            )
        if self.fail not in {"open", "closed"}:
            hint = 'give "closed" (503) or "open" (a new session that is not stored)'
            yield f"Sessions(fail={self.fail!r}) is not what can happen while the store cannot be reached", hint

    def _time_mistakes(self) -> Iterator[tuple[str, str]]:
        for name in ("idle", "absolute"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                yield f"Sessions({name}={value!r}) is not a number of seconds above 0", f"write it as {name}=3600"
                return
        if self.idle > self.absolute:
            what = f"Sessions(idle={self.idle!r}) is longer than absolute={self.absolute!r}"
            yield what, "give an idle= that is not above absolute="


def _any(option: Any) -> Any:
    """Return an option as ``object``, so that its type can be checked in spite of its annotation."""
    return option
