"""Rows 15, 16, 22 and 23 of the bad inputs: bodies in a type, charset or coding that is not read."""

import pytest
from aiohttp.test_utils import TestServer

from tests.http.items import PROBE
from tests.http.raw import Answer, exchange, make_request
from tests.http.shapes import problem

pytestmark = pytest.mark.usefixtures("few_lines")

BODY = b'{"name": "a", "count": 1}'
ACCEPT = "application/json, application/msgpack"
READ = "application/json and application/msgpack are read here"
ITEM = {"name": "a", "count": 1, "ratio": 0.0}


async def create(items: TestServer, content_type: str, body: bytes = BODY, coding: str | None = None) -> Answer:
    """Post a body of a Content-Type; the connection must stay usable."""
    headers = {"Content-Type": content_type} | ({} if coding is None else {"Content-Encoding": coding})
    return await exchange(items, make_request("POST", "/items", headers=headers, body=body), probe=PROBE)


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        pytest.param("utf-16", "utf-16", id="row 15: utf-16"),
        pytest.param("iso-8859-1", "latin-1", id="row 15: latin-1"),
        pytest.param("bogus", "utf-8", id="row 16: bogus"),
        pytest.param('"utf-7"', "utf-8", id="row 16: quoted"),
    ],
)
async def test_foreign_charset_is_refused(items: TestServer, charset: str, encoding: str) -> None:
    """Rows 15 and 16: JSON in another charset than UTF-8 is 415, before anything is decoded."""
    answer = await create(items, f"application/json; charset={charset}", BODY.decode().encode(encoding))
    assert answer.problem == problem(415, "/items", "The charset is not supported; JSON is UTF-8 (RFC 8259)")
    assert answer.headers["Accept"] == ACCEPT


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json2",
        "application/",
        "json",
        "+json",
        "",
    ],
)
async def test_json_under_another_type_is_refused(items: TestServer, content_type: str) -> None:
    """Row 22: JSON under a type that a foreign page may send without preflight (or any other) is 415."""
    answer = await create(items, content_type)
    assert answer.problem == problem(415, "/items", f"The Content-Type is not supported; {READ}")
    assert answer.headers["Accept"] == ACCEPT


@pytest.mark.parametrize("chunked", [False, True])
async def test_body_without_a_type_is_refused(items: TestServer, *, chunked: bool) -> None:
    """Row 23: a body that does not say what it is is 415."""
    if chunked:
        data = make_request("POST", "/items", headers={"Transfer-Encoding": "chunked"}) + b"2\r\n{}\r\n0\r\n\r\n"
    else:
        data = make_request("POST", "/items", body=BODY)
    answer = await exchange(items, data, probe=PROBE)
    assert answer.problem == problem(415, "/items", f"A body needs a Content-Type; {READ}")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json;charset=utf-8",
        'application/json; charset="UTF-8"',
        "APPLICATION/JSON",
        "application/vnd.shop.item+json",
        "application/json; profile=x; charset=utf8",
    ],
)
async def test_json_by_any_of_its_names_is_read(items: TestServer, content_type: str) -> None:
    """application/json in any case and with any parameters is read, and so is what ends in +json (RFC 6839)."""
    answer = await create(items, content_type)
    assert (answer.status, answer.json) == (200, ITEM)


async def test_foreign_coding_is_refused(items: TestServer) -> None:
    """Row 26: a Content-Encoding that nobody decodes is 415 and says what would be decoded (RFC 9110, 15.5.16)."""
    answer = await create(items, "application/json", coding="foo")
    assert answer.problem == problem(415, "/items", "The Content-Encoding is not supported")
    assert answer.headers["Accept-Encoding"] == "gzip, deflate, br, zstd"
