"""Requests with Accept-Encoding, and responses in a coding."""

import sys
import zlib
from collections.abc import Callable, Mapping

import brotli  # type: ignore[import-untyped]  # it has no stubs
from aiohttp.test_utils import TestServer

from framework.middleware import Compression
from tests.http.raw import Answer, connect, make_request

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ("BODY", "VARY", "K", "accept", "coded", "decoded", "fetch", "seen", "zstd")

K = Compression(minimum_size=500)
BODY = b'["' + b"0123456789" * 59 + b'123456"]'
assert len(BODY) == 600
VARY = {"Vary": "Accept-Encoding"}
DECODERS: Mapping[str | None, Callable[[bytes], bytes]] = {
    None: lambda data: data,
    "gzip": lambda data: zlib.decompress(data, 31),
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}


async def fetch(server: TestServer, target: str, *lines: bytes, method: str = "GET") -> Answer:
    """Send a request with some lines in its head."""
    head = make_request(method, target).removesuffix(b"\r\n\r\n")
    async with connect(server) as connection:
        return await connection.exchange(b"\r\n".join([head, *lines, b"", b""]), method=method)


def accept(*values: str) -> list[bytes]:
    """Return the lines of Accept-Encoding."""
    return [f"Accept-Encoding: {one}".encode() for one in values]


def decoded(answer: Answer) -> bytes:
    """Return the body without its coding."""
    return DECODERS[answer.headers.get("Content-Encoding")](answer.body)


def seen(answer: Answer) -> dict[str, str]:
    """Return the headers that compression is about; a body of known length has its length."""
    assert answer.headers.get("Content-Length", str(len(answer.body))) == str(len(answer.body))
    names = ("Content-Encoding", "Vary", "ETag", "Accept-Ranges")
    return {name: answer.headers[name] for name in names if name in answer.headers}


def coded(coding: str, **more: str) -> dict[str, str]:
    """Return the headers of a body in a coding."""
    return {"Content-Encoding": coding, **VARY, **more}
