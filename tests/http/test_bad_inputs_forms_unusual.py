"""Forms that are written in unusual ways: padding, extended file names, other charsets, names that deceive."""

from typing import Annotated

import pytest
from aiohttp.test_utils import TestServer

from framework import Controller, Form, MultipartStream, UploadFile, post
from framework._serve.requests.multipart_parser import PaddingParser
from tests.http.forms import BOUNDARY, MULTIPART, multipart, part, send_parts, send_urlencoded
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, fault, problem

pytestmark = [pytest.mark.usefixtures("few_lines"), pytest.mark.both_loops]


class Forms(Controller):
    """Reads a form in both ways."""

    @post("/form")
    async def form(self, file: UploadFile | None = None, text: Annotated[str, Form()] = "") -> list[str]:
        """Return what came."""
        return [text] if file is None else [text, file.filename, (await file.read()).decode()]

    @post("/parts")
    async def parts(self, parts: MultipartStream) -> list[tuple[str, str | None, str]]:
        """Return the parts."""
        return [(one.name, one.filename, await one.text()) async for one in parts]

    @post("/text")
    async def text(self, text: Annotated[str, Form()]) -> str:
        """Return a field."""
        return text


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the forms."""
    return await serve(app_of(Forms))


FILE = part("file", "content\r\n--X\r\n", filename="a")
DELIMITER = f"--{BOUNDARY}".encode()


def padded(body: bytes, padding: bytes) -> bytes:
    """Write padding behind each boundary."""
    return body.replace(DELIMITER + b"\r\n", DELIMITER + padding + b"\r\n").replace(
        DELIMITER + b"--", DELIMITER + b"--" + padding
    )


@pytest.mark.parametrize("padding", [b" ", b"\t", b"  \t ", b" " * 48])
@pytest.mark.parametrize("preamble", [b"", b"\r\n", b"for old clients\r\n"])
async def test_padding_behind_a_boundary(server: TestServer, padding: bytes, preamble: bytes) -> None:
    """Blanks behind a boundary are not a part of it (RFC 2046, section 5.1.1)."""
    body = preamble + padded(multipart(part("text", "one\r\ntwo"), FILE, part("more", "x" * 10_000)), padding)
    answer = await ask(server, "POST", "/form", headers=MULTIPART, body=body)
    assert answer.json == ["one\r\ntwo", "a", "content\r\n--X\r\n"]
    answer = await ask(server, "POST", "/parts", headers=MULTIPART, body=body)
    assert answer.json == [
        ["text", None, "one\r\ntwo"],
        ["file", "a", "content\r\n--X\r\n"],
        ["more", None, "x" * 10_000],
    ]


async def test_padding_in_pieces(server: TestServer) -> None:
    """The padding is found wherever a form is cut into pieces."""
    body = padded(multipart(part("text", "one"), FILE), b" \t ")
    head = make_request("POST", "/form", headers={**MULTIPART, "Transfer-Encoding": "chunked"})
    async with connect(server) as connection:
        for place in range(1, len(body)):
            pieces = (body[:place], body[place : place + 1], body[place + 1 :])
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces if one)
            await connection.send(head + chunks + b"0\r\n\r\n")
            assert (await connection.receive()).json == ["one", "a", "content\r\n--X\r\n"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40])
def test_padding_in_small_pieces(size: int) -> None:
    """The parser gives the same events however small the pieces are."""
    body = padded(multipart(part("text", "one"), FILE), b" \t ")
    parser = PaddingParser(BOUNDARY)
    contents: list[bytes] = []
    for start in range(0, len(body), size):
        for event in parser.parse(body[start : start + size]):
            if isinstance(event, bytes):
                contents[-1] += event
            elif event is not None:
                contents.append(b"")
    parser.close()
    assert contents == [b"one", b"content\r\n--X\r\n"]


@pytest.mark.parametrize("behind", [b"x", b" x", b" " * 49, b"\n", b" \n"])
async def test_other_bytes_behind_a_boundary(server: TestServer, behind: bytes) -> None:
    """What is not padding is not a boundary."""
    answer = await ask(server, "POST", "/form", headers=MULTIPART, body=padded(multipart(FILE, FILE), behind))
    assert answer.status == 400
    assert answer.problem["detail"] == "The form cannot be parsed"


async def test_many_padded_boundaries(server: TestServer) -> None:
    """As many parts as a form may have."""
    parts = [part(f"text{number}", "x") for number in range(999)]
    answer = await ask(server, "POST", "/form", headers=MULTIPART, body=padded(multipart(*parts, FILE), b" "))
    assert answer.json == ["", "a", "content\r\n--X\r\n"]


@pytest.mark.parametrize(
    ("parameter", "filename"),
    [
        ("filename*=UTF-8''na%C3%AFve%20file.txt", "naïve file.txt"),
        ("filename*=utf-8'en'..%2F..%2Fetc%2Fx", "x"),
        ("filename*=iso-8859-1''na%EFve.txt", "naïve.txt"),
        ("filename=\"plain.txt\"; filename*=UTF-8''other.txt", "plain.txt"),
    ],
)
async def test_an_extended_file_name(server: TestServer, parameter: str, filename: str) -> None:
    """A part with ``filename*`` alone (RFC 8187) is a file."""
    sent = f'Content-Disposition: form-data; name="file"; {parameter}\r\n\r\ncontent'.encode()
    assert (await send_parts(server, "/form", sent)).json == ["", filename, "content"]
    assert (await send_parts(server, "/parts", sent)).json == [["file", filename, "content"]]


@pytest.mark.parametrize("value", ["UTF-8''%FF", "utf-16''%00a"])
async def test_an_extended_file_name_that_cannot_be_decoded(server: TestServer, value: str) -> None:
    """It is told, and not guessed."""
    sent = f'Content-Disposition: form-data; name="file"; filename*={value}\r\n\r\ncontent'.encode()
    answer = await send_parts(server, "/form", sent)
    expected = fault("form", "", "syntax", "The file name of a part cannot be decoded")
    assert answer.problem == problem(400, "/form", "The form cannot be parsed", errors=[expected])


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", '"UTF-16"', "bogus"])
async def test_an_urlencoded_form_in_another_charset(server: TestServer, charset: str) -> None:
    """A form is UTF-8 (WHATWG URL, section 5.1); what says to be something else is not read as it."""
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    answer = await send_urlencoded(server, "/text", b"text=a", **{"Content-Type": content_type})
    detail = "The charset is not supported; application/x-www-form-urlencoded is UTF-8"
    assert answer.problem == problem(415, "/text", detail)
    for known in ("utf-8", "UTF-8", "us-ascii"):
        content_type = f"application/x-www-form-urlencoded; charset={known}"
        answer = await send_urlencoded(server, "/text", b"text=a", **{"Content-Type": content_type})
        assert (answer.status, answer.body) == (200, b"a")


async def test_a_file_name_that_deceives(server: TestServer) -> None:
    """Characters that turn the direction of a text are removed: photo-gnp.exe is not seen as photo-exe.png."""
    for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff\x00\x1b\x85\u2028":
        answer = await send_parts(server, "/form", part("file", "x", filename=f"photo-{mark}gnp.exe"))
        assert answer.json == ["", "photo-gnp.exe", "x"], hex(ord(mark))
