"""Content-Encoding of request bodies: what is decoded, what is not, and what breaks (rows 24 to 26)."""

import gzip
import zlib
from typing import Annotated

import pytest
from aiohttp.test_utils import TestServer

from framework import Body, BodyStream, Controller, Form, Limits, MultipartStream, UploadFile, post
from tests.http.forms import MULTIPART, URLENCODED, multipart, part
from tests.http.raw import Answer, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, problem

pytestmark = pytest.mark.usefixtures("few_lines")


class Readers(Controller):
    """Reads bodies in all ways, and answers how long they are decoded."""

    @post("/bytes")
    async def data(self, data: Annotated[bytes, Body()]) -> int:
        """Read bytes."""
        return len(data)

    @post("/form")
    async def form(self, name: Annotated[str, Form()]) -> int:
        """Read a form."""
        return len(name)

    @post("/file")
    async def file(self, file: UploadFile) -> int:
        """Read a file."""
        return file.size

    @post("/stream")
    async def stream(self, stream: BodyStream) -> int:
        """Read a stream."""
        return sum([len(chunk) async for chunk in stream])

    @post("/parts")
    async def parts(self, parts: MultipartStream) -> int:
        """Read parts."""
        return sum([len(await one.read()) async for one in parts])


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
@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate", "identity", "GZip"])
async def test_body_is_decoded(server: TestServer, target: str, coding: str) -> None:
    """Both gzip and deflate are decoded wherever a body is read; identity is none (RFC 9110, section 8.4.1)."""
    body = BODIES[target][1].replace(b"%s", b"x" * 100_000)
    raw = zlib.compressobj(wbits=-15)
    encoded = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw deflate": raw.compress(body) + raw.flush(),
        "identity": body,
    }[coding.lower()]
    assert (await send(server, target, encoded, coding.removeprefix("raw "), probe=True)).json == 100_000


@pytest.mark.parametrize("target", BODIES)
async def test_bomb_is_too_large(server: TestServer, target: str) -> None:
    """Row 24: 64 MiB in 65 KB are 413, by what they decode to."""
    bomb = gzip.compress(BODIES[target][1].replace(b"%s", b"x" * (64 * 1_048_576)))
    answer = await send(server, target, bomb, "gzip")
    assert answer.problem == problem(413, target, "The body exceeds 1048576 bytes")
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("target", BODIES)
async def test_broken_stream_cannot_be_parsed(server: TestServer, target: str) -> None:
    """Row 25: what is not compressed as it says is 400, and the connection is closed."""
    answer = await send(server, target, b"this is no gzip", "gzip")
    expected = fault("body", "", "syntax", "The body cannot be decoded")
    assert answer.problem == problem(400, target, "The body cannot be read", errors=[expected])
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("target", BODIES)
@pytest.mark.parametrize("coding", ["foo", "gzip, gzip", "x-gzip", ""])
async def test_foreign_coding_is_refused(server: TestServer, target: str, coding: str) -> None:
    """Row 26: codings that nobody decodes, and several after each other, are 415 and say what would be decoded."""
    answer = await send(server, target, gzip.compress(b"x"), coding, probe=True)
    assert answer.problem == problem(415, target, "The Content-Encoding is not supported")
    assert answer.headers["Accept-Encoding"].startswith("gzip, deflate")


async def test_decoded_size_counts_and_not_the_sent_one(serve: Serve) -> None:
    """What is small when it is sent may be too large."""
    server = await serve(app_of(Readers, limits=Limits(body=1_000)))
    assert (await send(server, "/bytes", gzip.compress(b"x" * 1_000), "gzip", probe=True)).json == 1_000
    assert (await send(server, "/bytes", gzip.compress(b"x" * 1_001), "gzip")).status == 413
