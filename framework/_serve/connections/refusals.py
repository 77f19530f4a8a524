"""Rejects data that aiohttp's parser cannot read: a problem for the client, one log line, and no input in either.

The private names of aiohttp are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

import logging
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from aiohttp import HttpVersion11, web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import (
    BadHttpMessage,
    BadHttpMethod,
    BadStatusLine,
    HttpProcessingError,
    InvalidHeader,
    InvalidURLError,
    LineTooLong,
)
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.encoders import encode_msgspec
from framework._serve.responses.head import Head
from framework.http_errors import reason_phrase

__all__ = ("UNPARSED", "HeadTimeoutError", "parse_again", "refuse")

_LOGGER = logging.getLogger("framework")
_NO_HEADERS: Any = CIMultiDictProxy(CIMultiDict[str]())
_CLOSES, _UPGRADES, _CHUNKED = True, False, False
UNPARSED = RawRequestMessage(
    "UNKNOWN", "/", HttpVersion11, _NO_HEADERS, (), _CLOSES, None, _UPGRADES, _CHUNKED, URL("/")
)
"""Replaces a request that cannot be parsed; its connection is closed."""

_DETAILS: Mapping[int, str] = MappingProxyType(
    {
        400: "The request cannot be parsed",
        408: "The head of the request arrives too slowly",
        414: "The request target is too long",
        431: "The header fields are too large",
        501: "The method is unknown",
        505: "HTTP/1.1 is spoken here",
    }
)
_HEADS = {status: Head(status, "application/problem+json") for status in _DETAILS}
# The first line of most messages is the parser's text, and the input follows; these have input in the first line.
_REASONS: Mapping[type[BaseException], str] = MappingProxyType(
    {
        BadHttpMethod: "Invalid method",
        BadStatusLine: "Invalid request line",
        InvalidHeader: "Invalid header",
        InvalidURLError: "Invalid request target",
        LineTooLong: "Line too long",
    }
)
_END_OF_HEAD = b"\r\n\r\n"
# aiohttp's C parser only knows the methods of the IANA registry, and its message shows the line at which it stopped.
_OTHER_METHOD = re.compile(r"^  b'[A-Z][A-Z0-9_-]* [^ ]+ HTTP/1\.[01]'$", re.MULTILINE)


class HeadTimeoutError(HttpProcessingError):
    """The head of a request was begun, and not completed in time."""


class _Refusal(NamedTuple):
    status: int
    reason: str


def _refusal(error: BaseException, parser: Any) -> _Refusal:
    message = getattr(error, "message", "")
    if isinstance(error, HeadTimeoutError):
        return _Refusal(408, "Incomplete request head")
    if isinstance(error, LineTooLong):
        return _Refusal(414 if _is_target(error, parser) else 431, _REASONS[LineTooLong])
    if isinstance(error, BadHttpMethod) and _OTHER_METHOD.search(message):
        return _Refusal(501, "Unknown method")
    if isinstance(error, BadStatusLine) and "Invalid HTTP version" in message:
        return _Refusal(505, "Unknown version of HTTP")
    reason = _REASONS.get(type(error)) or _first_line(error, message)
    return _Refusal(431 if message.startswith("Too many headers") else 400, reason)


def _first_line(error: BaseException, message: str) -> str:
    if type(error) is not BadHttpMessage:
        return type(error).__name__
    line = message.partition("\n")[0].rstrip(":")
    return line[:100].encode("unicode_escape").decode()


def _is_target(error: LineTooLong, parser: Any) -> bool:
    """Return whether the line that is too long is the request line."""
    lines = getattr(parser, "_lines", None)
    # The parser in Python keeps the lines of an incomplete head. The parser in C keeps the target in a bytearray.
    return isinstance(error.args[0], bytearray) if lines is None else not lines


async def refuse(error: BaseException, parser: Any, request: web.BaseRequest) -> EncodedResponse:
    """Return the problem for unparsable data, which closes the connection, and log one line."""
    status, reason = _refusal(error, parser)
    _LOGGER.warning("A request from %s was rejected with %d: %s", request.remote, status, reason)
    problem = {"type": "about:blank", "title": reason_phrase(status), "status": status, "detail": _DETAILS[status]}
    response = EncodedResponse(encode_msgspec(problem), _HEADS[status])
    response.force_close()
    return response


def parse_again(parser: Any, data: bytes) -> list[tuple[Any, Any]]:
    """Return the complete requests before the unparsable data, which the parser has dropped.

    ``parser`` is a new parser, and ``data`` begins with a request.
    """
    found: list[tuple[Any, Any]] = []
    begin = 0
    while (end := data.find(_END_OF_HEAD, begin)) >= 0:
        end += len(_END_OF_HEAD)
        try:
            messages, upgraded, _ = parser.feed_data(data[begin:end])
        except HttpProcessingError:
            break
        found += messages
        begin = end
        if upgraded or (messages and messages[-1][0].should_close):
            break
    if found and not found[-1][1].is_eof():
        # It is the body of this request that cannot be parsed.
        found.pop()
    return found
