"""Headers that restrict what browsers do with responses (OWASP Secure Headers, CSP Level 3, RFC 6797)."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aiohttp import web

from framework.caching import forbid_storing
from framework.layers import Layer, Steps
from framework.middleware.content_security_policy import Policy, policy_mistakes
from framework.option_errors import explained_class
from framework.routing import RouteInfo

__all__ = ("CSP_NONCE", "SecurityHeaders", "csp_nonce")

CSP_NONCE = web.RequestKey("framework.csp_nonce", str)
"""The key of a request's nonce, which is created on first use."""
_DECIDED = web.RequestKey("framework.csp_decided", bool)
_YEAR = 31_536_000
_CHOICES: Mapping[str, Sequence[str]] = {
    "frame_options": ("DENY", "SAMEORIGIN"),
    "referrer_policy": (
        "no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "same-origin",
        "strict-origin", "strict-origin-when-cross-origin", "unsafe-url",
    ),
    "opener_policy": ("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"),
    "resource_policy": ("same-origin", "same-site", "cross-origin"),
    "embedder_policy": ("require-corp", "credentialless", "unsafe-none"),
}  # fmt: skip
_NAMES = {
    "frame_options": "X-Frame-Options",
    "referrer_policy": "Referrer-Policy",
    "opener_policy": "Cross-Origin-Opener-Policy",
    "resource_policy": "Cross-Origin-Resource-Policy",
    "embedder_policy": "Cross-Origin-Embedder-Policy",
    "permissions_policy": "Permissions-Policy",
}


def _closed() -> Mapping[str, Sequence[str]]:
    """Return the policy of an API, whose responses load nothing and cannot be framed."""
    return {"default-src": ("'none'",), "frame-ancestors": ("'none'",)}


@explained_class("SecurityHeaders", "SecurityHeaders()")
@dataclass(frozen=True, kw_only=True)
class SecurityHeaders(Layer):
    """Adds security headers to all responses that do not have them.

    The source ``'nonce'`` of a policy stands for the nonce of the request, see :func:`csp_nonce`. ``None`` leaves a
    header out.
    """

    rank: ClassVar[int | None] = 50
    nearest: ClassVar[bool] = True

    csp: Mapping[str, str | Sequence[str]] | None = field(default_factory=_closed)
    report_only: bool = False
    """Whether violations of ``csp`` are reported and nothing is blocked."""
    hsts: int | None = None
    """For how many seconds browsers use HTTPS alone; sent over HTTPS only (RFC 6797, section 7.2)."""
    hsts_subdomains: bool = True
    hsts_preload: bool = False
    nosniff: bool = True
    frame_options: str | None = "DENY"
    referrer_policy: str | None = "strict-origin-when-cross-origin"
    opener_policy: str | None = "same-origin"
    resource_policy: str | None = None
    embedder_policy: str | None = None
    permissions_policy: str | None = None

    def compile(self, _: RouteInfo | None, /) -> Steps:
        """Return the constant headers, and the step that adds the nonce of a request if the policy has one."""
        headers = {"X-Content-Type-Options": "nosniff"} if self.nosniff else {}
        given = {header: getattr(self, option) for option, header in _NAMES.items()}
        headers |= {header: value for header, value in given.items() if value is not None}
        policy = None if self.csp is None else Policy(self.csp)
        name = "Content-Security-Policy-Report-Only" if self.report_only else "Content-Security-Policy"
        if policy is not None:
            headers[name] = policy.text
        after = None if policy is None or not policy.has_nonce else _with_nonce(name, policy)
        return Steps(headers=headers, secure_headers=self._strict_transport(), after=after)

    def _strict_transport(self) -> Mapping[str, str]:
        if self.hsts is None:
            return {}
        subdomains = "; includeSubDomains" if self.hsts_subdomains else ""
        preload = "; preload" if self.hsts_preload else ""
        return {"Strict-Transport-Security": f"max-age={self.hsts}{subdomains}{preload}"}

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        yield from policy_mistakes(self.csp)
        yield from self._hsts_mistakes()
        for option, choices in _CHOICES.items():
            value = getattr(self, option)
            if value is not None and value not in choices:
                yield f"SecurityHeaders({option}={value!r}) is not a value of {_NAMES[option]}", _one_of(choices)
        given: Any = self.permissions_policy
        if given is not None and not (isinstance(given, str) and given.isascii() and given.isprintable() and given):
            what = f"SecurityHeaders(permissions_policy={given!r}) cannot stand in a header"
            yield what, 'write it on one line, for example "camera=(), geolocation=()"'

    def _hsts_mistakes(self) -> Iterator[tuple[str, str]]:
        given: Any = self.hsts
        if given is not None and not (isinstance(given, int) and not isinstance(given, bool) and given >= 0):
            yield (
                f"SecurityHeaders(hsts={given!r}) is not a number of seconds",
                f"give a whole number, for example hsts={_YEAR} for a year",
            )
        elif self.hsts_preload and (given is None or given < _YEAR or not self.hsts_subdomains):
            yield (
                "SecurityHeaders(hsts_preload=True) is not accepted by hstspreload.org without a year and subdomains",
                f"give hsts={_YEAR} or more, and leave hsts_subdomains=True",
            )


def _with_nonce(name: str, policy: Policy) -> Callable[[web.Request, web.StreamResponse], web.StreamResponse]:
    """Return the step that puts the nonce of a request into its Content-Security-Policy."""

    def add(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        nonce = request.get(CSP_NONCE)
        # The constant policy may be set already and is replaced; a policy of the handler stays.
        if nonce is not None and response.headers.get(name, policy.text) == policy.text:
            response.headers[name] = policy.with_nonce(nonce)
        request[_DECIDED] = True
        return response

    return add


def csp_nonce(request: web.Request) -> str:
    """Return the nonce of a request, for ``<script nonce="…">``: 128 random bits, the same on every call.

    The Content-Security-Policy of the response has it if the policy has the source ``'nonce'``. Raises RuntimeError if
    the headers of the response are complete already, for example while a stream is sent.
    """
    nonce = request.get(CSP_NONCE)
    if nonce is None:
        if request.get(_DECIDED):
            raise RuntimeError("csp_nonce(request) is called when the headers of the response are decided already")
        nonce = request[CSP_NONCE] = secrets.token_urlsafe(16)
        forbid_storing(request)
    return nonce


def _one_of(choices: Sequence[str]) -> str:
    return f"use {', '.join(map(repr, choices))}, or None"
