"""The one error of msgspec's becomes a fault."""

import uuid
from typing import Any

import msgspec
import pytest

from framework._serve.validation.walker import single_error
from framework.http_errors import FieldError
from tests.unit._serve.validation.models import Card, Cash, Color, Holder, Order, Range


@pytest.mark.parametrize(
    ("hint", "body", "expected"),
    [
        (Order, b'{"customer":1}', ("/customer", "type", "Expected `str`, got `int`")),
        (Order, b'{"customer":""}', ("/lines", "missing", "Field required")),
        (Order, b'{"lines":[{"a/b":1}]}', ("/lines/0/a~1b", "unknown", "Unknown field")),
        (Order, b'{"lines":[]}', ("/lines", "constraint", "Expected `array` of length >= 1")),
        (Card | Cash, b'{"kind":"secret"}', ("/kind", "tag", "Invalid tag")),
        (Card | Cash, b'{"kind":1}', ("/kind", "type", "Expected `str`")),
        (list[Color], b'["secret"]', ("/0", "value", "Invalid enum value")),
        (dict[str, list[int]], b'{"a":["x"]}', ("", "type", "Expected `int`, got `str`")),
        (list[dict[int, int]], b'[{"secret":1}]', ("/0", "key", "Expected `int`, got `str`")),
        (Holder, b'{"one":{"low":2,"high":1}}', ("/one", "value", "low is above high")),
        (Range, b'{"low":-2,"high":1}', ("", "value", "Invalid value")),
        (int, b"1" * 5000, ("", "value", "Integer value out of range")),
        (float, b"1e999", ("", "value", "Number out of range")),
        (tuple[int, int], b"[1]", ("", "constraint", "Expected `array` of length 2")),
        (uuid.UUID, b'"secret"', ("", "value", "Invalid UUID")),
    ],
)
def test_single_error(hint: Any, body: bytes, expected: tuple[str, str, str]) -> None:
    """The one error of msgspec's becomes a fault at the place it tells, as far as it tells it."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=hint)
    assert single_error(caught.value, "body") == FieldError("body", *expected)
    pointer, code, detail = expected
    assert single_error(caught.value, "form", "/p") == FieldError("form", f"/p{pointer}", code, detail)


def test_single_error_of_another_error() -> None:
    """An error that is not msgspec's tells the client nothing."""
    assert single_error(RuntimeError("secret"), "body") == FieldError("body", "", "value", "Invalid value")
