"""Turns the bytes of an HTTP/1.1 response, as the application writes them, into the messages of ASGI."""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, NamedTuple

__all__ = ("Message", "ResponseReader", "StartLine", "read_head", "read_whole")

Message = dict[str, Any]
_END_OF_HEAD = b"\r\n\r\n"
_CACHED, _LONG = 256, 1_024
_NOT_SENT = frozenset({b"connection", b"date", b"keep-alive", b"transfer-encoding"})
"""The ASGI server writes them itself, for its own connection."""
_FIRST_FINAL = 200
_SWITCHING = 101
_WITHOUT_BODY = frozenset({204, 304})


class StartLine(NamedTuple):
    """The head of a response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    length: int | None
    chunked: bool
    closes: bool
    """Whether the client is to close its connection."""
    simple: bool
    """Whether the head alone decides where the body ends, after some bytes, unless it is that of a HEAD request."""


_heads: dict[bytes, StartLine] = {}


def read_head(data: bytes) -> StartLine:
    """Return the parsed head, without the headers of the connection; ``data`` has no empty line at the end."""
    # PERF: heads of one second differ in nothing but what handlers set. Parsing costs ten times as much.
    known = _heads.get(data)
    if known is None:
        known = _parse(data)
        if len(data) < _LONG:
            if len(_heads) >= _CACHED:
                _heads.clear()
            _heads[data] = known
    return known


def _parse(data: bytes) -> StartLine:
    line, *lines = data.split(b"\r\n")
    headers = [(name.lower(), value.lstrip(b" ")) for name, _, value in (one.partition(b":") for one in lines)]
    found = dict(headers)
    length, status = found.get(b"content-length"), int(line.split(b" ", 2)[1])
    chunked = found.get(b"transfer-encoding", b"").lower() == b"chunked"
    closes = b"close" in found.get(b"connection", b"").lower()
    plain = length is not None and not chunked and not closes
    return StartLine(
        status=status,
        headers=[one for one in headers if one[0] not in _NOT_SENT],
        length=None if length is None else int(length),
        chunked=chunked,
        closes=closes,
        simple=plain and status >= _FIRST_FINAL and status not in _WITHOUT_BODY,
    )


def read_whole(data: bytes) -> tuple[Message, Message] | None:
    """Return the two messages of a response that was written at once; ``None`` if it is anything else.

    It must not be the response to a HEAD request.
    """
    # PERF: most responses; reading them in stages took 2 of 17 us between server and handler.
    end = data.find(_END_OF_HEAD)
    if end < 0:
        return None
    head = read_head(data[:end])
    begin = end + len(_END_OF_HEAD)
    if not head.simple or head.length != len(data) - begin:
        return None
    start = {"type": "http.response.start", "status": head.status, "headers": head.headers.copy()}
    return start, {"type": "http.response.body", "body": data[begin:], "more_body": False}


class _Stage(Enum):
    HEAD = auto()
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()
    COMPLETE = auto()


class ResponseReader:
    """Reads one response.

    ``keeps_close`` passes on that the client should close its connection, which exists in HTTP/1 only.
    """

    __slots__ = ("_has_body", "_keeps_close", "_left", "_rest", "_stage", "continues", "started")

    def __init__(self, method: str, *, keeps_close: bool) -> None:
        self._has_body = method != "HEAD"
        self._keeps_close = keeps_close
        self._stage = _Stage.HEAD
        self._rest = b""
        self._left = 0
        """The bytes that are left of the body, or of a chunk with its line end."""
        self.continues = self.started = False
        """Whether there was a 100; whether the head has been read."""

    @property
    def complete(self) -> bool:
        """Whether the response has ended."""
        return self._stage is _Stage.COMPLETE

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages of what was written."""
        if self._stage is _Stage.HEAD:
            whole = self._rest + data if self._rest else data
            end = whole.find(_END_OF_HEAD)
            if end < 0:
                self._rest = whole
                return
            self._rest = b""
            head, data = read_head(whole[:end]), whole[end + len(_END_OF_HEAD) :]
            if head.status < _FIRST_FINAL and head.status != _SWITCHING:
                self.continues = True
                yield from self.feed(data)
                return
            yield self._begin(head)
            if self.complete:
                yield _body(b"", more=False)
                return
        yield from self._feed_body(data)

    def _begin(self, head: StartLine) -> Message:
        self.started = True
        if not self._has_body or head.status in _WITHOUT_BODY or head.length == 0:
            self._stage = _Stage.COMPLETE
        elif head.chunked:
            self._stage = _Stage.CHUNKED
        elif head.length is not None:
            self._stage, self._left = _Stage.LENGTH, head.length
        else:
            self._stage = _Stage.UNTIL_CLOSE
        # A copy, because an ASGI middleware may add headers to it.
        headers = head.headers.copy()
        if head.closes and self._keeps_close:
            headers.append((b"connection", b"close"))
        return {"type": "http.response.start", "status": head.status, "headers": headers}

    def _feed_body(self, data: bytes) -> Iterator[Message]:
        if self._stage is _Stage.LENGTH:
            self._left -= len(data)
            if self._left <= 0:
                self._stage = _Stage.COMPLETE
            if data:
                yield _body(data, more=self._left > 0)
        elif self._stage is _Stage.CHUNKED:
            content = b"".join(self._chunks(data))
            if content or self.complete:
                yield _body(content, more=not self.complete)
        elif data and self._stage is _Stage.UNTIL_CLOSE:
            yield _body(data, more=True)

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        at = 0
        if self._rest:
            data, self._rest = self._rest + data, b""
        while at < len(data):
            if self._left:
                # The last two bytes of a chunk are its line end.
                yield data[at : min(at + self._left - 2, len(data))] if self._left > 2 else b""  # noqa: PLR2004  as said
                taken = min(self._left, len(data) - at)
                self._left -= taken
                at += taken
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._rest = data[at:]
                return
            size = int(data[at:end].partition(b";")[0], 16)
            at = end + 2
            if not size:
                self._stage = _Stage.COMPLETE
                return
            self._left = size + 2

    def end(self) -> Iterator[Message]:
        """Yield the last message, if the end of the connection is the end of the body."""
        if self._stage is _Stage.UNTIL_CLOSE:
            self._stage = _Stage.COMPLETE
            yield _body(b"", more=False)


def _body(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
