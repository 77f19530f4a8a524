"""Rows 5 to 14 and 17 to 21 of the bad inputs: JSON bodies that are broken, or that no model takes."""

from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from tests.http.items import JSON, PROBE
from tests.http.raw import Answer, exchange, make_request
from tests.http.shapes import fault, invalid, problem

pytestmark = pytest.mark.usefixtures("few_lines")

DEEP = 100_000


async def create(items: TestServer, body: bytes) -> Answer:
    """Post a body; the connection must stay usable."""
    return await exchange(items, make_request("POST", "/items", headers=JSON, body=body), probe=PROBE)


def syntax(detail: str) -> dict[str, Any]:
    """Return the body of a 400 whose one fault is the syntax of the body."""
    return problem(400, "/items", "The body is not valid JSON", errors=[fault("body", "", "syntax", detail)])


@pytest.mark.parametrize(
    ("body", "pointer", "expected"),
    [
        pytest.param(b"[" * 500 + b"]" * 500, "", "object", id="whole body"),
        pytest.param(b'{"name": ' + b"[" * 500 + b"]" * 500 + b', "count": 1}', "/name", "str", id="a field"),
    ],
)
async def test_nesting_that_a_flat_model_does_not_have_is_a_fault(
    items: TestServer, body: bytes, pointer: str, expected: str
) -> None:
    """Row 5: arrays 500 deep are 422, at the place where another type is expected."""
    answer = await create(items, body)
    assert answer.problem == invalid("/items", fault("body", pointer, "type", f"Expected `{expected}`, got `array`"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * DEEP + b"]" * DEEP, id="array"),
        pytest.param(b'{"a":' * DEEP + b"1" + b"}" * DEEP, id="object"),
        pytest.param(b"[" * DEEP, id="never closed"),
        pytest.param(b'{"name": "a", "count": 1, "x": ' + b"[" * DEEP + b"]" * DEEP + b"}", id="ignored field"),
    ],
)
async def test_nesting_beyond_all_bounds_cannot_be_parsed(items: TestServer, body: bytes) -> None:
    """Row 6: JSON 100 000 deep is 400, in a field that the model ignores as well."""
    assert (await create(items, body)).problem == syntax("JSON is nested too deeply")


@pytest.mark.parametrize(
    ("number", "detail"),
    [
        pytest.param(b"9" * 5000, "Integer value out of range", id="row 7: 5 000 digits"),
        pytest.param(b"1e400", "Number out of range", id="row 8: 1e400"),
    ],
)
async def test_number_beyond_all_bounds_is_a_fault(items: TestServer, number: bytes, detail: str) -> None:
    """Rows 7 and 8: a number that parses and that no integer can hold is 422."""
    answer = await create(items, b'{"name": "a", "count": ' + number + b"}")
    assert answer.problem == invalid("/items", fault("body", "", "value", detail))


async def test_nan_is_no_json(items: TestServer) -> None:
    """Row 9: NaN does not parse, so it is 400."""
    answer = await create(items, b'{"name": "a", "count": 1, "ratio": NaN}')
    assert answer.problem == syntax("JSON is malformed: invalid character (byte 35)")


async def test_infinite_number_is_a_fault(items: TestServer) -> None:
    """Row 9: 1e999 parses and is beyond every float, so it is 422."""
    answer = await create(items, b'{"name": "a", "count": 1, "ratio": 1e999}')
    assert answer.problem == invalid("/items", fault("body", "", "value", "Number out of range"))


async def test_last_of_duplicate_keys_wins(items: TestServer) -> None:
    """Row 10: of a key given twice the last value counts, as with Python's json."""
    answer = await create(items, b'{"name": "a", "count": 1, "count": 2}')
    assert (answer.status, answer.json) == (200, {"name": "a", "count": 2, "ratio": 0.0})


@pytest.mark.parametrize(
    ("body", "byte"),
    [
        pytest.param(b'{"name": "a\xff", "count": 1}', 11, id="field"),
        pytest.param(b'{"name": "a", "count": 1, "x": "\xff"}', 32, id="ignored field"),
        pytest.param(b'{"name": 1, "count": 1, "x": "\xff"}', 30, id="behind a type fault"),
        pytest.param(b'{"name": "a", "count": 1, "\xc3(": 1}', 27, id="ignored key"),
    ],
)
async def test_body_that_is_not_utf_8_cannot_be_parsed(items: TestServer, body: bytes, byte: int) -> None:
    """Row 11: invalid UTF-8 is 400 with its byte, wherever it stands."""
    assert (await create(items, body)).problem == syntax(f"Not valid UTF-8 (byte {byte})")


@pytest.mark.parametrize("field", ["name", "x"])
async def test_lone_surrogate_cannot_be_parsed(items: TestServer, field: str) -> None:
    """Row 12: an escaped lone surrogate is not text, so it is 400, in an ignored field as well."""
    answer = await create(items, b'{"count": 1, "' + field.encode() + b'": "\\ud800 and more", "name": "a"}')
    assert answer.status == 400
    assert answer.problem["detail"] == "The body is not valid JSON"
    assert [(one["pointer"], one["code"]) for one in answer.problem["errors"]] == [("", "syntax")]


async def test_escaped_nul_is_text(items: TestServer) -> None:
    """Row 13: an escaped NUL in a string is taken; what a database says to it is another matter."""
    answer = await create(items, b'{"name": "a\\u0000b", "count": 1}')
    assert (answer.status, answer.json["name"]) == (200, "a\0b")


async def test_byte_order_mark_is_no_json(items: TestServer) -> None:
    """Row 14: a byte order mark is 400 (RFC 8259, section 8.1)."""
    answer = await create(items, b'\xef\xbb\xbf{"name": "a", "count": 1}')
    assert answer.problem == syntax("JSON is malformed: invalid character (byte 0)")


@pytest.mark.parametrize(("rest", "byte"), [(b" x", 27), (b"{}", 26), (b"\0", 26)])
async def test_trailing_garbage_cannot_be_parsed(items: TestServer, rest: bytes, byte: int) -> None:
    """Row 17: what stands behind the value is 400."""
    answer = await create(items, b'{"name": "a", "count": 1}' + rest)
    assert answer.problem == syntax(f"JSON is malformed: trailing characters (byte {byte})")


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(make_request("POST", "/items", headers=JSON, body=b""), id="length 0"),
        pytest.param(make_request("POST", "/items", headers=JSON), id="no length"),
        pytest.param(make_request("POST", "/items"), id="no type"),
        pytest.param(
            make_request("POST", "/items", headers={**JSON, "Transfer-Encoding": "chunked"}) + b"0\r\n\r\n",
            id="chunked",
        ),
    ],
)
async def test_required_body_that_is_empty_cannot_be_parsed(items: TestServer, request_bytes: bytes) -> None:
    """Row 18: a required body that is empty is 400."""
    answer = await exchange(items, request_bytes, probe=PROBE)
    assert answer.problem == syntax("The body is empty")


async def test_body_of_white_space_cannot_be_parsed(items: TestServer) -> None:
    """Row 18: a body of nothing but white space is not JSON."""
    assert (await create(items, b" \r\n")).problem == syntax("Input data was truncated")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            b'{"name": "a", "count": "1"}',
            fault("body", "/count", "type", "Expected `int`, got `str`"),
            id="row 19: a number as text",
        ),
        pytest.param(
            b'{"name": "a"}', fault("body", "/count", "missing", "Field required"), id="row 20: a missing field"
        ),
        pytest.param(b"[1]", fault("body", "", "type", "Expected `object`, got `array`"), id="row 21: an array"),
        pytest.param(b"null", fault("body", "", "type", "Expected `object`, got `null`"), id="row 21: null"),
    ],
)
async def test_body_that_the_model_does_not_take_is_a_fault(
    items: TestServer, body: bytes, expected: dict[str, str]
) -> None:
    """Rows 19 to 21: bodies are strict, and each fault has its place."""
    assert (await create(items, body)).problem == invalid("/items", expected)
