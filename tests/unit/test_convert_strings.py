"""Strings outside of requests follow the rules of query parameters."""

import datetime as dt
from typing import Any

import pytest
from msgspec import Struct

from framework.conversion import ConversionError, convert_strings
from framework.types import SecretStr


class Address(Struct):
    """A model of strings."""

    host: str
    port: int = 80


@pytest.mark.parametrize(
    ("raw", "annotation", "value"),
    [
        ("7", int, 7),
        ("7", int | str, "7"),
        ("TRUE", bool, True),
        ("2026-01-31", dt.date, dt.date(2026, 1, 31)),
        (["1", "2"], tuple[int, ...], (1, 2)),
        ({"host": "a", "port": "81"}, Address, Address("a", 81)),
        ("sesame", SecretStr, SecretStr("sesame")),
    ],
)
def test_strings_are_converted(raw: Any, annotation: Any, value: object) -> None:
    """A string, a list or a dict of strings becomes a value of the type."""
    assert convert_strings(raw, annotation) == value


@pytest.mark.parametrize(
    ("raw", "annotation", "message"),
    [
        ("", int, "Expected `int`, got `str`"),
        ("null", int | None, "Expected `int`, got `null`"),
        ("nan", float, "Expected a finite number"),
        ("5", dt.timedelta, "Expected `duration`, got `int`"),
        ({"port": "x"}, Address, "/port: Expected `int`, got `str`; /host: Field required"),
    ],
)
def test_all_errors_are_in_one_exception(raw: Any, annotation: Any, message: str) -> None:
    """What msgspec's lax mode would accept is rejected, and every error has its place."""
    with pytest.raises(ConversionError) as caught:
        convert_strings(raw, annotation)

    assert str(caught.value) == message
    assert [one.location for one in caught.value.errors] == [""] * (message.count(";") + 1)
