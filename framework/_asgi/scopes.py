"""The head of an HTTP/1.1 request, made of an ASGI scope."""

import base64
import os
from collections.abc import Iterable, Mapping, MutableMapping
from enum import Enum, auto
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

from framework._http.tokens import is_token

__all__ = ("Framing", "Head", "Scope", "http_head", "is_one_shot", "socket_head")

Scope: TypeAlias = MutableMapping[str, Any]

_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"content-length", b"expect"}
)
"""The headers that concern the connection to the ASGI server, and those that are written anew."""
_SOCKET = frozenset({b"sec-websocket-extensions", b"sec-websocket-key", b"sec-websocket-version"})
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_USUAL = {one: one.encode() for one in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
_HTTP1 = frozenset({"1.0", "1.1"})
_LINE_BREAKS = bytes.maketrans(b"\r\n\0", b"   ")
_KEY_BYTES = 16


class Framing(Enum):
    """How the length of a body is known before it has arrived."""

    NONE = auto()
    """There is no body."""
    LENGTH = auto()
    CHUNKED = auto()
    ASK = auto()
    """The first message of the ASGI server shows it."""


class Head(NamedTuple):
    """A request without its framing."""

    lines: list[bytes]
    framing: Framing
    length: bytes = b"0"
    """The Content-Length of the client."""
    expects: bool = False
    """Whether the client waits for a 100 before it sends its body."""

    def framed(self, *more: bytes) -> bytes:
        """Return the bytes of the head, with further lines."""
        lines = [*self.lines, *more, b"\r\n"]
        data = b"\r\n".join(lines)
        breaks = len(lines)
        if data.count(b"\n") == breaks and data.count(b"\r") == breaks and b"\0" not in data:
            return data
        # The headers of a message queue or a function host may have any characters (RFC 9110, section 5.5).
        return b"\r\n".join([*(one.translate(_LINE_BREAKS) for one in lines[:-1]), b"\r\n"])


def is_one_shot(scope: Mapping[str, Any]) -> bool:
    """Return whether a host calls the application once for each event, with the whole body: a function host.

    The headers of such an event may belong to a body in another coding.
    """
    return "aws.event" in scope or "azure_functions.function_name" in scope


def http_head(scope: Mapping[str, Any]) -> Head:
    """Return the head of a request of the type ``http``."""
    method: str = scope["method"]
    lines = [_request_line(method, scope)]
    length = None
    chunked = expects = False
    for name, value in scope["headers"]:
        lower = name.lower()
        if lower not in _CONNECTION:
            lines.append(b"%s: %s" % (name, value))
        elif lower == b"content-length":
            length = value if length in {None, value} else b"%s, %s" % (length, value)
        elif lower == b"transfer-encoding":
            chunked = True
        elif lower == b"expect":
            expects = True
            lines.append(b"%s: %s" % (name, value))
    if is_one_shot(scope):
        return Head(lines, Framing.ASK, length or b"")
    if chunked:
        return Head(lines, Framing.CHUNKED, expects=expects)
    if length is not None:
        return Head(lines, Framing.LENGTH, length, expects)
    bare = method in _WITHOUT_BODY and scope.get("http_version", "1.1") in _HTTP1
    return Head(lines, Framing.NONE if bare else Framing.ASK, b"", expects)


def socket_head(scope: Mapping[str, Any]) -> bytes:
    """Return the handshake (RFC 6455, section 4.1) of a scope of the type ``websocket``."""
    lines = [b"GET %s HTTP/1.1" % _target(scope), *_socket_headers(scope["headers"])]
    names = {name.lower() for name, _ in scope["headers"]}
    protocols = scope.get("subprotocols") or ()
    if protocols and b"sec-websocket-protocol" not in names:
        lines.append(b"sec-websocket-protocol: " + ", ".join(protocols).encode("latin-1"))
    return Head(lines, Framing.NONE).framed(
        b"connection: upgrade",
        b"upgrade: websocket",
        b"sec-websocket-version: 13",
        b"sec-websocket-key: " + base64.b64encode(os.urandom(_KEY_BYTES)),
    )


def _socket_headers(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[bytes]:
    # The ASGI server has done the handshake, and compresses or not.
    for name, value in headers:
        lower = name.lower()
        if lower not in _CONNECTION and lower not in _SOCKET:
            yield b"%s: %s" % (name, value)


def _request_line(method: str, scope: Mapping[str, Any]) -> bytes:
    raw, query = scope.get("raw_path"), scope.get("query_string")
    if raw and not scope.get("root_path") and method in _USUAL and "azure_functions.function_name" not in scope:
        # PERF: as nearly all servers give it. What else a target must not have is rejected by the parser.
        line = b"%s %s?%s HTTP/1.1" if query else b"%s %s%s HTTP/1.1"
        made = line % (_USUAL[method], raw, query or b"")
        if made.count(b" ") == 2:  # noqa: PLR2004  those of the format
            return made
    return b"%s %s HTTP/1.1" % (_method(method), _target(scope))


def _method(method: str) -> bytes:
    # The parser rejects it as an unknown method.
    return method.encode() if is_token(method) else b"_"


def _target(scope: Mapping[str, Any]) -> bytes:
    target = _path(scope)
    query: bytes = scope.get("query_string") or b""
    return b"%s?%s" % (target, _escaped(query)) if query else target


def _path(scope: Mapping[str, Any]) -> bytes:
    root: str = (scope.get("root_path") or "").rstrip("/")
    path: str = scope["path"]
    raw: bytes | None = scope.get("raw_path")
    if "azure_functions.function_name" in scope:
        # Its raw path has no escapes.
        raw = None
    if root and (path == root or path.startswith(f"{root}/")):
        path = path[len(root) :]
        begin = root.encode()
        raw = raw[len(begin) :] if raw is not None and raw.startswith(begin) else None
    if raw is None:
        return quote(path or "/", safe="/!$&'()*+,;=:@-._~", errors="surrogateescape").encode()
    return _escaped(raw or b"/")


def _escaped(text: bytes) -> bytes:
    """Escape spaces and control characters, which would end the target."""
    if text.isascii() and text.decode("ascii").isprintable() and b" " not in text:
        return text
    return b"".join(bytes((one,)) if 0x20 < one != 0x7F else b"%%%02X" % one for one in text)  # noqa: PLR2004  ASCII
