"""Tokens that show that a form comes from the server's own page: signed, and bound to a session or a visitor."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from html import escape

from aiohttp import web

from framework.middleware.session import Session
from framework.middleware.session_cookies import cookie_name, cookie_values
from framework.middleware.session_keeper import identity_of
from framework.security.signing import Secrets, Signer

__all__ = ("CSRFToken", "Markup", "Tokens", "csrf_token", "token_of")

_RANDOM_BYTES = 32
_VISITOR = re.compile(r"[A-Za-z0-9_-]{43}")


class Markup(str):
    """HTML that template engines do not escape again."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return the HTML."""
        return str(self)


class Tokens:
    """Signs tokens, and verifies them; a token is valid for one session, or for one visitor without a session."""

    def __init__(self, secret: Secrets, *, cookie: str, field: str) -> None:
        self._signer = Signer(secret, purpose="framework.csrf")
        self._cookie = cookie
        self.field = field

    def sign(self, bound: str) -> str:
        """Return another token on each call, so that a compressed page shows nothing of it (BREACH)."""
        return self._signer.sign((secrets.token_urlsafe(16), _digest(bound)))

    def is_valid(self, text: str, session: Session[object], request: web.Request) -> bool:
        """Return whether a token is that of a session; without a session, that of one of the visitor's cookies."""
        found = self._signer.read(text, tuple[str, str])
        if found is None:
            return False
        known = identity_of(session)
        bounds = self.visitors(request) if known is None else [f"session {known}"]
        return any(hmac.compare_digest(found[1], _digest(bound)) for bound in bounds)

    def visitors(self, request: web.Request) -> list[str]:
        """Return what the cookies of a visitor bind a token to."""
        sent = cookie_values(request, cookie_name(self._cookie, request))
        return [f"visitor {one}" for one in sent if _VISITOR.fullmatch(one)]


def _digest(bound: str) -> str:
    return hashlib.sha256(f"framework.csrf {bound}".encode()).hexdigest()


class CSRFToken:
    """The token of a request, for a form or a script: ``token: CSRFToken`` in a handler, then ``str(token)``.

    Make it after the last change of the session: ``renew()`` and ``end()`` make older tokens worthless.
    """

    __module__ = "framework.middleware"
    __provider_hint__ = "give CSRF(secret=…) to the app, inside of Sessions(…)"
    __slots__ = ("_closed", "_session", "_tokens", "_visitors", "is_issued", "visitor")

    def __init__(self, tokens: Tokens, session: Session[object], request: web.Request) -> None:
        self._tokens = tokens
        self._session = session
        self._visitors = tokens.visitors(request)
        self._closed = False
        self.is_issued = False
        """Whether the response holds a token."""
        self.visitor = ""
        """The new cookie of a visitor without a session."""

    def __str__(self) -> str:
        """Return a token; raises RuntimeError if it requires a cookie, and the head of the response is sent already."""
        known = identity_of(self._session)
        if known is not None:
            bound = f"session {known}"
        elif self._visitors:
            bound = self._visitors[0]
        else:
            if self._closed:
                raise RuntimeError("a CSRF token is made when the head of the response is sent already")
            self.visitor = self.visitor or secrets.token_urlsafe(_RANDOM_BYTES)
            bound = f"visitor {self.visitor}"
        self.is_issued = True
        return self._tokens.sign(bound)

    def field(self) -> Markup:
        """Return a hidden field for a form: ``<input type="hidden" name="_csrf" value="…">``."""
        return Markup(f'<input type="hidden" name="{escape(self._tokens.field)}" value="{self}">')

    def close(self) -> None:
        """Record that the head of the response is decided."""
        self._closed = True


_TOKEN = web.RequestKey("framework.csrf_token", CSRFToken)


def keep(request: web.Request, make: Callable[[], CSRFToken]) -> CSRFToken:
    """Return the token of a request, which is made once."""
    known = request.get(_TOKEN)
    if known is None:
        known = request[_TOKEN] = make()
    return known


def token_of(request: web.Request) -> CSRFToken | None:
    """Return the token of a request, if its route requires one."""
    return request.get(_TOKEN)


def csrf_token(request: web.Request) -> str:
    """Return a token where only the request is at hand, as in a template.

    Raises RuntimeError if neither the handler nor a guard requires ``CSRFToken``.
    """
    known = token_of(request)
    if known is None:
        raise RuntimeError("csrf_token(request) is called on a route that does not require CSRFToken")
    return str(known)
