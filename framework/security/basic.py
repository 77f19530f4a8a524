"""User names and passwords (RFC 7617)."""

import base64
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from framework.credentials import Refusal
from framework.security.base import ChallengingScheme, authorization, quoted

__all__ = ("Basic",)


class Basic(ChallengingScheme, frozen=True, kw_only=True):
    """A name and a password in ``Authorization: Basic …``; ``verify(name, password, …)``.

    Compare passwords in constant time, with a stored hash.
    """

    credentials: ClassVar[tuple[str, ...]] = ("name", "password")

    @property
    def default_name(self) -> str:
        """The default name of the scheme in the document."""
        return "basic"

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        return {"type": "http", "scheme": "basic"}

    def read(self, request: web.Request) -> tuple[str, ...] | None:
        """Return name and password. Raises Unauthorized if they are not base64, not UTF-8, or have no colon."""
        encoded = authorization(request, self, "Basic")
        if encoded is None:
            return None
        name, colon, password = _decoded(encoded).partition(":")
        # RFC 7617, section 2.
        if not colon or any(one < " " or one == "\x7f" for one in name + password):
            raise self.refuse(Refusal.INVALID, "The credentials are malformed")
        return name, password

    def challenge(self, reason: Refusal) -> str | None:
        """Return the challenge, which requires UTF-8."""
        if reason is Refusal.INSUFFICIENT:
            return None
        return f'Basic realm={quoted(self.realm)}, charset="UTF-8"'


def _decoded(text: str) -> str:
    """Return the decoded base64 string, or an empty string if it is not base64 or not UTF-8."""
    try:
        # A string that is not ASCII is a ValueError, and so is UnicodeDecodeError.
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
