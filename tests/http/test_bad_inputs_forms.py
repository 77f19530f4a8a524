"""Rows 27 to 31 of the bad inputs: multipart forms that are none, read into a form and as a stream."""

import pytest
from aiohttp.test_utils import TestServer

from framework import Controller, MultipartStream, UploadFile, post
from tests.http.forms import BOUNDARY, MULTIPART, multipart, part
from tests.http.raw import Answer, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, problem

pytestmark = pytest.mark.usefixtures("few_lines")


class Forms(Controller):
    """Reads a form in both ways."""

    @post("/form")
    async def form(self, file: UploadFile | None = None) -> str:
        """Answer a file of a form."""
        return "" if file is None else str(file.size)

    @post("/parts")
    async def parts(self, parts: MultipartStream) -> str:
        """Answer the parts."""
        return repr([(one.name, await one.read()) async for one in parts])


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the forms."""
    return await serve(app_of(Forms))


FILE = part("file", "content", filename="a")


async def send(server: TestServer, target: str, body: bytes, content_type: str = MULTIPART["Content-Type"]) -> Answer:
    """Send a body as a form; the connection must stay usable."""
    probe = make_request("POST", target, headers=MULTIPART, body=multipart(FILE))
    data = make_request("POST", target, headers={"Content-Type": content_type}, body=body)
    return await exchange(server, data, probe=probe)


@pytest.mark.parametrize("target", ["/form", "/parts"])
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(
            multipart(part("file", "x", filename="a", X_Long="y" * 100_000)),
            "Maximum segment header length exceeded",
            id="row 28: header of 100 KB",
        ),
        pytest.param(
            multipart(part("file", "x", **{f"X_{one}": "y" for one in range(20)})),
            "Maximum segment header count exceeded",
            id="row 28: twenty headers",
        ),
        pytest.param(multipart(FILE)[:-6], "Unexpected end of multipart stream (parser closed)", id="row 30: cut"),
        pytest.param(
            multipart(FILE)[:20], "Unexpected end of multipart stream (parser closed)", id="row 30: cut in a header"
        ),
        pytest.param(b"", "Unexpected end of multipart stream (parser closed)", id="row 30: empty"),
        pytest.param(
            b"no form", "Unexpected end of multipart stream (parser closed)", id="row 30: without a boundary line"
        ),
        pytest.param(
            multipart(part("file", "x", media_type="multipart/mixed; boundary=y")),
            "Expected no multipart in a part",
            id="row 31: nested",
        ),
        pytest.param(multipart(b"X: y\r\n\r\nx"), "Missing Content-Disposition segment header", id="no name"),
        pytest.param(
            multipart(b"Content-Disposition: attachment\r\n\r\nx"),
            "Invalid Content-Disposition segment header: Wrong type",
            id="no form-data",
        ),
        pytest.param(multipart(b"no header\r\n\r\nx"), "Malformed segment header", id="no header"),
        pytest.param(multipart(b"X: \xff\r\n\r\nx"), "Segment header failed to decode", id="header of bytes"),
        pytest.param(multipart(FILE).replace(b"\r\n", b"\n"), "Invalid line break after first boundary", id="bare LF"),
        pytest.param(
            multipart(part("file", "x", Content_Length="5")),
            "Segment size does not match Content-Length header",
            id="other length",
        ),
    ],
)
async def test_form_that_is_none_cannot_be_parsed(server: TestServer, target: str, body: bytes, detail: str) -> None:
    """What is not a multipart form is 400, and what the parser has against it is told."""
    answer = await send(server, target, body)
    pointer = "/file" if "nested" in detail or "no multipart" in detail else ""
    expected = fault("form", pointer, "syntax", detail)
    assert answer.problem == problem(400, target, "The form cannot be parsed", errors=[expected])


@pytest.mark.parametrize("target", ["/form", "/parts"])
@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        f"multipart/form-data; boundary={'x' * 71}",
        'multipart/form-data; boundary="\u00e4"',
        'multipart/form-data; boundary="a\tb"',
        f"multipart/form-data; border={BOUNDARY}",
    ],
)
async def test_form_without_a_boundary_cannot_be_parsed(server: TestServer, target: str, content_type: str) -> None:
    """Row 29: no boundary, or one that RFC 2046 does not allow, is 400."""
    answer = await send(server, target, multipart(FILE), content_type)
    expected = fault("header", "/content-type", "syntax", "Expected a boundary of 1 to 70 characters")
    assert answer.problem == problem(400, target, "The form has no boundary", errors=[expected])


async def test_what_stands_around_a_form_is_ignored(server: TestServer) -> None:
    """RFC 2046, section 5.1.1, allows words before the first boundary and after the last."""
    body = b"a preamble\r\n" + multipart(FILE) + b"an epilogue\r\n"
    assert (await send(server, "/form", body)).body == b"7"
    quoted = f'multipart/form-data; boundary="{BOUNDARY}"'
    assert (await send(server, "/form", multipart(FILE), quoted)).body == b"7"
    assert (await send(server, "/parts", f"--{BOUNDARY}--".encode())).body == b"[]"
