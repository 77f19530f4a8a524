"""The requests of the comparison, and how they are sent: over sockets, since tracers also record aiohttp's client."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from tests.http.raw import Connection, connect, make_request

__all__ = ("Exchange", "run_requests")

Exchange = dict[str, Any]
"""A request, the status of its response, and the events that were recorded for it."""

_JSON = {"Content-Type": "application/json"}
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
# RFC 6455, section 5.2, masked with zeros: the texts "hi" and "break", and a close frame with the code 1000.
_TEXT = b"\x81\x82\0\0\0\0hi"
_BREAK = b"\x81\x85\0\0\0\0break"
_CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"
# How many turns of the loop a finished request gets to report itself.
_TURNS = 20


def _plain_requests() -> Iterator[tuple[str, str, bytes | None]]:
    yield "GET", "/hello", None
    yield "GET", "/items/7?colour=red", None
    yield "HEAD", "/items/7", None
    yield "POST", "/items", b'{"name": "lamp"}'
    yield "GET", "/items/seven", None
    yield "GET", "/unknown/path", None
    yield "DELETE", "/items/7", None
    yield "GET", "/broken", None
    yield "GET", "/conflict", None
    yield "GET", "/busy", None
    yield "GET", "/gone", None
    yield "GET", "/moved", None
    yield "GET", "/lines", None
    yield "GET", "/feed", None
    yield "GET", "/admin/users/ada", None
    yield "GET", "/admin/unknown", None
    yield "GET", "/admin/broken", None


async def run_requests(site: web.Application, prefix: str, take: Callable[[], list[Any]]) -> list[Exchange]:
    """Serve a site, send all requests one after the other, and return them with the events that ``take`` gives."""
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = _Address(*runner.addresses[0][:2])
    exchanges: list[Exchange] = []

    async def record(name: str, status: int) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        exchanges.append({"request": name, "status": status, "events": take()})

    try:
        take()
        for method, path, body in _plain_requests():
            async with connect(address) as connection:
                await record(f"{method} {path}", await _send(connection, method, prefix + path, body, close=True))
        async with connect(address) as connection:
            await record("a socket", await _talk(connection, prefix + "/talk", _TEXT + _CLOSE))
        # With a close frame, for which aiohttp would wait ten seconds.
        async with connect(address) as connection:
            await record("a socket that fails", await _talk(connection, prefix + "/talk", _BREAK + _CLOSE))
        async with connect(address) as connection:
            for path in ("/items/1", "/unknown", "/items/2"):
                status = await _send(connection, "GET", prefix + path, None, close=False)
                await record(f"GET {path} on a kept connection", status)
    finally:
        await runner.cleanup()
    return exchanges


class _Address:
    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port


async def _send(connection: Connection, method: str, path: str, body: bytes | None, *, close: bool) -> int:
    headers = {**({"Connection": "close"} if close else {}), **(_JSON if body else {})}
    response = await connection.exchange(make_request(method, path, headers=headers, body=body), method=method)
    if close:
        await connection.rest()
    return response.status


async def _talk(connection: Connection, path: str, frames: bytes) -> int:
    await connection.send(make_request("GET", path, headers=_UPGRADE))
    status = (await connection.read(len(b"HTTP/1.1 101")))[-3:]
    await connection.send(frames)
    await connection.rest()
    return int(status)
