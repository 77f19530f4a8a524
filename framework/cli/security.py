"""``framework check --security``: what an app leaves open, as far as its declarations show it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias, get_origin

from msgspec import Struct

from framework._document.openapi.selection import summary_of
from framework._document.pages.controllers import is_own_route
from framework._plan import LayerPlan, RoutePlan
from framework.app import App
from framework.layers import Layer
from framework.middleware import (
    CORS,
    CSRF,
    ConcurrencyLimit,
    HTTPSRedirect,
    ProxyHeaders,
    RateLimit,
    SecurityHeaders,
    Session,
    TrustedHosts,
)
from framework.middleware.origins import is_pattern
from framework.openapi import OpenAPI
from framework.security import APIKey

__all__ = ("CODES", "Finding", "security_findings")

_NAMED = 3
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Finding(Struct, frozen=True, kw_only=True):
    """Something that an app leaves open, and what closes it."""

    code: str
    """One of ``CODES``."""
    severity: Literal["error", "warning"]
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.code}: {self.what}. Hint: {self.hint}."


class _Facts(Struct, frozen=True, kw_only=True):
    """What is known of an app."""

    routes: Sequence[RoutePlan]
    """All, those of the documents included."""
    app_layer: LayerPlan
    documents: Sequence[OpenAPI]
    has_default_guard: bool
    uncovered: Sequence[str]

    @property
    def handlers(self) -> list[RoutePlan]:
        """The routes of the application, without those of the documents."""
        return [plan for plan in self.routes if not is_own_route(plan)]

    def has(self, *kinds: type[Layer]) -> bool:
        """Return whether a layer of one of these classes is anywhere in the app."""
        levels = [self.app_layer, *(level for plan in self.routes for level in plan.layers)]
        return any(isinstance(one, kinds) for one in _compiled(levels))


_Found: TypeAlias = Iterator[tuple[str, str]]
_Check: TypeAlias = Callable[[_Facts], _Found]


def security_findings(app: App, ignored: Iterable[str] = ()) -> list[Finding]:
    """Return what an app leaves open. Raises an ExceptionGroup of all DefinitionErrors."""
    facts = _facts_of(app)
    left_out = frozenset(ignored)
    return [
        Finding(code=code, severity="warning" if code in _WARNINGS else "error", what=what, hint=hint)
        for code, check in _CHECKS.items()
        if code not in left_out
        for what, hint in check(facts)
    ]


def _facts_of(app: App) -> _Facts:
    planned = app._plan()  # noqa: SLF001  App has no public name for its plan, which is private
    place: Any = app._place  # noqa: SLF001  as above
    return _Facts(
        routes=planned.plans.routes,
        app_layer=planned.plans.app_layer,
        documents=[one.settings for one in planned.documents],
        has_default_guard=place.default_guard is not None,
        uncovered=app.uncovered(),
    )


# Who may call a route


def _default_guard(facts: _Facts) -> _Found:
    if facts.has_default_guard:
        return
    opened = [plan for plan in facts.handlers if not summary_of(plan).access]
    yield (
        f"the app has no default_guard; {_open_routes(opened)}",
        "with App(default_guard=...), only routes with @public are open",
    )


def _open_routes(opened: Sequence[RoutePlan]) -> str:
    return f"routes that require nothing: {_listed(opened)}" if opened else "a new route without a guard would be open"


def _uncovered(facts: _Facts) -> _Found:
    for one in facts.uncovered:
        yield (
            f"default_guard does not cover {one}, a route of aiohttp's own",
            "make it a route of a controller, or check the credentials in its handler",
        )


def _open_document(facts: _Facts) -> _Found:
    # Without the files of the pages: every app has the same.
    opened = [
        plan.path
        for plan in facts.routes
        if is_own_route(plan) and "/assets/" not in plan.path and not summary_of(plan).access
    ]
    if opened:
        yield (
            f"the OpenAPI document is open to everybody: {', '.join(sorted(opened))}",
            "give it guards, OpenAPI(guards=...), or disable it, App(openapi=None)",
        )


# Other origins


def _cors_subdomains(facts: _Facts) -> _Found:
    for policy in _policies(facts):
        patterns = [one for one in policy.origins if is_pattern(one)]
        if policy.credentials and patterns:
            yield (
                f"CORS(credentials=True) lets every subdomain act as the user: {', '.join(patterns)}",
                "name the origins that send credentials",
            )


def _cors_open(facts: _Facts) -> _Found:
    guarded = [
        plan for plan in facts.handlers if summary_of(plan).access and any(one.is_open for one in _nearest_cors(plan))
    ]
    if guarded:
        yield (
            f'CORS(origins=("*",)) covers routes that require credentials: {_listed(guarded)}',
            "name the origins, or give these routes a CORS of their own",
        )


def _policies(facts: _Facts) -> list[CORS]:
    levels = [facts.app_layer, *(level for plan in facts.routes for level in plan.layers)]
    return list({id(one): one for one in _compiled(levels) if isinstance(one, CORS)}.values())


def _nearest_cors(plan: RoutePlan) -> list[CORS]:
    return [one for one in _compiled(plan.layers) if isinstance(one, CORS)][-1:]


def _csrf(facts: _Facts) -> _Found:
    opened = [plan for plan in facts.handlers if plan.method not in _SAFE and _has_cookie(plan) and not _has_csrf(plan)]
    if opened:
        yield (
            f"pages of other origins may send requests with the cookies of the user: {_listed(opened)}",
            "add CSRF(secret=...) inside of Sessions, or metadata={'csrf': False} where a guard checks the Origin",
        )


def _has_csrf(plan: RoutePlan) -> bool:
    # An exempt route has metadata for it.
    exempt = plan.metadata.get("csrf") is False
    return exempt or any(isinstance(one, CSRF) for one in _compiled(plan.layers))


def _has_cookie(plan: RoutePlan) -> bool:
    """Return whether a request is that of a user because of a cookie: of a session, or of an APIKey."""
    keys = (each.scheme for one in plan.credentials for each in one.verifications)
    return _has_session(plan) or any(isinstance(one, APIKey) and one.cookie for one in keys)


def _has_session(plan: RoutePlan) -> bool:
    return any(get_origin(one.key) is Session for one in plan.services)


# The connection, and what is believed of it


def _plain_http(facts: _Facts) -> _Found:
    plain = [plan for plan in facts.handlers if _has_credentials(plan) and not _is_kept_on_https(plan)]
    if plain:
        yield (
            f"credentials may be sent over plain HTTP: {_listed(plain)}",
            "add HTTPSRedirect(), or SecurityHeaders(hsts=31_536_000) if a proxy redirects",
        )


def _has_credentials(plan: RoutePlan) -> bool:
    return bool(plan.credentials or plan.security or _has_session(plan))


def _is_kept_on_https(plan: RoutePlan) -> bool:
    return any(
        isinstance(one, HTTPSRedirect) or (isinstance(one, SecurityHeaders) and one.hsts)
        for one in _compiled(plan.layers)
    )


def _forwarded_prefix(facts: _Facts) -> _Found:
    believing = [one.path for one in facts.documents if one.forwarded_prefix]
    if believing and not facts.has(ProxyHeaders):
        yield (
            f"OpenAPI(forwarded_prefix=True) believes X-Forwarded-Prefix of every client: {', '.join(believing)}",
            "use ProxyHeaders(trusted=..., headers=(..., 'X-Forwarded-Prefix')) instead",
        )


def _trusted_hosts(facts: _Facts) -> _Found:
    if not facts.has(TrustedHosts):
        yield "the app has no TrustedHosts; every Host header is served", 'add TrustedHosts("shop.example")'


# Load and browsers


def _limits(facts: _Facts) -> _Found:
    if not facts.has(RateLimit, ConcurrencyLimit):
        yield (
            "the app has neither RateLimit nor ConcurrencyLimit",
            'add RateLimit("100/minute") or ConcurrencyLimit(100)',
        )


def _security_headers(facts: _Facts) -> _Found:
    if not facts.has(SecurityHeaders):
        yield "the app has no SecurityHeaders", "add SecurityHeaders()"


_CHECKS: dict[str, _Check] = {
    "no-default-guard": _default_guard,
    "uncovered-route": _uncovered,
    "open-document": _open_document,
    "cors-subdomains": _cors_subdomains,
    "cors-open": _cors_open,
    "no-csrf": _csrf,
    "plain-http": _plain_http,
    "forwarded-prefix": _forwarded_prefix,
    "no-trusted-hosts": _trusted_hosts,
    "no-limit": _limits,
    "no-security-headers": _security_headers,
}
# Right for a public document, and for an API whose clients have no cookies.
_WARNINGS = frozenset({"open-document", "cors-open"})

CODES = tuple(_CHECKS)
"""The codes of all findings, in the order in which they are reported."""


def _compiled(levels: Iterable[LayerPlan]) -> Iterator[Layer]:
    """Yield the compiled middlewares of levels, outermost first, and those that are given as guards."""
    for level in levels:
        yield from (level.compiled[name] for name in level.middlewares if name in level.compiled)
        yield from level.guarding.values()


def _listed(plans: Iterable[RoutePlan]) -> str:
    names = sorted({f"{one.method} {one.path}" for one in plans}, key=lambda one: one.partition(" ")[::-1])
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
