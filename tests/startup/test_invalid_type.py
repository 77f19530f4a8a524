"""InvalidOptionError: types of one's own that are declared in a wrong way."""

import datetime as dt
from typing import Any

import pytest

from framework import App, Controller, get, post
from framework.errors import InvalidOptionError, UnencodableReturnError, UnsupportedTypeError
from framework.types import CustomType as DeclaredType
from tests.startup.expected import place, told

# Declared with what its annotations forbid.
CustomType: Any = DeclaredType


class Sku:
    """A class that msgspec does not know."""


class Other:
    """Another one."""


async def read_later(_: str) -> Sku:
    """Return something, later."""
    return Sku()


def read_two(one: str, two: str) -> str:
    """Take two values."""
    return one + two


def read(_: str) -> Sku:
    """Take one value."""
    return Sku()


def mistakes(*types: Any) -> list[str]:
    """Return what is reported of an app with some types, without its place, on one line."""
    found = told(App(openapi=None, types=list(types)))
    assert {kind for kind, _ in found} <= {InvalidOptionError}
    return [text.partition("): ")[2].replace("\n  Hint:", "") for _, text in found]


@pytest.mark.parametrize(
    ("declared", "mistake"),
    [
        (
            CustomType("Sku", decode=read),
            "CustomType('Sku') is not about a class. give the class itself: CustomType(ObjectId, …).",
        ),
        (
            CustomType(dt.date, decode=read),
            "CustomType(date) is about a class that is read and written without it. "
            "drop it, or wrap the value in a class of its own: class Price: …, instead of date.",
        ),
        (
            CustomType(Sku),
            "CustomType(Sku) has neither decode= nor encode=. give it one of them: CustomType(Sku, encode=str).",
        ),
        (
            CustomType(Sku, decode="x"),
            "CustomType(Sku) has decode='x', which is not a function. give a function of one value.",
        ),
        (
            CustomType(Sku, decode=read_two),
            "decode=read_two of CustomType(Sku) does not take one value. write it as def decode(value): ….",
        ),
        (
            CustomType(Sku, decode=read_later),
            "decode= of CustomType(Sku) is not a plain function. write it as a plain def: it runs while msgspec does.",
        ),
        (
            CustomType(Sku, encode=lambda: ""),
            "encode=<lambda> of CustomType(Sku) does not take one value. write it as def encode(value): ….",
        ),
        (
            CustomType(Sku, decode=read, schema="string"),
            "CustomType(Sku) has schema='string', which is not a JSON Schema. "
            'write it as a dict of what JSON has: schema={"type": "string"}.',
        ),
        (
            CustomType(Sku, decode=read, schema={"type": {1}}),
            "CustomType(Sku) has schema={'type': {1}}, which is not a JSON Schema. "
            'write it as a dict of what JSON has: schema={"type": "string"}.',
        ),
        (
            CustomType(Sku, decode=read, errors=KeyError),
            "CustomType(Sku) has errors=the class KeyError, which is not a sequence of exception classes. "
            "write it as errors=(InvalidId,).",
        ),
    ],
)
def test_a_declaration(declared: Any, mistake: str) -> None:
    """Each mistake is reported when the app is built."""
    assert mistakes(declared) == [mistake]


def test_two_declarations() -> None:
    """Of one class there is one, in an app and in a process."""
    assert mistakes(CustomType(Sku, decode=read), CustomType(Sku, encode=str)) == [
        "CustomType(Sku) is declared twice. keep one of them."
    ]
    App(openapi=None, types=[CustomType(Other, encode=str)]).build()
    App(openapi=None, types=[CustomType(Other, encode=str)]).build()
    assert mistakes(CustomType(Other, encode=repr)) == [
        "CustomType(Other) is declared by another application of this process with other functions. "
        "declare it once, and give both applications the same CustomType."
    ]


def test_no_sequence_of_types() -> None:
    """``types=`` takes CustomTypes."""
    (found,) = mistakes(Sku)
    assert found.startswith("types=[")
    assert found.endswith(
        "is not a sequence of CustomTypes. write it as types=[CustomType(ObjectId, decode=ObjectId, encode=str)]."
    )


class Half:
    """A class with one direction."""


def read_half(_: str) -> Half:
    """Read it."""
    return Half()


def test_a_direction_that_is_missing() -> None:
    """What is read has ``decode=``, what is written has ``encode=``."""

    class Writer(Controller):
        @get()
        async def show(self) -> list[Half]:
            return []

    class Reader(Controller):
        @post()
        async def create(self, halves: dict[str, Half]) -> None: ...

    assert told(App([Writer], openapi=None, types=[CustomType(Half, decode=read_half)])) == [
        (
            UnencodableReturnError,
            f"Writer.show ({place(Writer.show)}): its return type list[Half] cannot be encoded "
            "(its CustomType has no encode=).\n  Hint: give CustomType(Half) encode=.",
        )
    ]
    assert told(App([Reader], openapi=None, types=[CustomType(Half, encode=str)])) == [
        (
            UnsupportedTypeError,
            f"Reader.create ({place(Reader.create)}), parameter 'halves': dict[str, Half] cannot be read from a "
            "request (its CustomType has no decode=).\n  Hint: give CustomType(Half) decode=.",
        )
    ]


def test_a_union() -> None:
    """Msgspec cannot choose between two such classes; the hint has ways out."""

    class Reader(Controller):
        @get()
        async def show(self, value: Sku | Other) -> None: ...

    types = [CustomType(Sku, decode=read), CustomType(Other, encode=str)]
    ((kind, text),) = told(App([Reader], openapi=None, types=types))
    assert kind is UnsupportedTypeError
    assert "Type unions may not contain more than one custom type" in text
    assert text.endswith(
        "Hint: use one of the types, or write one class for all of them, with a CustomType; "
        "framework.types.IPAddress is a str that holds an address of either kind."
    )
