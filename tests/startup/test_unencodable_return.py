"""UnencodableReturnError: a return type that no encoder writes."""

from collections.abc import AsyncIterator, Iterator

from framework import Controller, Event, HTTPError, Response, get
from framework.errors import UnencodableReturnError
from tests.startup.expected import mistakes, place

MEND = "  Mend: return a Struct, a dataclass or builtins, a framework Response, or an aiohttp StreamResponse."


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
            f"(msgspec does not know {unknown}).\n{MEND}",
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
            f"(Type '[<class 'int'>]' is not supported).\n{MEND}",
        )
    ]
