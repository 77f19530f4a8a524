"""CSRF: refuses requests that pages of other origins send in the name of a user (OWASP CSRF Prevention)."""

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any, ClassVar

from aiohttp import web

from framework.container import Container
from framework.errors import DefinitionError, InvalidLayerError
from framework.http_errors import Forbidden
from framework.layers import Layer, Steps, headers_of
from framework.middleware.csrf_signs import SAFE, foreign_sign, is_bearer_only, same_origin
from framework.middleware.csrf_tokens import CSRFToken, Tokens, keep, token_of
from framework.middleware.origins import NULL, allowing, mistake_of
from framework.middleware.session_cookies import PREFIX, make_private, set_cookie
from framework.middleware.sessions import Sessions
from framework.option_errors import explained_class
from framework.requests import read_field
from framework.routing import RouteInfo, route_of
from framework.security.signing import Secrets, Signer

__all__ = ("CSRF",)

_LOGGER = logging.getLogger("framework.middleware")
# RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_METADATA = "csrf"


@explained_class("CSRF", "CSRF(secret=secret)")
@dataclass(frozen=True, eq=False, kw_only=True)
class CSRF(Layer):
    """Refuses unsafe requests of other origins with 403: ``CSRF(secret=…)``, inside of Sessions.

    Browsers say by Sec-Fetch-Site or Origin which page sends a request. For those that do not, a form or script sends a
    token that handlers take as :class:`CSRFToken`. ``metadata={"csrf": False}`` exempts a route.
    """

    rank: ClassVar[int | None] = 110
    nearest: ClassVar[bool] = True

    secret: Secrets = dataclass_field(repr=False)
    """Signs the tokens; of several secrets the first one signs, and all verify."""
    origins: Sequence[str] = ()
    """Other origins whose pages may send requests, as for CORS: ``https://app.example``, ``https://*.app.example``."""
    header: str = "X-CSRF-Token"
    """The header in which scripts send the token."""
    field: str = "_csrf"
    """The field in which forms send it."""
    cookie: str = "csrf"
    """The cookie that a token is bound to as long as the visitor has no session; ``__Host-`` is added."""

    @cached_property
    def _tokens(self) -> Tokens:
        return Tokens(self.secret, cookie=self.cookie, field=self.field)

    @cached_property
    def _sessions(self) -> dict[RouteInfo | None, Sessions[Any]]:
        """The sessions that the tokens of each route are bound to."""
        return {}

    def register(self, container: Container) -> None:
        """Add the token to the services."""

        async def token(request: web.Request) -> CSRFToken:
            session = await self._sessions[route_of(request)].load(request)
            return keep(request, lambda: CSRFToken(self._tokens, session, request))

        container.add_scoped(CSRFToken, token)

    def exclusive(self) -> Collection[Any]:
        """Return the type of the token."""
        return (CSRFToken,)

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Return the check of unsafe routes, and what routes that require a token send."""
        if route is None:
            return None
        self._sessions[route] = sessions = _sessions_of(route)
        checks = route.method not in SAFE and not _is_exempt(route)
        gives = _gives_token(route)
        if not checks and not gives:
            return None
        known = {PREFIX + self.cookie: "What a token is bound to as long as there is no session."}
        return Steps(
            headers={"Vary": "Cookie"} if gives else {},
            before=self._check_for(sessions) if checks else None,
            after=self._send if gives else None,
            opens=sessions.opens,
            raises=(Forbidden,) if checks else (),
            request_headers={self.header: "A token, for clients that send neither Sec-Fetch-Site nor Origin."}
            if checks
            else {},
            request_cookies=known,
        )

    def _check_for(self, sessions: Sessions[Any]) -> Callable[[web.Request], Awaitable[None]]:
        allows = allowing(self.origins)

        async def check(request: web.Request) -> None:
            """Raise Forbidden unless a request comes from the same origin."""
            if same_origin(request, allows):
                return
            sign = foreign_sign(request, allows)
            if sign is None:
                if is_bearer_only(request) or await self._has_token(request, sessions):
                    return
                sign = "no header says where it comes from, and it has no valid token"
            route = route_of(request)
            text = "CSRF: %s %s is refused: %s"
            _LOGGER.info(text, request.method, "" if route is None else route.template, sign)
            raise Forbidden

        return check

    async def _has_token(self, request: web.Request, sessions: Sessions[Any]) -> bool:
        given = headers_of(request).getall(self.header, ())
        token = given[0] if len(given) == 1 else None if given else await read_field(request, self.field)
        return bool(token) and self._tokens.is_valid(token or "", await sessions.load(request), request)

    def _send(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Keep a response that holds a token out of all caches, and give a visitor the cookie that it is bound to."""
        token = token_of(request)
        if token is not None:
            token.close()
            if token.is_issued:
                make_private(response, "no-store")
            if token.visitor:
                set_cookie(request, response, self.cookie, token.visitor)
        return response

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        try:
            Signer(self.secret, purpose="framework.csrf")
        except DefinitionError as error:
            yield f"CSRF(secret=…): {error.what}", error.hint or ""
        for option, pattern, example in (
            ("header", _TOKEN, "X-CSRF-Token"),
            ("field", _FIELD, "_csrf"),
            ("cookie", _NAME, "csrf"),
        ):
            value = getattr(self, option)
            if not isinstance(value, str) or not pattern.fullmatch(value):
                yield f"CSRF({option}={value!r}) is not a name", f'write it as {option}="{example}"'
        yield from self._origin_mistakes()

    def _origin_mistakes(self) -> Iterator[tuple[str, str]]:
        origins: Any = self.origins
        if isinstance(origins, str) or not isinstance(origins, Collection):
            hint = 'write it as origins=("https://app.example",)'
            yield f"CSRF(origins={origins!r}) does not list origins", hint
            return
        for one in origins:
            if one in {"*", NULL}:
                what = f"CSRF(origins=…): {one!r} would let pages of strangers act as the user"
                yield what, "name the origins"
                continue
            wrong = mistake_of(one)
            if wrong is not None:
                yield f"CSRF(origins=…): {one!r} {wrong[0]}, and no browser sends it", f"write it as {wrong[1]!r}"


def _sessions_of(route: RouteInfo) -> Sessions[Any]:
    """Return the innermost sessions around a route; raises InvalidLayerError."""
    found = [one for one in route.middlewares if isinstance(one, Sessions)]
    if not found:
        what = "it covers routes without Sessions, so that there is no session to bind a token to"
        raise InvalidLayerError("CSRF", what, hint="give Sessions(…) outside of it, on the same level or an outer one")
    return found[-1]


def _gives_token(route: RouteInfo) -> bool:
    """Return whether a route requires a token; a web socket, which compares the Origin itself, can set no cookie."""
    given = CSRFToken in route.services
    if given and route.is_websocket:
        what = "it is a web socket and requires CSRFToken, whose cookie it cannot set"
        raise InvalidLayerError(route.handler, what, hint="make the token in a handler for GET")
    return given


def _is_exempt(route: RouteInfo) -> bool:
    given = route.metadata.get(_METADATA, True)
    if not isinstance(given, bool):
        what = f"its metadata {_METADATA!r} is {given!r}"
        raise InvalidLayerError(
            route.handler, what, hint='write metadata={"csrf": False} for a route without the check'
        )
    return not given
