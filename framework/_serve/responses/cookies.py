"""Cookies that a response sets, validated as browsers do (RFC 6265bis)."""

import re
from datetime import UTC, datetime
from http.cookies import Morsel, SimpleCookie
from typing import Any, Literal

from aiohttp import hdrs, web
from aiohttp.web_request import BaseRequest
from msgspec import Struct
from msgspec.structs import asdict

from framework._http.tokens import is_token
from framework._serve.aiohttp_names import SUPPORTED
from framework._serve.responses.public_names import add_missing_names
from framework.caching import http_date

__all__ = ("SafeCookies", "SetCookie")

# RFC 9110, section 5.6.2: a token.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTE = re.compile(r"[^\x00-\x1f\x7f;]*\Z")
_SECURE_PREFIXES = ("__secure-", "__host-")
# RFC 6265bis, section 5.6: browsers ignore longer cookies.
_LONGEST = 4096
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_RESERVED: Any = Morsel._reserved  # type: ignore[attr-defined]  # noqa: SLF001
_FLAGS: Any = Morsel._flags  # type: ignore[attr-defined]  # noqa: SLF001


class SetCookie(Struct, frozen=True, kw_only=True):
    """A cookie to set: ``Response(value, cookies=[SetCookie(name="id", value="7", max_age=3_600)])``.

    Raises ValueError if a browser would ignore it.
    """

    __module__ = "framework.responses"

    name: str
    value: str
    max_age: int | None = None
    """Seconds until it expires; without this and ``expires``, it lasts until the browser is closed."""
    expires: datetime | None = None
    domain: str | None = None
    """The host that receives it, with all of its subdomains; default: only the host that set it."""
    path: str = "/"
    secure: bool | None = None
    """Sent over HTTPS only; ``None`` means yes, except over plain HTTP to a loopback host."""
    httponly: bool = True
    """Not readable by scripts."""
    samesite: Literal["Lax", "Strict", "None"] = "Lax"
    partitioned: bool = False
    """Stored separately for each top-level site (CHIPS)."""

    def __post_init__(self) -> None:
        _check_cookie(self.name, self.value, self.attributes)

    @classmethod
    def deletion(cls, name: str, *, path: str = "/", domain: str | None = None) -> "SetCookie":
        """Return the cookie that deletes a cookie; path and domain are those that it was set with."""
        return cls(name=name, value="", max_age=0, expires=_LONG_AGO, path=path, domain=domain)

    @property
    def attributes(self) -> dict[str, Any]:
        """The arguments of ``set_cookie``, except name and value."""
        said = {name: value for name, value in asdict(self).items() if name not in {"name", "value"}}
        if self.expires is not None:
            said["expires"] = http_date(self.expires)
        return said


def _check_cookie(name: str, value: str, attributes: dict[str, Any]) -> None:
    """Raise ValueError for a cookie that a browser would ignore, or whose value would add attributes."""
    if not is_token(name):
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


def _needs_https(name: str, attributes: dict[str, Any]) -> bool:
    """Return whether a cookie is Secure, however the request was sent."""
    foreign = attributes.get("samesite") == "None" or bool(attributes.get("partitioned"))
    return foreign or name.lower().startswith(_SECURE_PREFIXES)


class _Partitioned(Morsel[str]):
    """A cookie that may be partitioned; Python supports it since 3.14."""

    _reserved = {**_RESERVED, "partitioned": "Partitioned"}  # noqa: RUF012  as in its base
    _flags = {*_FLAGS, "partitioned"}  # noqa: RUF012  as in its base


def _add_morsel(cookies: SimpleCookie, name: str) -> None:
    """Create the entry of a cookie that may be partitioned."""
    if "partitioned" not in _RESERVED:
        dict.__setitem__(cookies, name, _Partitioned())


class SafeCookies(web.StreamResponse):
    """A response whose cookies default to HttpOnly and SameSite=Lax, and Secure except for loopback hosts."""

    def set_cookie(self, name: str, value: str, **attributes: Any) -> None:
        """Set a cookie as aiohttp does, by default HttpOnly and SameSite=Lax.

        Raises ValueError if a browser would ignore it: an invalid name or value, a ``__Host-`` or ``__Secure-`` name
        without its required attributes, SameSite=None or Partitioned without Secure.
        """
        said = {key: one for key, one in attributes.items() if one is not None}
        _check_cookie(name, value, said)
        if said.get("partitioned"):
            _add_morsel(self.cookies, name)
        elif "partitioned" in said:
            del said["partitioned"]
        if _needs_https(name, said):
            said["secure"] = True
        super().set_cookie(name, value, **{"httponly": True, "samesite": "Lax", **said})
        if "secure" not in said:
            # Decided when the request is known; aiohttp itself does not read this flag.
            self._secure_later = {*getattr(self, "_secure_later", ()), name}

    def settle_headers(self, request: BaseRequest) -> None:
        """Decide what depends on the request: Secure of cookies, and whether the connection stays open."""
        for name in getattr(self, "_secure_later", ()):
            if name in self.cookies:
                self.cookies[name]["secure"] = request.secure or not _is_loopback(request.host)
        if self.headers.get(hdrs.CONNECTION, "").lower() == "close":
            # The header alone only notifies the client, and leaves the connection open.
            self.force_close()

    async def _prepare_headers(self) -> None:
        # aiohttp adds a Server header with its name and version.
        announced = hdrs.SERVER in self.headers
        await super()._prepare_headers()
        if not announced:
            self.headers.popall(hdrs.SERVER, None)


if not SUPPORTED:
    add_missing_names(SafeCookies)


def _is_loopback(host: str) -> bool:
    name, bracket, _ = host.partition("]")
    return (name + bracket if bracket else name.partition(":")[0]).lower() in _LOOPBACK
