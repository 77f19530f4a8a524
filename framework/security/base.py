"""What the schemes share: their name in the document, their challenge, and the refusals."""

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs, web

from framework.http_errors import Forbidden, HTTPError, Unauthorized
from framework.schemes import Credentials, Refusal, SecurityRequirement, SecurityScheme

__all__ = ("Alternatives", "ChallengingScheme", "authorization", "quoted")

# OpenAPI 3.1, section 4.8.7.
_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")
# RFC 9110, section 5.6.4; what stands in a header is kept to ASCII.
_QUOTABLE = re.compile(r"[\t -~]*\Z")
_DETAILS = {
    Refusal.MISSING: "Credentials are required",
    Refusal.INVALID: "The credentials are not valid",
    Refusal.INSUFFICIENT: "The credentials do not allow this",
}


class ChallengingScheme(SecurityScheme, frozen=True, kw_only=True):
    """A scheme that answers with a challenge (RFC 9110, section 11.6.1)."""

    realm: str = "api"
    """What the credentials are for, as the challenge says it."""
    name: str | None = None
    """The scheme's name in the document."""
    description: str | None = None

    def __or__(self, other: Credentials) -> "Alternatives":
        """Let a request carry either of two: ``Bearer(verify) | APIKey(verify_key, header="X-API-Key")``."""
        return Alternatives(schemes=(*self.alternatives, *other.alternatives))

    @property
    def default_name(self) -> str:
        """The scheme's name in the document where no other is given."""
        raise NotImplementedError

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object without its description."""
        raise NotImplementedError

    def challenge(self, reason: Refusal) -> str | None:
        """Return the value of ``WWW-Authenticate``, ``None`` where the answer has none."""
        raise NotImplementedError

    def requirement(self) -> SecurityRequirement:
        """Return what the document says of it."""
        described = {} if self.description is None else {"description": self.description}
        return SecurityRequirement(
            scheme=self.name or self.default_name, document={**self.document(), **described}, scopes=self.scopes
        )

    def refuse(self, reason: Refusal, detail: str | None = None) -> HTTPError:
        """Return 401 with the challenge, or 403 where the scopes do not reach."""
        challenge = self.challenge(reason)
        headers = None if challenge is None else {str(hdrs.WWW_AUTHENTICATE): challenge}
        error = Forbidden if reason is Refusal.INSUFFICIENT else Unauthorized
        return error(detail or _DETAILS[reason], headers=headers)

    def mistake(self) -> tuple[str, str] | None:
        """Return what is wrong with name, realm and scopes."""
        label = type(self).__name__
        given: Any = self.scopes
        if isinstance(given, str) or not all(isinstance(one, str) and _is_scope(one) for one in given):
            return (f"{label}(scopes={given!r}) names no scopes", 'write it as scopes=("orders:write",)')
        if not _NAME.match(self.name or self.default_name):
            what = f"{label}(name={self.name!r}) is not a name for the document"
            return (what, "use letters, digits, '.', '-' and '_' alone")
        if not _QUOTABLE.match(self.realm):
            return (f"{label}(realm={self.realm!r}) cannot stand in a header", "write the realm in ASCII, on one line")
        return None


class Alternatives(Credentials, frozen=True, kw_only=True):
    """Several schemes, of which a request carries the credentials of one; written ``one | another``."""

    schemes: tuple[SecurityScheme, ...]

    @property
    def alternatives(self) -> tuple[SecurityScheme, ...]:
        """The schemes."""
        return self.schemes

    def __or__(self, other: Credentials) -> "Alternatives":
        return Alternatives(schemes=(*self.schemes, *other.alternatives))

    def missing(self) -> Exception:
        """Return 401 with the challenges of all."""
        errors = [one.missing() for one in self.schemes]
        headers = [one.headers or {} for one in errors if isinstance(one, HTTPError)]
        challenges = [one[hdrs.WWW_AUTHENTICATE] for one in headers if hdrs.WWW_AUTHENTICATE in one]
        return Unauthorized(_DETAILS[Refusal.MISSING], headers={hdrs.WWW_AUTHENTICATE: ", ".join(challenges)})


def quoted(text: str) -> str:
    """Write a quoted string (RFC 9110, section 5.6.4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_scope(text: str) -> bool:
    # RFC 6749, section 3.3.
    return re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", text) is not None


def authorization(request: web.Request, scheme: ChallengingScheme, kind: str) -> str | None:
    """Return what follows the name of an authentication scheme in ``Authorization``.

    ``None`` where there is no such header, or one of another scheme; raises Unauthorized where there are several.
    """
    values = request.headers.getall(hdrs.AUTHORIZATION, ())
    if not values:
        return None
    if len(values) > 1:
        raise scheme.refuse(Refusal.MISSING, "There is more than one Authorization header")
    found, _, rest = values[0].strip().partition(" ")
    return rest.strip() if found.lower() == kind else None
