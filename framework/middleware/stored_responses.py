"""Responses as bytes in a store, and back."""

from typing import Any, Self, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from framework.responses import Response

__all__ = ("StoredResponse", "decode", "encode", "keep_response")

_T = TypeVar("_T")
# Headers of a connection (RFC 9111, section 3.1), those that are written for each response, and cookies.
_LEFT_OUT = frozenset(
    {
        "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-authentication-info",
        "proxy-connection", "server", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip


class StoredResponse(Struct, frozen=True, array_like=True):
    """A whole response: its status, its headers in their order, and its body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_header(self, name: str, value: str) -> Self:
        """Return the same response with a header, unless it has it."""
        if any(known.lower() == name.lower() for known, _ in self.headers):
            return self
        return replace(self, headers=(*self.headers, (str(name), value)))

    def response(self) -> Response[Any]:
        """Return the response, to be sent again."""
        made: Response[Any] = Response(status=self.status)
        for name, value in self.headers:
            made.headers.add(name, value)
        made.body = self.body or None
        return made


def keep_response(response: web.StreamResponse) -> StoredResponse | None:
    """Return a response as it is stored, without cookies; ``None`` if its body is not in memory."""
    if not isinstance(response, web.Response) or response.prepared or response.compression:
        return None
    body = response.body
    if not isinstance(body, bytes | None):
        return None
    # As plain strings: names of multidict have a class of their own.
    kept = tuple((str(name), str(value)) for name, value in response.headers.items() if name.lower() not in _LEFT_OUT)
    return StoredResponse(response.status, kept, body or b"")


encode = msgspec.msgpack.encode


def decode(data: bytes | None, kind: type[_T]) -> _T | None:
    """Return what was stored; ``None`` for nothing, and for what another release or program has written."""
    if data is None:
        return None
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.MsgspecError:
        return None
