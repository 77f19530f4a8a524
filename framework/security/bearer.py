"""Bearer tokens (RFC 6750)."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from framework.credentials import Refusal
from framework.security.base import ChallengingScheme, Verifier, authorization, quoted

__all__ = ("Bearer", "TokenScheme")

# RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*\Z")


class TokenScheme(ChallengingScheme, frozen=True, kw_only=True):
    """A scheme whose credentials are a bearer token; ``verify(token, …)``."""

    credentials: ClassVar[tuple[str, ...]] = ("token",)

    def read(self, request: web.Request) -> tuple[str, ...] | None:
        """Return the token of the Authorization header. Raises Unauthorized for a malformed token."""
        token = authorization(request, self, "Bearer")
        if token is None:
            return None
        if not token:
            raise self.refuse(Refusal.MISSING, "The Authorization header has no token")
        # PERF: the check takes a tenth of a small response.
        if not (getattr(self.verify, "is_strict", False) is True or _TOKEN.match(token)):
            raise self.refuse(Refusal.INVALID, "The token is malformed")
        return (token,)

    def challenge(self, reason: Refusal) -> str | None:
        """Return the challenge of RFC 6750, section 3; it has an error code only if the request has a token."""
        parts = [f"Bearer realm={quoted(self.realm)}"]
        if reason is Refusal.INVALID:
            parts.append('error="invalid_token"')
        elif reason is Refusal.INSUFFICIENT:
            parts += ['error="insufficient_scope"', f"scope={quoted(' '.join(self.scopes))}"]
        return ", ".join(parts)


class Bearer(TokenScheme, frozen=True, kw_only=True):
    """A token in ``Authorization: Bearer …``.

    ``user: Annotated[User, Bearer(verify)]`` with ``async def verify(token: str, users: Users) -> User | None``.
    """

    format: str | None = None
    """The format of the token, for the document; ``JWT`` if the verifier is a JWT."""

    @property
    def default_name(self) -> str:
        """The default name of the scheme in the document."""
        return "bearer"

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        described = {"type": "http", "scheme": "bearer"}
        of_verifier = self.verify.bearer_format if isinstance(self.verify, Verifier) else None
        written = self.format or of_verifier
        return described if written is None else {**described, "bearerFormat": written}
