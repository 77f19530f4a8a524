"""Base classes of the schemes: their name in the document, their challenge, and their errors."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from aiohttp import hdrs, web

from framework.credentials import Credentials, Refusal, SecurityRequirement, SecurityScheme
from framework.http_errors import Forbidden, HTTPError, Unauthorized
from framework.layers import headers_of
from framework.option_errors import ExplainedMeta

__all__ = ("Alternatives", "ChallengingScheme", "Verifier", "authorization", "quoted")

# OpenAPI 3.1, section 4.8.7.
_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")
# RFC 9110, section 5.6.4; values of headers are restricted to ASCII.
_QUOTABLE = re.compile(r"[\t -~]*\Z")
_AUTHORIZATION = hdrs.AUTHORIZATION
_NONE: tuple[str, ...] = ()
_DETAILS = {
    Refusal.MISSING: "Credentials are required",
    Refusal.INVALID: "The credentials are not valid",
    Refusal.INSUFFICIENT: "The credentials do not allow this",
}


class Verifier:
    """Base class of verifiers with options, which are checked when the app is built."""

    bearer_format: ClassVar[str | None] = None
    """The format of its tokens, for the document."""
    is_strict: ClassVar[bool] = False
    """Whether it refuses every token that is not in the format of RFC 6750, so that the scheme need not check it."""
    __call__: Callable[..., Any]
    """``(credentials, …)`` -> the user, as for any other verifier."""

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in the options, and a hint; ``None`` if they are valid."""
        return None

    @property
    def openid_url(self) -> str | None:
        """The URL of the configuration of the OpenID provider that issues its tokens, if it is known."""
        return None

    @property
    def raises(self) -> tuple[type[Exception], ...]:
        """The errors that it may raise, for the document."""
        return ()


class ChallengingScheme(SecurityScheme, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """A scheme whose errors have a challenge (RFC 9110, section 11.6.1)."""

    realm: str = "api"
    """The ``realm`` of the challenge."""
    name: str | None = None
    """The scheme's name in the document."""
    description: str | None = None

    def __or__(self, other: Credentials) -> "Alternatives":
        """Accept either of two schemes: ``Bearer(verify) | APIKey(verify_key, header="X-API-Key")``."""
        return Alternatives(schemes=(*self.alternatives, *other.alternatives))

    @property
    def default_name(self) -> str:
        """The default name of the scheme in the document."""
        raise NotImplementedError

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object without its description."""
        raise NotImplementedError

    def challenge(self, reason: Refusal) -> str | None:
        """Return the value of ``WWW-Authenticate``, or None if the response has none."""
        raise NotImplementedError

    @property
    def raises(self) -> tuple[type[Exception], ...]:
        """The errors that the verifier may raise, for the document."""
        return self.verify.raises if isinstance(self.verify, Verifier) else ()

    def requirement(self) -> SecurityRequirement:
        """Return the scheme for the OpenAPI document."""
        described = {} if self.description is None else {"description": self.description}
        return SecurityRequirement(
            scheme=self.name or self.default_name, document={**self.document(), **described}, scopes=self.scopes
        )

    def refuse(self, reason: Refusal, detail: str | None = None) -> HTTPError:
        """Return a 401 with the challenge, or a 403 if a required scope is missing."""
        challenge = self.challenge(reason)
        headers = None if challenge is None else {str(hdrs.WWW_AUTHENTICATE): challenge}
        error = Forbidden if reason is Refusal.INSUFFICIENT else Unauthorized
        return error(detail or _DETAILS[reason], headers=headers)

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in name, realm or scopes."""
        label = type(self).__name__
        given: Any = self.scopes
        if isinstance(given, str) or not all(isinstance(one, str) and _is_scope(one) for one in given):
            return (f"{label}(scopes={given!r}) names no scopes", 'write it as scopes=("orders:write",)')
        if not _NAME.match(self.name or self.default_name):
            what = f"{label}(name={self.name!r}) is not a name for the document"
            return (what, "use letters, digits, '.', '-' and '_' alone")
        if not _QUOTABLE.match(self.realm):
            return (f"{label}(realm={self.realm!r}) cannot stand in a header", "write the realm in ASCII, on one line")
        return self.verify.mistake() if isinstance(self.verify, Verifier) else None


class Alternatives(Credentials, frozen=True, kw_only=True):
    """Several schemes; a request has the credentials of one of them. Written ``first | second``."""

    schemes: tuple[SecurityScheme, ...]

    @property
    def alternatives(self) -> tuple[SecurityScheme, ...]:
        """The schemes."""
        return self.schemes

    def __or__(self, other: Credentials) -> "Alternatives":
        return Alternatives(schemes=(*self.schemes, *other.alternatives))

    def missing(self) -> Exception:
        """Return a 401 with the challenges of all schemes."""
        errors = [one.missing() for one in self.schemes]
        headers = [one.headers or {} for one in errors if isinstance(one, HTTPError)]
        challenges = [one[hdrs.WWW_AUTHENTICATE] for one in headers if hdrs.WWW_AUTHENTICATE in one]
        return Unauthorized(_DETAILS[Refusal.MISSING], headers={hdrs.WWW_AUTHENTICATE: ", ".join(challenges)})


def quoted(text: str) -> str:
    """Return a quoted string (RFC 9110, section 5.6.4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_scope(text: str) -> bool:
    # RFC 6749, section 3.3.
    return re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", text) is not None


def authorization(request: web.Request, scheme: ChallengingScheme, kind: str) -> str | None:
    """Return the part of ``Authorization`` after the name of an authentication scheme.

    Returns None if there is no such header, or one of another scheme. Raises Unauthorized for several headers.
    """
    values = headers_of(request).getall(_AUTHORIZATION, _NONE)
    if len(values) != 1:
        if not values:
            return None
        raise scheme.refuse(Refusal.MISSING, "There is more than one Authorization header")
    found, _, rest = values[0].partition(" ")
    if found != kind:
        found, _, rest = values[0].strip().partition(" ")
        if found.lower() != kind.lower():
            return None
    return rest.strip()
