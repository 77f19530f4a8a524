"""Requests byte by byte over a socket, for what a client library would tidy up or refuse to send."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp.http_parser import HttpRequestParser, HttpRequestParserPy
from multidict import CIMultiDict

__all__ = ("IN_PYTHON", "Answer", "Connection", "Server", "ask", "connect", "exchange", "make_request")

IN_PYTHON = HttpRequestParser is HttpRequestParserPy
"""Which of aiohttp's two parsers this process runs with; AIOHTTP_NO_EXTENSIONS=1 chooses the one in Python."""

# Long enough for a slow machine: it bounds a test that would hang, and is not an expectation.
_PATIENCE = 20.0
# How long a connection is watched before it counts as open.
_MOMENT = 0.03
_TURNS = 5
_WITHOUT_BODY = frozenset({100, 204, 304})


class Server(Protocol):
    """Where something listens."""

    @property
    def host(self) -> str:
        """Its address."""
        ...

    @property
    def port(self) -> int | None:
        """Its port."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response as it stood on the wire."""

    head: bytes
    """The status line and the headers, with the empty line that ends them."""
    version: str
    status: int
    reason: str
    headers: CIMultiDict[str]
    body: bytes

    @property
    def media_type(self) -> str | None:
        """The Content-Type, which must not stand there twice."""
        values = self.headers.getall("Content-Type", [None])
        assert len(values) == 1
        return values[0]

    @property
    def json(self) -> Any:
        """The decoded body of an ``application/json`` answer."""
        assert self.media_type == "application/json"
        return json.loads(self.body)

    @property
    def problem(self) -> dict[str, Any]:
        """The decoded body of a problem, which shows no traceback and has the status of the status line."""
        assert self.media_type == "application/problem+json"
        assert b"Traceback" not in self.body
        assert b".py" not in self.body
        decoded: dict[str, Any] = json.loads(self.body)
        assert decoded["status"] == self.status
        return decoded


class Connection:
    """One open socket to a server under test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self, *, method: str = "GET") -> Answer:
        """Read one response; that to a HEAD request has no body."""
        async with asyncio.timeout(self._patience):
            head = await self._reader.readuntil(b"\r\n\r\n")
            version, status, reason, headers = _parse_head(head)
            body = b"" if method == "HEAD" or status in _WITHOUT_BODY else await self._body(headers)
        return Answer(head=head, version=version, status=status, reason=reason, headers=headers, body=body)

    async def exchange(self, data: bytes, *, method: str = "GET") -> Answer:
        """Send a request and read its response."""
        await self.send(data)
        return await self.receive(method=method)

    async def read(self, count: int) -> bytes:
        """Read that many bytes."""
        async with asyncio.timeout(self._patience):
            return await self._reader.readexactly(count)

    async def rest(self) -> bytes:
        """Read all that still comes until the server closes the connection."""
        async with asyncio.timeout(self._patience):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""

    async def until_reset(self) -> bytes:
        """Read all that still comes until the server resets the connection; it must not close it in order."""
        data = b""
        async with asyncio.timeout(self._patience):
            with suppress(ConnectionResetError):
                while chunk := await self._reader.read(65_536):
                    data += chunk
                raise AssertionError(f"closed in order after {data!r}")
        return data

    async def is_open(self) -> bool:
        """Tell whether, for a moment, nothing more comes and the server does not close the connection."""
        try:
            async with asyncio.timeout(_MOMENT):
                await self._reader.read(1)
        except TimeoutError:
            # On a busy machine the moment may be over before its first turn of the loop, which brings the end.
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            return not self._reader.at_eof()
        return False

    async def close(self) -> None:
        """Close the socket."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _body(self, headers: CIMultiDict[str]) -> bytes:
        if headers.get("Transfer-Encoding") == "chunked":
            return await self._chunks()
        length = headers.get("Content-Length")
        return await self._reader.read() if length is None else await self._reader.readexactly(int(length))

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readuntil(b"\r\n")
        return body


def _parse_head(head: bytes) -> tuple[str, int, str, CIMultiDict[str]]:
    status_line, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
    version, status, reason = status_line.split(" ", 2)
    headers = CIMultiDict[str]()
    for line in lines:
        name, colon, value = line.partition(": ")
        assert colon
        assert name == name.strip()
        headers.add(name, value)
    return version, int(status), reason, headers


@asynccontextmanager
async def connect(
    server: Server, *, patience: float = _PATIENCE, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Connection]:
    """Open a connection to a test server; what does not come within ``patience`` seconds is a TimeoutError."""
    name = None if tls is None else "localhost"
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=2**24, ssl=tls, server_hostname=name)
    connection = Connection(reader, writer, patience)
    try:
        yield connection
    finally:
        await connection.close()


async def exchange(server: Server, data: bytes, *, method: str = "GET", probe: bytes | None = None) -> Answer:
    """Send bytes on a fresh connection and return the one answer to them.

    With a ``probe``, a request that is answered with 200, the connection must stay usable for it. Without one the
    server must close the connection.
    """
    async with connect(server) as connection:
        answer = await connection.exchange(data, method=method)
        if probe is None:
            assert await connection.rest() == b""
        else:
            assert await connection.is_open()
            assert (await connection.exchange(probe)).status == 200
        return answer


async def ask(
    server: Server, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: Any = None
) -> Answer:
    """Send one whole request and return its answer; ``body`` is JSON, written out unless it is bytes already."""
    if body is None:
        data = make_request(method, target, headers=headers)
    else:
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        data = make_request(
            method, target, headers={"Content-Type": "application/json", **(headers or {})}, body=encoded
        )
    async with connect(server) as connection:
        return await connection.exchange(data, method=method)


def make_request(
    method: str, target: str | bytes, *, headers: Mapping[str, str | bytes] | None = None, body: bytes | None = None
) -> bytes:
    """Return the bytes of an HTTP/1.1 request with a Host and, where there is a body, its length."""
    given: dict[str, str | bytes] = {"Host": "localhost"}
    if body is not None:
        given["Content-Length"] = str(len(body))
    given.update(headers or {})
    lines = [b" ".join((method.encode(), _bytes(target), b"HTTP/1.1"))]
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in given.items()]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
