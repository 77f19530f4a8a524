"""Content-Encoding of request bodies: what is decoded, what is not, and what breaks (rows 24 to 26)."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]  # it has no stubs
import pytest
from aiohttp.test_utils import TestServer

from framework import Limits
from tests.http.forms import MULTIPART, URLENCODED, multipart, part
from tests.http.raw import Answer, connect, exchange, make_request
from tests.http.readers import Readers
from tests.http.shapes import Serve, app_of, fault, problem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.usefixtures("few_lines")


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the readers."""
    return await serve(app_of(Readers))


BODIES = {
    "/bytes": ({"Content-Type": "text/x"}, b"%s"),
    "/form": (URLENCODED, b"name=%s"),
    "/file": (MULTIPART, multipart(part("file", "%s", filename="a"))),
    "/stream": ({}, b"%s"),
    "/parts": (MULTIPART, multipart(part("file", "%s", filename="a"))),
}


async def send(
    server: TestServer, target: str, body: bytes, coding: str, *, probe: bool = False, **more: str
) -> Answer:
    """Send a body of a coding."""
    headers = {**BODIES[target][0], "Content-Encoding": coding, **more}
    good = make_request("POST", "/form", headers=URLENCODED, body=b"name=a")
    return await exchange(
        server, make_request("POST", target, headers=headers, body=body), probe=good if probe else None
    )


@pytest.mark.parametrize("target", BODIES)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate", "identity", "GZip", "br", "zstd"])
async def test_body_is_decoded(server: TestServer, target: str, coding: str) -> None:
    """All codings are decoded wherever a body is read; identity is none (RFC 9110, section 8.4.1)."""
    body = BODIES[target][1].replace(b"%s", b"x" * 100_000)
    raw = zlib.compressobj(wbits=-15)
    encoded = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw deflate": raw.compress(body) + raw.flush(),
        "identity": body,
        "br": brotli.compress(body),
        "zstd": zstd.compress(body),
    }[coding.lower()]
    assert (await send(server, target, encoded, coding.removeprefix("raw "), probe=True)).json == 100_000


@pytest.mark.parametrize("target", BODIES)
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_bomb_is_too_large(server: TestServer, target: str, coding: str) -> None:
    """Row 24: 16 MiB in 17 KB are 413, by what they decode to."""
    packs: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "br": lambda data: brotli.compress(data, quality=1),
        "zstd": zstd.compress,
    }
    bomb = packs[coding](BODIES[target][1].replace(b"%s", b"x" * (16 * 1_048_576)))
    answer = await send(server, target, bomb, coding)
    assert answer.problem == problem(413, target, "The body exceeds 1048576 bytes")
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("target", BODIES)
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_broken_stream_cannot_be_parsed(server: TestServer, target: str, coding: str) -> None:
    """Row 25: what is not compressed as it says is 400, and the connection is closed."""
    answer = await send(server, target, b"\xff\xff is not compressed", coding)
    expected = fault("body", "", "syntax", "The body cannot be decoded")
    assert answer.problem == problem(400, target, "The body cannot be read", errors=[expected])
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("target", BODIES)
@pytest.mark.parametrize("coding", ["foo", "gzip, gzip", "x-gzip", ""])
async def test_foreign_coding_is_refused(server: TestServer, target: str, coding: str) -> None:
    """Row 26: codings that nobody decodes, and several after each other, are 415 and say what would be decoded."""
    answer = await send(server, target, gzip.compress(b"x"), coding, probe=True)
    assert answer.problem == problem(415, target, "The Content-Encoding is not supported")
    assert answer.headers["Accept-Encoding"] == "gzip, deflate, br, zstd"


async def test_decoded_size_counts_and_not_the_sent_one(serve: Serve) -> None:
    """What is small when it is sent may be too large."""
    server = await serve(app_of(Readers, limits=Limits(body=1_000)))
    assert (await send(server, "/bytes", gzip.compress(b"x" * 1_000), "gzip", probe=True)).json == 1_000
    assert (await send(server, "/bytes", gzip.compress(b"x" * 1_001), "gzip")).status == 413


@dataclass
class Process:
    """A server in a process of its own."""

    host: str
    port: int | None


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def unpacked(request: pytest.FixtureRequest) -> Iterator[Process]:
    """Serve the readers where the packages of br and zstd cannot be imported, for all tests of this module."""
    command = [sys.executable, "-m", "tests.http.unpacked", request.param, "br", "zstd"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603  ours
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Process("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.stdin.close()
            assert process.wait(60) == 0


async def test_a_coding_without_its_package(unpacked: Process) -> None:
    """A body whose coding needs a package that is missing is 415, whoever reads it, and the connection goes on."""
    good = make_request("POST", "/form", headers=URLENCODED, body=b"name=a")
    for target in (*BODIES, "/content"):
        for coding in ("br", "ZSTD"):
            headers = {**BODIES.get(target, ({}, b""))[0], "Content-Encoding": coding}
            request = make_request("POST", target, headers=headers, body=b"not looked at")
            answer = await exchange(unpacked, request, probe=good)
            assert answer.problem == problem(415, target, "The Content-Encoding is not supported")
            assert answer.headers["Accept-Encoding"] == "gzip, deflate"


async def test_a_coding_without_its_package_that_nobody_reads(unpacked: Process) -> None:
    """The coding of a body that nobody reads does not matter; an incomplete body ends the connection."""
    for coding in ("br", "zstd"):
        async with connect(unpacked) as connection:
            headers = {"Content-Encoding": coding}
            answer = await connection.exchange(make_request("GET", "/nothing", headers=headers))
            assert (answer.status, answer.body) == (200, b"0")
            answer = await connection.exchange(make_request("GET", "/nowhere", headers=headers))
            assert answer.problem == problem(404, "/nowhere")
            request = make_request("POST", "/unread", headers=headers, body=b"not looked at")
            answer = await connection.exchange(request)
            assert (answer.status, answer.body) == (200, b"0")
            await connection.send(request[:-5])
            answer = await connection.receive()
            assert (answer.status, answer.body, answer.headers["Connection"]) == (200, b"0", "close")
            await connection.send(request[-5:])
            assert await connection.rest() == b""


async def test_a_coding_without_its_package_in_chunks(unpacked: Process) -> None:
    """It is the same for a body in chunks, between other requests that are sent at once."""
    plain = make_request("GET", "/nothing")
    headers = {"Content-Encoding": "br", "Transfer-Encoding": "chunked"}
    chunked = make_request("POST", "/content", headers=headers) + b"3\r\nabc\r\n0\r\n\r\n"
    async with connect(unpacked) as connection:
        await connection.send(plain + chunked + plain)
        assert (await connection.receive()).body == b"0"
        answer = await connection.receive()
        assert answer.problem == problem(415, "/content", "The Content-Encoding is not supported")
        assert (await connection.receive()).body == b"0"
