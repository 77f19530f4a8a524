"""UnencodableReturnError: a return type that no encoder writes."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest
from msgspec import Meta

from framework import Controller, Event, HTTPError, Response, get
from framework.errors import UnencodableReturnError
from tests.startup.expected import custom_type_hint, mistakes, place

HINT = "  Hint: return a Struct, a dataclass or builtins, a framework Response, or an aiohttp StreamResponse."


class Engine:
    """A service, not data."""


def test_types_that_nobody_encodes() -> None:
    """A service, alone or inside another, an iterator, an event outside of its stream and an error have no encoding."""

    class Orders(Controller):
        @get("/a")
        async def alone(self) -> Engine:
            return Engine()

        @get("/b")
        async def listed(self) -> list[Engine]:
            return []

        @get("/c")
        async def wrapped(self) -> Response[Engine]:
            return Response(Engine())

        @get("/d")
        async def iterated(self) -> Iterator[int]:
            return iter(())

        @get("/e")
        async def events(self) -> AsyncIterator[Event[int]]:
            yield Event(1)

        @get("/f")
        async def refused(self) -> HTTPError:
            return HTTPError()

    assert mistakes(Orders) == [
        (
            UnencodableReturnError,
            f"Orders.{name} ({place(getattr(Orders, name))}): its return type {written} cannot be encoded "
            f"(msgspec does not know {unknown}).\n  Hint: {custom_type_hint(unknown)}.",
        )
        for name, written, unknown in (
            ("alone", "Engine", "Engine"),
            ("listed", "list[Engine]", "Engine"),
            ("wrapped", "Engine", "Engine"),
            ("iterated", "Iterator[int]", "Iterator"),
            ("events", "Event[int]", "Event"),
            ("refused", "HTTPError", "HTTPError"),
        )
    ]


def test_what_is_no_type() -> None:
    """A value in the place of a type is told as such."""

    class Orders(Controller):
        @get()
        async def search(self) -> [int]:  # type: ignore[misc, valid-type]  # the mistake
            return []

    assert mistakes(Orders) == [
        (
            UnencodableReturnError,
            f"Orders.search ({place(Orders.search)}): its return type [int] cannot be encoded "
            f"(Type '[<class 'int'>]' is not supported).\n{HINT}",
        )
    ]


def test_a_pattern_beside_a_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What kills the process when it is freed is not given to msgspec, be it answered at once or as a stream."""
    monkeypatch.setattr("framework._inspect.pattern_unions.IS_AFFECTED", True)

    class Orders(Controller):
        @get("/a")
        async def show(self) -> Annotated[str, Meta(pattern="^[A-Z]+$")] | dict[str, int]:
            return "A"

        @get("/b")
        async def listed(self) -> AsyncIterator[Annotated[str, Meta(pattern="^[A-Z]+$")] | set[int]]:
            yield "A"

    assert mistakes(Orders) == [
        (
            UnencodableReturnError,
            f"Orders.{name} ({place(getattr(Orders, name))}): its return type {written} cannot be encoded "
            "(msgspec ends the process for a union of a string with a pattern and a list, set, dict or tuple).\n"
            "  Hint: put the string or the collection into a Struct, or check the string in a __post_init__.",
        )
        for name, written in (("show", "str | dict[str, int]"), ("listed", "str | set[int]"))
    ]
