"""API keys in a header, the query or a cookie."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from aiohttp import web

from framework._http.tokens import is_token
from framework._serve.aiohttp_names import cookies_of
from framework.credentials import Refusal
from framework.security.base import ChallengingScheme, quoted

__all__ = ("APIKey",)

# RFC 9110, section 5.6.2.
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]")
_PLACES: Mapping[str, Callable[[web.Request, str], list[str]]] = {
    "header": lambda request, name: request.headers.getall(name, []),
    "query": lambda request, name: request.query.getall(name, []),
    "cookie": lambda request, name: [one for key, one in cookies_of(request).items() if key == name],
}


class APIKey(ChallengingScheme, frozen=True, kw_only=True):
    """A key in one place: ``APIKey(verify, header="X-API-Key")``, or ``query=``, or ``cookie=``; ``verify(key, …)``.

    A key in the query is in the logs of every proxy: use it only if a client has no alternative. Browsers send a key in
    a cookie with requests of other sites too: make the cookie SameSite, or require a CSRF token.
    """

    credentials: ClassVar[tuple[str, ...]] = ("key",)

    header: str | None = None
    query: str | None = None
    cookie: str | None = None

    @property
    def _place(self) -> tuple[str, str]:
        return next((kind, name) for kind in _PLACES if (name := getattr(self, kind)) is not None)

    @property
    def default_name(self) -> str:
        """The default name of the scheme in the document: ``header-X-API-Key``."""
        return _FOREIGN.sub("_", "-".join(self._place))

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        kind, name = self._place
        return {"type": "apiKey", "in": kind, "name": name}

    def read(self, request: web.Request) -> tuple[str, ...] | None:
        """Return the key. Raises Unauthorized for several keys, and for a key that is not UTF-8."""
        kind, name = self._place
        found = _PLACES[kind](request, name)
        if not found or found == [""]:
            return None
        if len(found) > 1:
            raise self.refuse(Refusal.INVALID, "There is more than one key")
        try:
            found[0].encode()
        except UnicodeEncodeError:
            raise self.refuse(Refusal.INVALID, "The key is malformed") from None
        return (found[0],)

    def challenge(self, reason: Refusal) -> str | None:
        """Return a challenge with the place of the key, although no challenge is registered for API keys."""
        if reason is Refusal.INSUFFICIENT:
            return None
        kind, name = self._place
        return f"APIKey realm={quoted(self.realm)}, in={quoted(kind)}, name={quoted(name)}"

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in the place of the key, or an error that every scheme may have."""
        names: list[Any] = [one for one in (self.header, self.query, self.cookie) if one is not None]
        if len(names) != 1:
            return ("APIKey() needs one place of its key", 'give one of header="X-API-Key", query= and cookie=')
        if not is_token(names[0]):
            return (f"APIKey() has {names[0]!r} for the name of its key", 'write it as header="X-API-Key"')
        return super().mistake()
