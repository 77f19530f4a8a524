"""Answers while they are made: JSON lines, texts, bytes, server-sent events."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Annotated

from msgspec import Meta

from framework import Controller, Event, EventStream, Header, Query, get, post
from framework.http_errors import NotFound
from tests.contract.large.types import Circle, Pair, Person, Scalars, Small, Square

__all__ = ("StreamController",)

Count = Annotated[int, Meta(ge=0, le=20)]


class StreamController(Controller):
    """Handlers that yield."""

    path = "/streams"
    tags = ("streams",)

    @get("/lines", raises=(NotFound,))
    async def lines(self, count: Count = 3) -> AsyncIterator[Pair]:
        """Return lines of JSON, or an error before the first."""
        if count == 13:
            raise NotFound
        for number in range(count):
            yield Pair(number, "line")

    @post("/scalars")
    async def scalars(self, scalars: Scalars, count: Annotated[Count, Query()] = 1) -> AsyncGenerator[Scalars, None]:
        """Return what came, some times."""
        for _ in range(count):
            yield scalars

    @get("/people")
    async def people(self) -> AsyncIterable[Person | None]:
        """Return lines of a dataclass."""
        return self._people()

    async def _people(self) -> AsyncIterator[Person | None]:
        yield None
        yield Person("Ada", {"street": "S", "city": "C"})

    @get("/texts")
    async def texts(self, count: Count = 3) -> AsyncIterator[str]:
        """Return pieces of text."""
        for number in range(count):
            yield f"{number}\n"

    @get("/bytes")
    async def data(self, count: Count = 3) -> AsyncIterator[bytes]:
        """Return pieces of bytes."""
        for number in range(count):
            yield bytes([number]) * 100

    @get("/events", keep_alive=10)
    async def events(self, last: Annotated[Small, Header(name="last-event-id")] = 0) -> EventStream[Event[Pair]]:
        """Return events from behind the last one that was seen."""
        for number in range(last, last + 3):
            yield Event(Pair(number, "two\nlines"), id=str(number), event="told", retry=1_000)

    @get("/events/texts")
    async def text_events(self, text: str = "x") -> EventStream[str]:
        """Return events that are texts."""
        yield text

    @post("/events/shapes")
    async def shape_events(self, shape: Circle | Square) -> EventStream[Circle | Event[Square]]:
        """Return a shape as an event."""
        yield shape if isinstance(shape, Circle) else Event(shape, comment="a square")
