"""Cookies that a response sets, checked as browsers check them (RFC 6265bis)."""

import re
from datetime import UTC, datetime
from http.cookies import Morsel, SimpleCookie
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from framework.caching import http_date

__all__ = ("SetCookie", "check_cookie", "morsel_for", "needs_https")

# RFC 9110, section 5.6.2: a token.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTE = re.compile(r"[^\x00-\x1f\x7f;]*\Z")
_SECURE_PREFIXES = ("__secure-", "__host-")
# RFC 6265bis, section 5.6: browsers ignore what is longer.
_LONGEST = 4096
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_RESERVED: Any = Morsel._reserved  # type: ignore[attr-defined]  # noqa: SLF001
_FLAGS: Any = Morsel._flags  # type: ignore[attr-defined]  # noqa: SLF001


class SetCookie(Struct, frozen=True, kw_only=True):
    """A cookie to set: ``Response(value, cookies=[SetCookie(name="id", value="7", max_age=3_600)])``.

    Raises ValueError where a browser would ignore it.
    """

    name: str
    value: str
    max_age: int | None = None
    """Seconds for which it is kept; until the browser is closed unless this or ``expires`` is given."""
    expires: datetime | None = None
    domain: str | None = None
    """The host that gets it back, with all hosts below; only the host that set it unless given."""
    path: str = "/"
    secure: bool | None = None
    """Sent over HTTPS only; ``None`` for yes, but not over plain HTTP to a loopback host."""
    httponly: bool = True
    """Not to be seen by scripts."""
    samesite: Literal["Lax", "Strict", "None"] = "Lax"
    partitioned: bool = False
    """Kept apart for each top-level site (CHIPS)."""

    def __post_init__(self) -> None:
        check_cookie(self.name, self.value, self.attributes)

    @classmethod
    def deletion(cls, name: str, *, path: str = "/", domain: str | None = None) -> "SetCookie":
        """Return what deletes a cookie; path and domain are those that it was set with."""
        return cls(name=name, value="", max_age=0, expires=_LONG_AGO, path=path, domain=domain)

    @property
    def attributes(self) -> dict[str, Any]:
        """All but name and value, as ``set_cookie`` takes them."""
        said = {name: value for name, value in asdict(self).items() if name not in {"name", "value"}}
        if self.expires is not None:
            said["expires"] = http_date(self.expires)
        return said


def check_cookie(name: str, value: str, attributes: dict[str, Any]) -> None:
    """Raise ValueError for a cookie that a browser would ignore, or that would hold more than it says."""
    if not _NAME.match(name):
        raise ValueError(f"{name!r} cannot be the name of a cookie")
    if _CONTROL.search(value):
        raise ValueError(f"The value of the cookie {name} holds a control character")
    if len(name) + len(value.encode()) > _LONGEST:
        raise ValueError(f"The cookie {name} has more than {_LONGEST} bytes")
    for one in ("domain", "path", "expires", "samesite"):
        text = attributes.get(one)
        if isinstance(text, str) and not _ATTRIBUTE.match(text):
            raise ValueError(f"The {one} of the cookie {name} holds a control character or ';'")
    _check_promises(name, attributes)


def _check_promises(name: str, attributes: dict[str, Any]) -> None:
    insecure = attributes.get("secure") is False
    lowered = name.lower()
    if insecure and lowered.startswith(_SECURE_PREFIXES):
        raise ValueError(f"The cookie {name} promises by its name to be Secure")
    if lowered.startswith("__host-") and (attributes.get("domain") or attributes.get("path", "/") != "/"):
        raise ValueError(f"The cookie {name} promises by its name to have the path / and no domain")
    if insecure and (attributes.get("samesite") == "None" or attributes.get("partitioned")):
        raise ValueError(f"The cookie {name} is for other sites and must be Secure")


def needs_https(name: str, attributes: dict[str, Any]) -> bool:
    """Tell whether a cookie is Secure whatever the request came over."""
    foreign = attributes.get("samesite") == "None" or bool(attributes.get("partitioned"))
    return foreign or name.lower().startswith(_SECURE_PREFIXES)


class _Partitioned(Morsel[str]):
    """A cookie that may be partitioned, which Python knows since 3.14."""

    _reserved = {**_RESERVED, "partitioned": "Partitioned"}  # noqa: RUF012  as in its base
    _flags = {*_FLAGS, "partitioned"}  # noqa: RUF012  as in its base


def morsel_for(cookies: SimpleCookie, name: str) -> None:
    """Make the place of a cookie that may be partitioned."""
    if "partitioned" not in _RESERVED:
        dict.__setitem__(cookies, name, _Partitioned())
