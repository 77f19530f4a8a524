"""Bearer tokens (RFC 6750)."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from framework.schemes import Refusal
from framework.security.base import ChallengingScheme, authorization, quoted

__all__ = ("Bearer", "TokenScheme")

# RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*\Z")


class TokenScheme(ChallengingScheme, frozen=True, kw_only=True):
    """A scheme whose credentials are a bearer token; ``verify(token, …)``."""

    credentials: ClassVar[tuple[str, ...]] = ("token",)

    def read(self, request: web.Request) -> tuple[str, ...] | None:
        """Return the token of the Authorization header; raises Unauthorized where it is none."""
        token = authorization(request, self, "bearer")
        if token is None:
            return None
        if not token:
            raise self.refuse(Refusal.MISSING, "The Authorization header has no token")
        if not _TOKEN.match(token):
            raise self.refuse(Refusal.INVALID, "The token is malformed")
        return (token,)

    def challenge(self, reason: Refusal) -> str | None:
        """Return the challenge of RFC 6750, section 3; it names an error only where a token came."""
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
    """What the token looks like, for the document: ``JWT``."""

    @property
    def default_name(self) -> str:
        """The scheme's name in the document where no other is given."""
        return "bearer"

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        described = {"type": "http", "scheme": "bearer"}
        return described if self.format is None else {**described, "bearerFormat": self.format}
