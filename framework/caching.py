"""Caching and conditional requests: CacheControl, ETag and Preconditions (RFC 9110, section 13; RFC 9111)."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_tz
from typing import Any, ClassVar

from aiohttp import hdrs, web
from msgspec import Struct
from msgspec.structs import asdict
from multidict import CIMultiDict, CIMultiDictProxy

from framework._inspect.calls import ExplainedMeta
from framework.http_errors import PreconditionFailed, PreconditionRequired

__all__ = (
    "CacheControl",
    "ETag",
    "Preconditions",
    "evaluate",
    "forbid_storing",
    "http_date",
    "may_be_stored",
    "parse_http_date",
)

_OPAQUE = re.compile(r"[!\x23-\x7e\x80-\xff]*\Z")
_QUOTED = re.compile(r'(W/)?"([!\x23-\x7e\x80-\xff]*)"')
_CONDITIONS = (hdrs.IF_MATCH, hdrs.IF_UNMODIFIED_SINCE, hdrs.IF_NONE_MATCH)
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_UNSTORED = web.RequestKey("framework.caching.unstored", bool)


class ETag(Struct, frozen=True):
    """An entity tag: the version of a response (RFC 9110, section 8.8.3)."""

    value: str
    """Without quotes; visible ASCII characters except ``"``."""
    weak: bool = False
    """Whether two responses with the same tag may differ in their bytes."""

    @classmethod
    def of(cls, tag: "str | ETag") -> "ETag":
        """Return a tag for a string: ``v1`` and ``"v1"`` are strong, ``W/v1`` and ``W/"v1"`` weak.

        Raises ValueError for spaces, quotes and control characters.
        """
        if isinstance(tag, ETag):
            made = tag
        else:
            quoted = _QUOTED.fullmatch(tag)
            weak = tag.startswith("W/")
            made = cls(quoted[2], weak) if quoted else cls(tag.removeprefix("W/"), weak)
        if not _OPAQUE.match(made.value):
            raise ValueError(
                f"{made.value!r} cannot be an entity tag: it holds a space, a quote or a control character"
            )
        return made

    def __str__(self) -> str:
        return f'{"W/" if self.weak else ""}"{self.value}"'


class CacheControl(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """The directives of ``Cache-Control`` (RFC 9111, section 5.2.2; RFC 5861; RFC 8246). Ages are in seconds."""

    max_age: int | None = None
    s_maxage: int | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None
    public: bool = False
    private: bool = False
    no_cache: bool = False
    no_store: bool = False
    no_transform: bool = False
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    must_understand: bool = False
    immutable: bool = False

    _CONTRADICTIONS: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = (
        ("public", ("private",)),
        ("private", ("s_maxage", "proxy_revalidate")),
        (
            "no_store",
            ("max_age", "s_maxage", "stale_while_revalidate", "stale_if_error", "immutable", "no_cache", "public"),
        ),
        ("immutable", ("no_cache", "must_revalidate")),
        ("must_revalidate", ("stale_while_revalidate", "stale_if_error")),
        ("no_cache", ("stale_while_revalidate", "stale_if_error")),
    )

    def mistake(self) -> str | None:
        """Return the error in the directives, or None: ``public and private exclude each other``."""
        said = {name: value for name, value in asdict(self).items() if value is not None and value is not False}
        for name, value in said.items():
            if value is not True and (not isinstance(value, int) or value < 0):
                return f"{name}={value!r} is not a number of seconds"
        if not said:
            return "it is empty"
        for one, others in self._CONTRADICTIONS:
            for other in others:
                if one in said and other in said:
                    return f"{one} and {other} exclude each other"
        if "immutable" in said and not said.get("max_age"):
            return "immutable needs a max_age"
        return None

    def __str__(self) -> str:
        mistake = self.mistake()
        if mistake is not None:
            raise ValueError(f"CacheControl: {mistake}")
        return ", ".join(_directives(self))


def _directives(control: CacheControl) -> Iterator[str]:
    for name, value in asdict(control).items():
        directive = name.replace("s_maxage", "s-maxage").replace("_", "-")
        if value is True:
            yield directive
        elif value is not None and value is not False:
            yield f"{directive}={value}"


class Preconditions:
    """The conditions of a request (``If-Match`` and others); a handler declares a parameter of this type.

    ``preconditions.check(etag=page.version)`` returns if they hold.
    """

    __slots__ = ("_headers", "_request")

    def __init__(self, request: web.BaseRequest, headers: Iterable[tuple[str, str]] = ()) -> None:
        self._request = request
        self._headers = headers
        """Headers of every response of the route, including a 304."""

    def check(
        self,
        etag: str | ETag | None = None,
        *,
        last_modified: datetime | None = None,
        exists: bool = True,
        required: bool = False,
    ) -> None:
        """Compare the conditions with the current tag and modification time, or with ``exists=False``.

        Raises PreconditionFailed (412) if they do not hold. For GET and HEAD it raises web.HTTPNotModified (304), with
        both validators, if the client has that version. Raises PreconditionRequired (428) if a condition is
        ``required`` and the request has none.
        """
        headers = self._request.headers
        if required and not any(name in headers for name in _CONDITIONS):
            raise PreconditionRequired("Send the version to change in If-Match")
        tag = None if etag is None else ETag.of(etag)
        status = evaluate(self._request.method, headers, tag, last_modified, exists=exists)
        if status == 412:  # noqa: PLR2004
            raise PreconditionFailed("It is not in the state that the request names")
        if status == 304:  # noqa: PLR2004
            validators = CIMultiDict(self._headers)
            if tag is not None:
                validators[hdrs.ETAG] = str(tag)
            if last_modified is not None:
                validators[hdrs.LAST_MODIFIED] = http_date(last_modified)
            raise web.HTTPNotModified(headers=validators)


def evaluate(
    method: str,
    headers: CIMultiDictProxy[str],
    etag: ETag | None,
    last_modified: datetime | None,
    *,
    exists: bool = True,
) -> int:
    """Return 200 if the conditions of a request hold, otherwise 304 or 412 (order of RFC 9110, section 13.2.2)."""
    if hdrs.IF_MATCH in headers:
        if not _lists(headers, hdrs.IF_MATCH, etag, exists=exists, strong=True):
            return 412
    elif last_modified is not None:
        unmodified = parse_http_date(headers.get(hdrs.IF_UNMODIFIED_SINCE))
        if unmodified is not None and _whole_second(last_modified) > unmodified:
            return 412
    if hdrs.IF_NONE_MATCH in headers:
        if _lists(headers, hdrs.IF_NONE_MATCH, etag, exists=exists, strong=False):
            return 304 if method in _SAFE else 412
    elif method in _SAFE and last_modified is not None:
        modified = parse_http_date(headers.get(hdrs.IF_MODIFIED_SINCE))
        if modified is not None and _whole_second(last_modified) <= modified:
            return 304
    return 200


def _lists(headers: CIMultiDictProxy[str], name: str, etag: ETag | None, *, exists: bool, strong: bool) -> bool:
    """Return whether a list of tags contains a tag; ``*`` matches any existing version."""
    text = ",".join(headers.getall(name))
    if text.strip(" \t") == "*":
        return exists
    if etag is None or not exists or (strong and etag.weak):
        return False
    return any(one[2] == etag.value and not (strong and one[1]) for one in _QUOTED.finditer(text))


def forbid_storing(request: web.Request) -> None:
    """Keep the response to a request out of every ResponseCache, because it is for this request alone.

    For code that puts something into the response that no header shows at that time: a nonce, a token, a session.
    """
    request[_UNSTORED] = True


def may_be_stored(request: web.Request) -> bool:
    """Return whether nothing has called forbid_storing for a request."""
    return not request.get(_UNSTORED, False)


def http_date(moment: datetime) -> str:
    """Return a datetime in the format of RFC 9110, section 5.6.7; without a time zone it is UTC."""
    return format_datetime(_whole_second(moment), usegmt=True)


def parse_http_date(text: str | None) -> datetime | None:
    """Return the datetime of a header, or None if it has no valid date."""
    parts: Any = parsedate_tz(text) if text is not None else None
    if parts is None or parts[9]:
        # HTTP dates are always in GMT.
        return None
    year, month, day, hour, minute, second = parts[:6]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _whole_second(moment: datetime) -> datetime:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(microsecond=0)
