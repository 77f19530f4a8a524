"""Compression of response bodies (RFC 9110, section 8.4)."""

import asyncio
import re
from collections.abc import Awaitable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from aiohttp import hdrs, web
from multidict import CIMultiDict

from framework.layers import After, Layer, Steps, headers_of, replace_header
from framework.middleware.coded_tags import coded_tag, held_tag, with_plain_tags
from framework.middleware.codings import CODINGS, Choice, Choices, Coding, installed
from framework.option_errors import explained_class
from framework.responses import add_vary, unless_small
from framework.routing import RouteInfo

__all__ = ("COMPRESSIBLE", "Compression")

COMPRESSIBLE: Final = (
    "text/*",
    "*/*+json",
    "*/*+xml",
    "application/javascript",
    "application/json",
    "application/jsonl",
    "application/msgpack",
    "application/wasm",
    "application/x-ndjson",
    "application/xml",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
)
"""The media types that are compressed unless others are given."""

_EVENTS = "text/event-stream"
_TOKEN = r"[!#$%&'+.^_`|~0-9A-Za-z-]+"  # noqa: S105  not a secret
_TYPE = re.compile(rf"(?:{_TOKEN}|\*)/(?:{_TOKEN}|\*|\*\+{_TOKEN})\Z")
_REMEMBERED = 256
_LARGE = 131_072
"""Bytes from which on a body is compressed in a worker thread."""

_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_NOT_MODIFIED, _PARTIAL = 304, 206
# A coding, and digests of the handler's bytes (RFC 9530 and its predecessors).
_FINAL = (hdrs.CONTENT_ENCODING, "Content-Digest", "Repr-Digest", hdrs.DIGEST, hdrs.CONTENT_MD5)
_NO_TRANSFORM = re.compile(r"(?:^|[,\s])no-transform(?:[,\s]|$)", re.IGNORECASE)
_ACCEPT, _RANGE, _IF_MATCH, _IF_NONE_MATCH = hdrs.ACCEPT_ENCODING, hdrs.RANGE, hdrs.IF_MATCH, hdrs.IF_NONE_MATCH
_NONE: tuple[str, ...] = ()
_HELD = web.RequestKey("framework.compression.held", str)
"""The tags of the client's copies, as it listed them."""


@explained_class("Compression", "Compression(minimum_size=1000)")
@dataclass(frozen=True, kw_only=True)
class Compression(Layer):
    """Send bodies in the coding that a client prefers: zstd, Brotli or gzip.

    zstd and Brotli require the extra ``compression``. Of several instances around a route, only the innermost applies.
    ``Compression(types=None)`` compresses nothing: use it for routes that send a secret beside client data.
    """

    rank: ClassVar[int | None] = 70
    nearest: ClassVar[bool] = True

    minimum_size: int = 500
    """Size in bytes of the smallest body that is compressed; streams of any size are compressed."""
    types: Sequence[str] | None = COMPRESSIBLE
    """The media types that are compressed: ``application/json``, ``text/*``, ``*/*+json``. Event streams are
    compressed only if ``text/event-stream`` is named. ``None`` compresses nothing."""

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options, with hints."""
        size: Any = self.minimum_size
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            yield f"Compression(minimum_size={size!r}) is not a number of bytes", "write it as minimum_size=500"
        types: Any = self.types
        if types is None:
            return
        if isinstance(types, str) or not isinstance(types, Collection) or not types:
            hint = 'write it as types=("application/json",), or types=None to compress nothing'
            yield f"Compression(types={types!r}) does not list media types", hint
            return
        for one in types:
            if not isinstance(one, str) or not _TYPE.match(one):
                hint = 'write it as "application/json", "text/*" or "*/*+json"'
                yield f"Compression(types=…): {one!r} is not a media type", hint

    def compile(self, route: RouteInfo | None) -> Steps | None:  # noqa: ARG002  the same for all routes
        """Return the steps for requests and responses."""
        if self.types is None:
            return None
        work = _Work(self.minimum_size, self.types)
        documented: dict[str, str] = {
            hdrs.CONTENT_ENCODING: f"The coding of the body, if it has one: {', '.join(installed())}"
        }
        return Steps(
            before=work.read_tags,
            before_if=(_IF_NONE_MATCH, _IF_MATCH),
            after=work.after,
            response_headers=documented,
        )


class _Work:
    """Compresses the responses to requests, and reads the tags of coded responses in requests."""

    def __init__(self, minimum_size: int, types: Sequence[str]) -> None:
        self._minimum_size = minimum_size
        self._types = _Types(types)
        self._choices = Choices(tuple(installed().values()))

    def read_tags(self, request: web.Request) -> None:
        """Replace coded tags in the conditions of a request, so that handlers see the tags of their own responses."""
        headers = request.headers
        if _IF_MATCH in headers:
            replace_header(request, _IF_MATCH, with_plain_tags(_joined(headers, _IF_MATCH), CODINGS))
        if _IF_NONE_MATCH in headers:
            # A coding that the client does not accept now would not be sent, although its copy is in that coding.
            known = self._choice(request).accepted if request.method in _SAFE else CODINGS
            request[_HELD] = held = _joined(headers, _IF_NONE_MATCH)
            replace_header(request, _IF_NONE_MATCH, with_plain_tags(held, known))

    def _choice(self, request: web.Request) -> Choice:
        return self._choices[",".join(headers_of(request).getall(_ACCEPT, _NONE))]

    @property
    def after(self) -> After:
        """Returns the response to a request, compressed if the client prefers that."""
        # Without the header nothing is compressed.
        values: set[str | None] = {None}

        def look(
            request: web.Request, response: web.StreamResponse
        ) -> web.StreamResponse | Awaitable[web.StreamResponse]:
            choice = self._choice(request)
            accepts = headers_of(request).getall(_ACCEPT, _NONE)
            # Only if it is the only Accept-Encoding header; there are few different values.
            if not choice.only_coded and len(accepts) == 1 and len(values) < _REMEMBERED >= len(accepts[0]):
                values.add(accepts[0])
            return self._coded(request, response, choice)

        return unless_small(self._minimum_size, look, header=_ACCEPT, values=values, without=_RANGE)

    def _coded(
        self, request: web.Request, response: web.StreamResponse, choice: Choice
    ) -> web.StreamResponse | Awaitable[web.StreamResponse]:
        body: Any = getattr(response, "body", None)
        is_small = isinstance(body, bytes) and len(body) < self._minimum_size and not choice.only_coded
        if response.status == _NOT_MODIFIED:
            return _not_modified(request, response, choice)
        if (is_small and response.status != _PARTIAL) or not self._may_be_coded(response):
            return response
        add_vary(response.headers, _ACCEPT)
        if choice.coding is None or response.status == _PARTIAL:
            return response
        return self._compressed(response, body, choice.coding, only_coded=choice.only_coded)

    def _may_be_coded(self, response: web.StreamResponse) -> bool:
        """Return whether a response has a body of the right type, and the handler has not chosen how it is sent."""
        headers = response.headers
        return not (
            response.prepared
            or response.compression
            or not self._types[headers.get(hdrs.CONTENT_TYPE, "")]
            or any(name in headers for name in _FINAL)
            or any(map(_NO_TRANSFORM.search, headers.getall(hdrs.CACHE_CONTROL, _NONE)))
        )

    def _compressed(
        self, response: Any, body: Any, coding: Coding, *, only_coded: bool
    ) -> web.StreamResponse | Awaitable[web.StreamResponse]:
        if isinstance(body, bytes):
            if len(body) >= _LARGE:
                return _compress_in_thread(response, body, coding)
            return _with_body(response, coding.compress(body), coding) if body else response
        code_with = getattr(response, "code_with", None)
        if code_with is not None and code_with(coding.coder, 0 if only_coded else self._minimum_size):
            _describe(response.headers, coding)
        return response  # type: ignore[no-any-return]  # it came as a response


class _Types(dict[str, bool]):
    """Maps values of ``Content-Type`` to whether such bodies are compressed; a missing value is added on look-up."""

    def __init__(self, types: Sequence[str]) -> None:
        super().__init__()
        lower = [one.lower() for one in types]
        self._exact = frozenset(lower)
        self._patterns = [re.compile(re.escape(one).replace(r"\*", r"[^/]+")) for one in lower if "*" in one]

    def __missing__(self, content_type: str) -> bool:
        """Decide about a new value, and remember the decision."""
        name = content_type.partition(";")[0].strip().lower()
        fits = name in self._exact or (name != _EVENTS and any(one.fullmatch(name) for one in self._patterns))
        if len(self) < _REMEMBERED:
            self[content_type] = fits
        return fits


def _joined(headers: Any, name: str) -> str:
    return ", ".join(headers.getall(name, _NONE))


async def _compress_in_thread(response: Any, body: bytes, coding: Coding) -> web.StreamResponse:
    return _with_body(response, await asyncio.to_thread(coding.compress, body), coding)


def _with_body(response: Any, body: bytes, coding: Coding) -> web.StreamResponse:
    response.body = body
    _describe(response.headers, coding)
    return response  # type: ignore[no-any-return]  # it came as a response


def _describe(headers: CIMultiDict[str], coding: Coding) -> None:
    headers[hdrs.CONTENT_ENCODING] = coding.name
    # The length and the ranges are those of the plain body.
    for name in (hdrs.CONTENT_LENGTH, hdrs.ACCEPT_RANGES):
        headers.popall(name, None)
    if hdrs.ETAG in headers:
        headers[hdrs.ETAG] = coded_tag(headers[hdrs.ETAG], coding.name)


def _not_modified(request: web.Request, response: web.StreamResponse, choice: Choice) -> web.StreamResponse:
    """Replace the tag by that of the client's copy, as its response had it."""
    tag, held = response.headers.get(hdrs.ETAG), request.get(_HELD)
    if tag is not None and held is not None:
        first = () if choice.coding is None else (choice.coding.name,)
        found = held_tag(tag, held, (*first, *(one for one in CODINGS if one in choice.accepted)))
        if found != tag:
            response.headers[hdrs.ETAG] = found
            add_vary(response.headers, _ACCEPT)
    return response
