"""Rows 44 to 55 of the bad inputs: methods, paths and query strings."""

import os

import pytest
from aiohttp.test_utils import TestServer

from tests.http.items import PROBE
from tests.http.raw import IN_PYTHON, Answer, exchange, make_request
from tests.http.shapes import fault, invalid, problem

pytestmark = pytest.mark.usefixtures("few_lines")


def test_parser_is_the_one_that_was_asked_for() -> None:
    """The whole folder passes on both of aiohttp's parsers, so it is known which one runs."""
    assert IN_PYTHON or not os.environ.get("AIOHTTP_NO_EXTENSIONS")


async def request(items: TestServer, method: str, target: str | bytes) -> Answer:
    """Send a request without body; the connection must stay usable."""
    return await exchange(items, make_request(method, target), method=method, probe=PROBE)


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("DELETE", "/items", "GET, HEAD, OPTIONS, POST"),
        ("TRACE", "/items", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/items/5", "GET, HEAD, OPTIONS"),
    ],
)
async def test_wrong_method_is_told_the_right_ones(items: TestServer, method: str, target: str, allow: str) -> None:
    """Row 44: a method that the path has not is 405, with all those that it has."""
    answer = await request(items, method, target)
    assert answer.problem == problem(405, target)
    assert answer.headers["Allow"] == allow


async def test_head_is_get_without_the_body(items: TestServer) -> None:
    """Row 45: HEAD on a GET route has the status and headers of GET, and no body."""
    head, get = await request(items, "HEAD", "/items"), await request(items, "GET", "/items")
    assert (head.status, head.body) == (200, b"")
    assert {**head.headers, "Date": ""} == {**get.headers, "Date": ""}


async def test_options_lists_the_methods(items: TestServer) -> None:
    """Row 46: OPTIONS is 204 with Allow."""
    answer = await request(items, "OPTIONS", "/items")
    assert answer.status == 204
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert sorted(answer.headers) == ["Allow", "Date"]


@pytest.mark.parametrize("target", ["/items", "/nowhere"])
async def test_method_that_nobody_knows_is_not_implemented(items: TestServer, target: str) -> None:
    """Row 47: FOO is 501; the C parser refuses it before it has a target, and the connection is closed."""
    data = make_request("FOO", target)
    if IN_PYTHON:
        assert (await exchange(items, data, probe=PROBE)).problem == problem(501, target)
    else:
        answer = await exchange(items, data)
        assert answer.problem == {
            "type": "about:blank",
            "title": "Not Implemented",
            "status": 501,
            "detail": "The method is unknown",
        }
        assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("target", ["/items", "/nowhere"])
async def test_registered_method_that_nobody_implements_is_501(items: TestServer, target: str) -> None:
    """Row 47: a method of an extension (RFC 4918), which both parsers know and no route has, is 501."""
    assert (await request(items, "PROPFIND", target)).problem == problem(501, target)


async def test_method_in_lower_case_is_another_method(items: TestServer) -> None:
    """Row 47: the C parser refuses get with 400; the Python parser makes GET of it before anybody is asked."""
    data = make_request("get", "/items")
    if IN_PYTHON:
        assert (await exchange(items, data, probe=PROBE)).status == 200
    else:
        assert (await exchange(items, data)).status == 400


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/items/", id="row 48: trailing slash"),
        pytest.param("/items/5/", id="row 48: trailing slash behind a placeholder"),
        pytest.param("//items/5", id="row 49: double slash"),
        pytest.param("/items//5", id="row 49: double slash within"),
        pytest.param("/items/../items", id="dot segments"),
        pytest.param("/items/%2e%2e/items", id="encoded dot segments"),
    ],
)
async def test_another_spelling_is_another_path(items: TestServer, target: str) -> None:
    """Rows 48 and 49: a slash more or dot segments make another path, which is 404."""
    assert (await request(items, "GET", target)).problem == problem(404, target)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("abc", id="row 50: text"),
        pytest.param("%D9%A1", id="row 51: Arabic digit"),
        pytest.param("1_000", id="underscore"),
        pytest.param("%205", id="space"),
        pytest.param("+5", id="plus"),
        pytest.param("0x5", id="hexadecimal"),
        pytest.param("1.5", id="fraction"),
        pytest.param("null", id="null"),
        pytest.param("true", id="true"),
    ],
)
async def test_path_parameter_of_the_wrong_type_is_a_fault(items: TestServer, text: str) -> None:
    """Rows 50 and 51: a segment that is not an integer is 422 with its place."""
    answer = await request(items, "GET", f"/items/{text}")
    expected = fault("path", "/item_id", "type", "Expected `int`, got `str`")
    assert answer.problem == invalid(f"/items/{text}", expected)


async def test_path_parameter_beyond_all_bounds_is_a_fault(items: TestServer) -> None:
    """Row 52: 5 000 digits are 422 with their place."""
    digits = "9" * 5000
    answer = await request(items, "GET", f"/items/{digits}")
    expected = fault("path", "/item_id", "value", "Integer value out of range")
    assert answer.problem == invalid(f"/items/{digits}", expected)


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        pytest.param("a%2Fb", "a/b", id="row 53: slash"),
        pytest.param("a%252Fb", "a%2Fb", id="encoded twice"),
        pytest.param("%C3%A9", "\u00e9", id="UTF-8"),
        pytest.param("a+b", "a+b", id="plus"),
        pytest.param("%zz", "%zz", id="no encoding at all"),
        pytest.param("%2e%2e", "..", id="dots"),
    ],
)
async def test_segment_is_decoded_once(items: TestServer, segment: str, name: str) -> None:
    """Row 53: an encoded slash stays in its segment, and nothing is decoded twice."""
    assert (await request(items, "GET", f"/items/named/{segment}")).json == {"name": name}


@pytest.mark.parametrize("prefix", ["/items/named/", "/nowhere/"])
@pytest.mark.parametrize("text", ["%00", "%ff", "%C3%28", "a%00b"])
async def test_path_that_is_no_text_cannot_be_parsed(items: TestServer, prefix: str, text: str) -> None:
    """Row 54: a NUL or what is not UTF-8 in the path is 400, whether the path exists or not."""
    answer = await request(items, "GET", prefix + text)
    expected = fault("path", "", "syntax", "Not valid UTF-8, or with a NUL")
    assert answer.problem == problem(400, prefix + text, "The path cannot be decoded", errors=[expected])


@pytest.mark.parametrize("query", ["text=%ff", "other=%ff", "%ff=1", "text=%C3%28", "a&%C3"])
@pytest.mark.parametrize("target", ["/items", "/items/5"])
async def test_query_that_is_no_text_cannot_be_parsed(items: TestServer, target: str, query: str) -> None:
    """Row 54: what is not UTF-8 in the query is 400, in names and values that nobody declares as well."""
    answer = await request(items, "GET", f"{target}?{query}")
    expected = fault("query", "", "syntax", "Not valid UTF-8")
    assert answer.problem == problem(400, target, "The query is not valid UTF-8", errors=[expected])


@pytest.mark.parametrize("target", [b"/items/named/\xff", b"/items?text=\xff"])
async def test_raw_bytes_in_the_target_are_refused(items: TestServer, target: bytes) -> None:
    """Row 54: raw bytes are 400; the C parser closes the connection, the Python parser leaves the answer to us."""
    answer = await exchange(items, make_request("GET", target), probe=PROBE if IN_PYTHON else None)
    assert answer.status == 400
    if IN_PYTHON:
        assert answer.problem["instance"] == target.partition(b"?")[0].decode("latin-1").replace("\xff", "%FF")


async def test_scalar_given_twice_is_a_fault(items: TestServer) -> None:
    """Row 55: a scalar that the query gives twice is 422, never the first or the last."""
    answer = await request(items, "GET", "/items?page=1&page=2")
    assert answer.problem == invalid("/items", fault("query", "/page", "type", "Given 2 times, expected once"))
