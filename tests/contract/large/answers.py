"""Answers of every kind that are written in one piece."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from aiohttp import web
from msgspec import Meta, Struct

from framework import Controller, HTTPError, Response, get, head, options, post, route
from framework.http_errors import Gone, ServiceUnavailable, TooManyRequests
from framework.responses import SetCookie
from tests.contract.large.types import Colour, Level, Page, Person, Point, Scalars, Small

__all__ = ("AnswerController", "ErrorController")

T = TypeVar("T")


class Named(Struct, Generic[T]):
    """A value with a name."""

    name: str
    value: T


class Totals(Struct):
    """Headers that an answer has."""

    x_total: int
    x_when: datetime | None = None
    x_tags: list[str] = []


class AnswerController(Controller):
    """Answers of every kind."""

    path = "/answers"
    tags = ("answers",)

    @get("/nothing")
    async def nothing(self) -> None:
        """Answer nothing."""

    @get("/text")
    async def text(self) -> str:
        """Answer a text."""
        return "text"

    @get("/bytes")
    async def data(self) -> bytes:
        """Answer bytes."""
        return b"\0\xff"

    @get("/maybe")
    async def maybe(self, *, there: bool = False) -> Point | None:
        """Answer a point or null."""
        return Point(1, 2) if there else None

    @get("/page", status=203)
    async def page(self) -> Page[Page[Scalars | None]]:
        """Answer pages of pages."""
        return Page([Page([None], 1)], 1)

    @post("/accepted", status=202)
    async def accepted(self) -> Response[None]:
        """Answer with a header alone."""
        return Response(None, status=202, headers={"Location": "/answers/nothing"})

    @get("/now", extra={"x-internal": True, "externalDocs": {"url": "https://example.com/now"}})
    async def now(self) -> datetime:
        """Answer a moment."""
        return datetime.now(UTC)

    @route("/methods", methods=("GET", "PUT"))
    async def methods(self) -> str:
        """Answer two methods."""
        return "both"

    @head("/head")
    async def head(self) -> None:
        """Answer HEAD."""

    @options("/options")
    async def options(self) -> None:
        """Answer OPTIONS."""

    @get("/generic")
    async def generic(self) -> Named[Named[Colour | None]]:
        """Answer a generic in itself."""
        return Named("outer", Named("inner", Colour.RED))

    @get("/people", examples={"ada": [Person("Ada", {"street": "S", "city": "C"}, ["A"])]})
    async def people(self) -> list[Person]:
        """Answer dataclasses.

        Returns:
            Everybody.
        """
        return [Person("Ada", {"street": "S", "city": "C"})]

    @get("/keys")
    async def keys(self) -> dict[Level, Decimal]:
        """Answer a mapping with numbers for keys."""
        return {Level.LOW: Decimal("1.50")}

    @get("/headers", response_headers=Totals)
    async def headers(self) -> Response[list[int]]:
        """Answer typed headers and cookies of both kinds."""
        cookies = [SetCookie(name="a", value="1", max_age=60, samesite="Strict"), SetCookie.deletion("b")]
        return Response([1], headers=Totals(1, datetime(2026, 1, 1, tzinfo=UTC), ["x", "y"]), cookies=cookies)

    @get("/union")
    async def union(self, which: Annotated[int, Meta(ge=0, le=3)] = 0) -> int | str | list[int] | None:
        """Answer one of several types."""
        found: tuple[int | str | list[int] | None, ...] = (1, "text", [1], None)
        return found[which]


class Refused(HTTPError, status=451, title="Refused"):
    """Somebody does not want it."""

    by: str
    colours: tuple[Colour, ...] = ()
    since: date | None = None


class ErrorController(Controller):
    """Errors of many statuses."""

    path = "/errors"
    tags = ("errors",)

    @get("/{which}", raises=(Gone, Refused, TooManyRequests, ServiceUnavailable))
    async def error(self, which: Small) -> int:
        """Answer an error, or the number."""
        errors: dict[int, Exception] = {
            0: Refused("No", by="us", colours=(Colour.RED,)),
            1: TooManyRequests("Later", headers={"Retry-After": "1"}),
            2: web.HTTPGone(text="It was given away"),
        }
        if which in errors:
            raise errors[which]
        return which
