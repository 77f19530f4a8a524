"""The prepared head of encoded responses: what is known of it when the app starts, as bytes."""

from typing import TypeAlias

from aiohttp import hdrs
from multidict import CIMultiDict

from framework._serve.responses.constant import Constant, add_missing
from framework.http_errors import reason_phrase

__all__ = ("Head",)

_LEARNED = 16
_Lines: TypeAlias = bytes  # Head has an attribute of this name.


class Head:
    """Status, media type and fixed headers of an encoded response, with their bytes."""

    __slots__ = (
        "_learned",
        "begin",
        "bytes",
        "constant",
        "has_length",
        "headers",
        "known",
        "media_type",
        "status",
        "varied",
    )

    def __init__(
        self,
        status: int,
        media_type: str | None,
        fixed: tuple[tuple[str, str], ...] = (),
        constant: Constant = (),
    ) -> None:
        self.status = status
        self.media_type = media_type
        content_type = () if media_type is None else ((hdrs.CONTENT_TYPE, media_type),)
        self.headers: CIMultiDict[str] = CIMultiDict((*content_type, *fixed))
        self.constant = constant
        """The headers that compiled middlewares add unless they are set."""
        self.varied: object = None
        """The middlewares that have chosen headers by those of the request."""
        add_missing(self.headers, constant)
        line = f"HTTP/1.1 {status} {reason_phrase(status)}"
        self.begin = f"{line}\r\n".encode()
        """The status line."""
        lines = [line, *map(": ".join, self.headers.items()), ""]
        # RFC 9110, section 8.6: no Content-Length with 1xx and 204.
        self.has_length = status >= 200 and status != 204  # noqa: PLR2004
        usual = status >= 200 and status != 304  # noqa: PLR2004
        self.bytes = "\r\n".join(lines).encode() if usual else None
        """The lines; ``None`` if a header affects how the body is written."""
        self.known: tuple[CIMultiDict[str] | None, _Lines] = (None, b"")
        """Headers including those of middlewares that were checked before, with their lines."""
        self._learned = 0

    def learn(self, headers: CIMultiDict[str], lines: _Lines) -> None:
        """Keep the lines of headers for later responses; if they differ each time, only the first few."""
        if self._learned < _LEARNED:
            self._learned += 1
            self.known = headers.copy(), lines
