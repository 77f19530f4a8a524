"""Parameters in path and query."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from framework import Controller, HTTPError, Path, Query, get
from framework.http_errors import Conflict, NotFound
from tests.contract.large.types import (
    Code,
    Colour,
    Colours,
    Filter,
    Level,
    Name,
    Page,
    PageQuery,
    Pair,
    Share,
    Small,
    Sorting,
    Span,
    Window,
)

__all__ = ("PathController", "QueryController")


class Gone(HTTPError, status=410, title="Gone for good", type="https://example.com/problems/gone"):
    """What was asked for is gone."""

    since: date
    colour: Colour = Colour.RED


class TooOdd(HTTPError, status=409, title="Too odd"):
    """An odd number."""

    number: int


class PathController(Controller):
    """Placeholders of every kind."""

    path = "/paths"
    tags = ("paths",)

    @get("/numbers/{number}", raises=(Gone, TooOdd, Conflict))
    async def number(self, number: Annotated[Small, Path(description="A small number.")]) -> int:
        """Return the number.

        Negative ones are gone, and some are too odd.
        """
        if number < 0:
            raise Gone("It was never there", since=date(2020, 1, 1))
        if number % 5 == 3:
            raise TooOdd(number=number)
        if number % 5 == 1:
            raise Conflict("One too many")
        return number

    @get("/ids/{identifier}", "/identifiers/{identifier}")
    async def identifier(self, identifier: UUID) -> UUID:
        """Return the id; it has two paths."""
        return identifier

    @get("/days/{day}/colours/{colour}")
    async def day(self, day: date, colour: Colour) -> Pair:
        """Return year and colour."""
        return Pair(day.year, colour.value)

    @get("/codes/{code}")
    def code(self, code: Code) -> str:
        """Return the code, from a thread."""
        return code

    @get("/files/{name:path}")
    async def file(self, name: str) -> str:
        """Return the rest of the path."""
        return name

    @get("/levels/{level}", raises=(NotFound,))
    async def level(self, level: Level) -> Level:
        """Return the level."""
        if level is Level.HIGH:
            raise NotFound
        return level

    @get("/scalars/{flag}/{share}/{amount}/{mode}")
    async def scalars(
        self,
        on: Annotated[bool, Path(name="flag", description="Named otherwise than its variable.")],
        share: Share,
        amount: Decimal,
        mode: Literal["fast", "safe"],
    ) -> list[Any]:
        """Return what was read."""
        return [on, share, str(amount), mode]

    @get("/moments/{at}/{hour}/{length}")
    async def moments(self, at: datetime, hour: time, length: timedelta) -> str:
        """Return moments as Python writes them.

        :param at: When it is.
        :param length: How long it takes.
        :returns: What was read.
        """
        return f"{at} {hour} {length}"


class QueryController(Controller):
    """Query parameters of every kind."""

    path = "/queries"
    tags = ("queries",)

    @get("/scalars")
    async def scalars(
        self,
        text: Name,
        number: Annotated[Small, Query(name="the-number")],
        share: Share = 0.5,
        *,
        flag: bool = False,
        colour: Colour | None = None,
        identifier: UUID | None = None,
        amount: Decimal = Decimal(0),
        deprecated: Annotated[str | None, Query(deprecated=True)] = None,
    ) -> dict[str, Any]:
        """Return what was read."""
        return {"text": text, "number": number, "rest": [share, flag, colour, identifier, str(amount), deprecated]}

    @get("/moments")
    async def moments(
        self,
        at: Annotated[datetime, Meta(tz=True)],
        day: date | None = None,
        hour: time | None = None,
        length: timedelta = timedelta(0),
    ) -> list[str]:
        """Return moments as Python writes them."""
        return [str(at), str(day), str(hour), str(length)]

    @get("/collections")
    async def collections(
        self,
        tags: Annotated[list[Name], Meta(max_length=4)] = [],  # noqa: B006  copied for every request
        # Nothing between commas is a value that is empty, so that these cannot be empty and there.
        numbers: Annotated[tuple[Small, ...], Meta(min_length=1), Query(style="csv")] = (0,),
        colours: Annotated[frozenset[Colour], Meta(min_length=1), Query(style="pipe")] = frozenset({Colour.RED}),
    ) -> list[int]:
        """Return how many there are of each."""
        return [len(tags), len(numbers), len(colours)]

    @get("/models")
    async def models(
        self,
        page: Annotated[PageQuery, Query()],
        filter: Annotated[Filter | None, Query(style="deepObject")] = None,  # noqa: A002  its name on the wire
    ) -> Page[str]:
        """Return a page of nothing."""
        return Page([str(filter)], page.limit)

    @get("/others")
    async def others(
        self,
        window: Annotated[Window, Query()],
        span: Annotated[Span | None, Query(style="deepObject")] = None,
        sorting: Annotated[Sorting, Query()] = Sorting(),  # noqa: B008  copied
        least: Annotated[dict[Literal["a", "b"], int], Query(style="deepObject")] = {},  # noqa: B006  copied
        order: Annotated[list[Colour], Query(style="csv", examples={"both": ["red", "green"]})] = [],  # noqa: B006
        colours: Annotated[Colours | None, Query(style="deepObject")] = None,
    ) -> list[Any]:
        """Return models that are no Structs, and mappings.

        :param least: The least of each.
        """
        return [window, span, sorting.by, least, len(order), colours]
