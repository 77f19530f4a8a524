"""The ASGI scope of a request for a mounted application."""

from typing import Any
from urllib.parse import unquote

from aiohttp import hdrs, web

from framework._prefix import prefix_of
from framework._serve.aiohttp_names import headers_of

__all__ = ("request_scope", "socket_scope")

_VERSIONS = {"version": "3.0", "spec_version": "2.4"}
_ENCODING = b"content-encoding"
# Of a body that aiohttp has decoded.
_CODED = frozenset({b"content-encoding", b"content-length"})
_SCHEMES = {"http": "ws", "https": "wss"}


def request_scope(request: web.Request, rest: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return the scope of a request; ``rest`` is its decoded path below the prefix of the application."""
    headers = _headers(request)
    if any(name == _ENCODING for name, _ in headers):
        headers = [one for one in headers if one[0] not in _CODED]
    return {
        "type": "http",
        "method": request.method,
        "scheme": request.scheme,
        **_place(request, rest, state),
        "headers": headers,
    }


def socket_scope(request: web.Request, rest: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return the scope of a handshake."""
    protocols = ",".join(request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ()))
    return {
        "type": "websocket",
        "scheme": _SCHEMES.get(request.scheme, "ws"),
        **_place(request, rest, state),
        "headers": _headers(request),
        "subprotocols": [one.strip() for one in protocols.split(",") if one.strip()],
        "extensions": {"websocket.http.response": {}},
    }


def _headers(request: web.Request) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers_of(request).items()
    ]


def _place(request: web.Request, rest: str, state: dict[str, Any]) -> dict[str, Any]:
    raw = prefix_of(request) + request.rel_url.raw_path
    path = unquote(raw)
    root = path[: len(path) - len(rest)] if rest else path
    version = request.version
    peer = request.transport and request.transport.get_extra_info("peername")
    own = request.transport and request.transport.get_extra_info("sockname")
    return {
        "asgi": _VERSIONS,
        "http_version": f"{version.major}.{version.minor}",
        "path": path,
        "raw_path": raw.encode(),
        "query_string": request.rel_url.raw_query_string.encode(),
        "root_path": root.rstrip("/"),
        "client": _client(request, peer),
        "server": tuple(own[:2]) if isinstance(own, tuple | list) else None,
        "state": state.copy(),
    }


def _client(request: web.Request, peer: Any) -> tuple[str, int] | None:
    remote = request.remote
    if not remote:
        return None
    # The port of a client that a proxy has reported is not known.
    port = peer[1] if isinstance(peer, tuple | list) and peer[0] == remote else 0
    return remote, port
