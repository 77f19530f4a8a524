"""Tokens: the names of methods, headers, cookies and parameters (RFC 9110, section 5.6.2)."""

import re

__all__ = ("TOKEN", "is_token")

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  not a password
"""The pattern of a token, for longer patterns."""
_TOKEN = re.compile(rf"{TOKEN}\Z")


def is_token(text: object) -> bool:
    """Return whether a value is a string that is one token."""
    return isinstance(text, str) and _TOKEN.match(text) is not None
