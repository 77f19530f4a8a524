"""Cross-origin resource sharing (Fetch, section 3.3): which pages of other origins may read the responses."""

import re
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast

from aiohttp import hdrs, web

from framework.http_errors import Forbidden
from framework.layers import After, ChooseHeaders, Layer, Steps
from framework.middleware.origins import NULL, allowing, mistake_of
from framework.option_errors import explained_class
from framework.responses import HeaderLines, Response, header_lines_for
from framework.routing import RouteInfo

__all__ = ("CORS",)

_ANY = "*"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
# Browsers send unusual values of these only after a preflight: application/json, above all.
_ALWAYS_ALLOWED = ("Accept", "Accept-Language", "Content-Language", "Content-Type")
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_VARY_OF_PREFLIGHTS = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
_DOCUMENTED: Mapping[str, str] = {
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "The origin whose pages may read the response",
    hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS: "Whether they may read it if the request was sent with credentials",
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "The headers that they may read beside the safelisted ones",
}
_NONE: tuple[str, ...] = ()
_ORIGIN = hdrs.ORIGIN


@explained_class("CORS", 'CORS(origins=("https://shop.example",))')
@dataclass(frozen=True, kw_only=True)
class CORS(Layer):
    """Let pages of other origins read the responses, and respond to the preflights of browsers.

    ``CORS(origins=("https://app.example", "https://*.app.example"), credentials=True)``. Of several
    instances around a route, only the innermost applies.
    """

    rank: ClassVar[int | None] = 60
    nearest: ClassVar[bool] = True

    origins: Sequence[str]
    """As browsers send them: scheme, host, and the port unless it is the scheme's own. ``https://*.app.example`` allows
    every host below app.example, at any depth, and not app.example itself; ``"*"`` alone allows every origin."""
    credentials: bool = False
    """Whether requests with cookies, or other credentials of the browser, may be read."""
    methods: Sequence[str] | None = None
    """The methods that preflights allow; those of the path unless given."""
    headers: Sequence[str] | Literal["*"] = ()
    """The request headers that preflights allow, beside Accept, Accept-Language, Content-Language and Content-Type;
    ``"*"`` for all."""
    expose: Sequence[str] | Literal["*"] = ()
    """The response headers that pages may read, beside those that they always may (Fetch, section 2.2.2)."""
    max_age: int | None = 600
    """For how many seconds browsers may remember a preflight; ``None`` leaves it to them (5 seconds)."""

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options, with hints."""
        yield from _mistakes_of_origins(self.origins, credentials=self.credentials)
        credentials, max_age = cast("Any", self.credentials), cast("Any", self.max_age)
        if not isinstance(credentials, bool):
            yield f"CORS(credentials={credentials!r}) is not True or False", "write it as credentials=True"
        if self.methods is not None:
            yield from _mistakes_of_names("methods", self.methods, '("GET", "PUT")')
        if self.headers != _ANY:
            yield from _mistakes_of_names("headers", self.headers, '("X-Requested-With",)')
        if self.expose != _ANY:
            yield from _mistakes_of_names("expose", self.expose, '("X-Total-Count",)')
        elif self.credentials:
            yield 'CORS(expose="*", credentials=True) exposes a header named *', "name the headers"
        if max_age is not None and (not isinstance(max_age, int) or isinstance(max_age, bool) or max_age < 0):
            yield f"CORS(max_age={max_age!r}) is not a number of seconds", "write it as max_age=600, or max_age=0"

    def compile(self, route: RouteInfo | None) -> Steps:  # noqa: ARG002  the policy is the same for all routes
        """Return the steps that add the headers to every response."""
        documented: dict[str, str] = {
            name: text
            for name, text in _DOCUMENTED.items()
            if (self.credentials or name != hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS)
            and (self.expose or name != hdrs.ACCESS_CONTROL_EXPOSE_HEADERS)
        }
        if self.is_open:
            return Steps(headers=self.headers_for(_ANY), response_headers=documented)
        return Steps(
            headers={hdrs.VARY: hdrs.ORIGIN}, headers_by={hdrs.ORIGIN: _choice(self)}, response_headers=documented
        )

    @classmethod
    def for_options(cls, policies: Mapping[str, Self], default: Self | None) -> Steps | None:
        """Return the steps that respond to preflights for a path and add headers to other OPTIONS responses."""
        if not policies and default is None:
            return None
        path = _Path(policies, default)
        return Steps(headers={hdrs.VARY: _VARY_OF_PREFLIGHTS}, before=path.respond, after=path.permit)

    @property
    def is_open(self) -> bool:
        """Whether every origin is allowed: then all origins get the same headers."""
        return _ANY in self.origins

    def headers_for(self, origin: str) -> dict[str, str]:
        """Return the headers by which pages of an allowed origin may read a response."""
        found: dict[str, str] = {hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: _ANY if self.is_open else origin}
        if self.credentials:
            found[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
        if self.expose:
            found[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = ", ".join(self.expose)
        return found


def _permission(policy: CORS) -> After:
    """Return the headers that let the page read the response to its request, if its origin is allowed."""
    if policy.is_open:
        lines = HeaderLines(policy.headers_for(_ANY))
        return lambda _, response: lines.add_to(response)
    return header_lines_for(_ORIGIN, _choice(policy))


def _choice(policy: CORS) -> ChooseHeaders:
    """Return the function that returns the headers for an origin, if the origin is allowed."""
    allows = allowing(policy.origins)
    return lambda origin: policy.headers_for(origin) if allows(origin) else None


class _Path:
    """Responds to the preflights for one path, each by the policy of the method that it asks about."""

    def __init__(self, policies: Mapping[str, CORS], default: CORS | None) -> None:
        known = list(policies.values())
        if default is None and all(one == known[0] for one in known):
            # One policy for the whole path: it also applies to methods that the path does not have.
            default = known[0]
        self._policies = {method: _Preflights(one, policies) for method, one in policies.items()}
        self._default = None if default is None else _Preflights(default, policies)

    def respond(self, request: web.Request) -> web.StreamResponse | None:
        """Respond to a preflight, and let every other request pass; raises Forbidden for a foreign origin."""
        asked = _asked_method(request)
        preflights = None if asked is None else self._of(asked)
        return None if preflights is None else preflights.respond(request)

    def permit(
        self, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse | Awaitable[web.StreamResponse]:
        """Add the headers of other responses to the response to an OPTIONS request that is not a preflight."""
        preflights = self._of(hdrs.METH_OPTIONS)
        if preflights is None or _asked_method(request) is not None:
            return response
        return preflights.permit(request, response)

    def _of(self, method: str) -> "_Preflights | None":
        known = self._policies.get(method)
        if known is None and method == hdrs.METH_HEAD:
            known = self._policies.get(hdrs.METH_GET)
        return known or self._default


class _Preflights:
    """Responds to the preflights for one path by one policy."""

    def __init__(self, policy: CORS, policies: Mapping[str, CORS]) -> None:
        self.permit = _permission(policy)
        self._policy = policy
        self._allows = allowing(policy.origins)
        fixed: dict[str, str] = {
            hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS: "true" if policy.credentials else "",
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(_methods_of(policy, policies)),
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ", ".join((*_ALWAYS_ALLOWED, *policy.headers)),
            hdrs.ACCESS_CONTROL_MAX_AGE: "" if policy.max_age is None else str(policy.max_age),
        }
        self._fixed = {name: value for name, value in fixed.items() if value}

    def respond(self, request: web.Request) -> web.StreamResponse:
        """Return the response to a preflight; raises Forbidden."""
        origin = request.headers[_ORIGIN]
        is_open = self._policy.is_open
        if not is_open and not self._allows(origin):
            raise Forbidden
        headers: dict[str, str] = {hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: _ANY if is_open else origin, **self._fixed}
        if self._policy.headers == _ANY:
            # By name: * does not cover Authorization, and with credentials it is only the name of a header.
            del headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS]
            asked = _asked_headers(request)
            if asked:
                headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = ", ".join(asked)
        return Response(status=204, headers=headers)


def _asked_method(request: web.Request) -> str | None:
    """Return the method that a preflight asks about; ``None`` if a request is not a preflight."""
    if len(request.headers.getall(_ORIGIN, _NONE)) != 1:
        return None
    return request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_METHOD)


def _asked_headers(request: web.Request) -> list[str]:
    values = request.headers.getall(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, _NONE)
    names = (one.strip(" \t") for text in values for one in text.split(","))
    return [one for one in dict.fromkeys(names) if _TOKEN.match(one)]


def _methods_of(policy: CORS, policies: Mapping[str, CORS]) -> Sequence[str]:
    """Return the methods that a policy allows on a path; those of the path to which it applies unless it names some."""
    if policy.methods is not None:
        return policy.methods
    if not policies:
        return _METHODS
    found = {method for method, one in policies.items() if one == policy}
    return sorted(found | {hdrs.METH_HEAD} if hdrs.METH_GET in found else found)


def _mistakes_of_origins(origins: Any, *, credentials: bool) -> Iterator[tuple[str, str]]:
    if isinstance(origins, str) or not isinstance(origins, Collection) or not origins:
        yield f"CORS(origins={origins!r}) does not list origins", 'write it as origins=("https://app.example",)'
        return
    for one in origins:
        if one == _ANY:
            if len(origins) > 1:
                yield f"CORS(origins={origins!r}) names others beside *", 'write it as origins=("*",), or drop the *'
            continue
        wrong = mistake_of(one)
        if wrong is not None:
            what, example = wrong
            yield f"CORS(origins=…): {one!r} {what}, and no browser sends it", f"write it as {example!r}"
    for one in (_ANY, NULL):
        if credentials and one in origins:
            what = "every page" if one == _ANY else "every page in a sandbox"
            yield (
                f'CORS(origins=("{one}",), credentials=True) would let {what} act as the user',
                "name the origins, or drop credentials=True",
            )


def _mistakes_of_names(option: str, names: Any, example: str) -> Iterator[tuple[str, str]]:
    if isinstance(names, str) or not isinstance(names, Collection):
        yield f"CORS({option}={names!r}) is not a sequence of names", f"write it as {option}={example}"
        return
    for one in names:
        if not isinstance(one, str) or not _TOKEN.match(one):
            yield (
                f"CORS({option}=…): {one!r} is not a name (RFC 9110, section 5.6.2)",
                f"write it as {option}={example}",
            )
        elif option == "methods" and one != one.upper() and one.upper() in _METHODS:
            yield f"CORS(methods=…): {one!r} is another method than {one.upper()!r}", f"write it as {one.upper()!r}"
        elif one == _ANY:
            hint = "leave methods= out for those of the path" if option == "methods" else f'write it as {option}="*"'
            yield f"CORS({option}=…): * stands for itself among names", hint
