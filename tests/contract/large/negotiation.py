"""Formats: what is read and answered by media types."""

from typing import Annotated

import msgspec
from msgspec import Struct

from framework import Body, Controller, Response, get, post
from framework.formats import MSGPACK, Format
from framework.http_errors import UnprocessableContent
from tests.contract.large.types import Name, Point, Scalars, Small

__all__ = ("YAML", "NegotiationController")

YAML = Format(
    media_type="application/yaml",
    suffix="+yaml",
    decoder=lambda annotation: lambda data: msgspec.yaml.decode(data, type=annotation),
    encoder=lambda _: msgspec.yaml.encode,
    parse=msgspec.yaml.decode,
)
"""A format of the app's own."""


class Row(Struct):
    """A line of a table."""

    name: Name
    number: Small = 0


class NegotiationController(Controller):
    """What the client accepts and sends."""

    path = "/formats"
    tags = ("formats",)

    @get("/rows")
    async def rows(self) -> list[Row]:
        """Return rows in all formats of the app."""
        return [Row("a", 1), Row("b")]

    @post("/rows", media_type=("application/yaml", "application/json"))
    async def add_rows(
        self, rows: Annotated[list[Row], Body(media_type=("application/json", "application/yaml"))]
    ) -> list[Row]:
        """Take and return rows in two of them."""
        return rows

    @post("/vendor", media_type=("application/vnd.everything+json", "application/json"))
    async def vendor(self, row: Annotated[Row, Body(media_type="application/vnd.everything+json")]) -> Response[Row]:
        """Take and return a type of our own."""
        return Response(row)

    @post("/packed", media_type=MSGPACK.media_type)
    async def packed(self, point: Annotated[Point, Body(media_type=MSGPACK.media_type)]) -> Point:
        """Take and return MessagePack alone."""
        return point

    @get("/page", media_type="text/html; charset=utf-8")
    async def page(self) -> str:
        """Return a page."""
        return "<!doctype html><title>Everything</title>"

    @get("/picture", media_type="image/png")
    async def picture(self) -> bytes:
        """Return a picture."""
        return b"\x89PNG\r\n\x1a\n"

    @get("/raw")
    async def raw(self) -> msgspec.Raw:
        """Return JSON that is written already."""
        return msgspec.Raw(b'{"ready":true}')

    @post("/scalars", raises=(UnprocessableContent,))
    async def scalars(self, scalars: Scalars | None = None) -> list[Scalars]:
        """Take nothing, or scalars, in any format."""
        return [] if scalars is None else [scalars]
