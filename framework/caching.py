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

from framework.http_errors import PreconditionFailed, PreconditionRequired

__all__ = ("CacheControl", "ETag", "Preconditions", "evaluate", "http_date", "parse_http_date")

_OPAQUE = re.compile(r"[!\x23-\x7e\x80-\xff]*\Z")
_QUOTED = re.compile(r'(W/)?"([!\x23-\x7e\x80-\xff]*)"')
_CONDITIONS = (hdrs.IF_MATCH, hdrs.IF_UNMODIFIED_SINCE, hdrs.IF_NONE_MATCH)
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


class ETag(Struct, frozen=True):
    """A version of what is answered (RFC 9110, section 8.8.3)."""

    value: str
    """Without quotes; visible ASCII characters but ``"``."""
    weak: bool = False
    """Whether two answers with the same tag may differ in their bytes."""

    @classmethod
    def of(cls, tag: "str | ETag") -> "ETag":
        """Return a tag for a text: ``v1`` and ``"v1"`` are strong, ``W/v1`` and ``W/"v1"`` weak.

        Raises ValueError where it holds spaces, quotes or control characters.
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


class CacheControl(Struct, frozen=True, kw_only=True):
    """What caches may do with an answer (RFC 9111, section 5.2.2; RFC 5861; RFC 8246). Ages are in seconds."""

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
        """Return what is wrong with it, ``None`` where nothing is: ``public and private exclude each other``."""
        said = {name: value for name, value in asdict(self).items() if value is not None and value is not False}
        for name, value in said.items():
            if value is not True and (not isinstance(value, int) or value < 0):
                return f"{name}={value!r} is not a number of seconds"
        if not said:
            return "it says nothing"
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
    """The conditions under which a client wants its request done; a handler takes it as a parameter.

    ``preconditions.check(etag=page.version)`` goes on where they hold.
    """

    __slots__ = ("_headers", "_request")

    def __init__(self, request: web.BaseRequest, headers: Iterable[tuple[str, str]] = ()) -> None:
        self._request = request
        self._headers = headers
        """What every answer of the route carries, a 304 as well."""

    def check(
        self,
        etag: str | ETag | None = None,
        *,
        last_modified: datetime | None = None,
        exists: bool = True,
        required: bool = False,
    ) -> None:
        """Compare them with what there is now: its tag, when it last changed, or that it does not exist.

        Raises PreconditionFailed (412) where they do not hold; for GET and HEAD web.HTTPNotModified (304), with both
        validators, where the client has that version; PreconditionRequired (428) where one is ``required`` and
        there is none.
        """
        headers = self._request.headers
        if required and not any(name in headers for name in _CONDITIONS):
            raise PreconditionRequired("Say which version is meant, with If-Match")
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
    """Return 200 where the conditions of a request hold, 304 or 412 where not, in the order of RFC 9110, 13.2.2."""
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
    """Tell whether a list of tags names a tag; ``*`` names whatever exists."""
    text = ",".join(headers.getall(name))
    if text.strip(" \t") == "*":
        return exists
    if etag is None or not exists or (strong and etag.weak):
        return False
    return any(one[2] == etag.value and not (strong and one[1]) for one in _QUOTED.finditer(text))


def http_date(moment: datetime) -> str:
    """Return a moment as RFC 9110, section 5.6.7, writes it; one without a time zone is UTC."""
    return format_datetime(_whole_second(moment), usegmt=True)


def parse_http_date(text: str | None) -> datetime | None:
    """Return the moment that a header names, ``None`` where it names none that can be read."""
    parts: Any = parsedate_tz(text) if text is not None else None
    if parts is None or parts[9]:
        # A zone other than GMT is not a date of HTTP's.
        return None
    year, month, day, hour, minute, second = parts[:6]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _whole_second(moment: datetime) -> datetime:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(microsecond=0)
