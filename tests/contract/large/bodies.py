"""Bodies that are values."""

from typing import Annotated, Any

from msgspec import Meta

from framework import Body, Controller, Query, delete, patch, post, put
from tests.contract.large.types import (
    Address,
    Circle,
    Collections,
    Colour,
    Frame,
    Moments,
    Name,
    PageQuery,
    Pair,
    Parcel,
    Person,
    Point,
    Scalars,
    Small,
    Square,
    Tree,
    Version1,
    Version2,
    Window,
)

__all__ = ("BodyController", "SeveralController")


_ADDRESSES = {"home": Address(street="S", city="C"), "away": {"street": "T", "city": "D"}}


class BodyController(Controller):
    """Bodies of every kind, which come back."""

    path = "/bodies"
    tags = ("bodies",)

    @post("/scalars", status=201)
    async def scalars(self, body: Scalars) -> Scalars:
        """Return the scalars."""
        return body

    @post("/collections")
    async def collections(self, body: Collections) -> Collections:
        """Return the collections."""
        return body

    @put("/moments")
    async def moments(self, body: Moments) -> Moments:
        """Return the moments."""
        return body

    @post("/trees")
    async def tree(self, body: Tree) -> Tree:
        """Return a tree."""
        return body

    @post("/shapes")
    async def shape(self, body: Circle | Square) -> Circle | Square:
        """Return one of two shapes."""
        return body

    @post("/versions")
    async def version(self, body: Version1 | Version2 | None = None) -> Version1 | Version2 | None:
        """Return a version, or null."""
        return body

    @post("/people")
    async def person(self, body: Person) -> Person:
        """Return a dataclass."""
        return body

    @post("/windows")
    async def window(self, body: Window) -> Window:
        """Return a dataclass with defaults."""
        return body

    @post("/frames")
    async def frame(self, body: Frame) -> Frame:
        """Return a dataclass with slots."""
        return body

    @post("/addresses")
    async def address(self, body: Address) -> Address:
        """Return a dictionary with known keys."""
        return body

    @post("/parcels")
    async def parcel(self, body: Parcel) -> Parcel:
        """Return a class of attrs."""
        return body

    @post("/points")
    async def points(self, body: list[Point]) -> dict[str, Point]:
        """Return points by their place."""
        return {str(number): one for number, one in enumerate(body)}

    @patch("/any")
    async def anything(self, body: Annotated[Any, Body()]) -> Any:
        """Return anything."""
        return body

    @delete("/numbers")
    async def numbers(self, body: Annotated[set[Small], Body(description="Without the ones that come twice.")]) -> int:
        """Return how many there are."""
        return len(body)

    @post("/both/{number}", body_limit=4_096, deprecated=True)
    async def both(self, number: Small, body: Pair, page: Annotated[PageQuery, Query()]) -> tuple[int, int, Pair]:
        """Return what came from three places."""
        return number, page.limit, body


class SeveralController(Controller):
    """Several values in one body."""

    path = "/several"
    tags = ("bodies",)

    @post("/values")
    async def values(
        self,
        person: Person,
        point: Point,
        note: Annotated[Name, Body(description="What else there is to say.")] = "none",
        colours: Annotated[list[Colour], Body()] = [],  # noqa: B006  copied
    ) -> tuple[Person, Point, str, int]:
        """Return what came under four keys."""
        return person, point, note, len(colours)

    @put("/embedded")
    async def embedded(self, parcel: Annotated[Parcel, Body(embed=True)]) -> Parcel:
        """Return what came under one key."""
        return parcel

    @post("/examples")
    async def examples(
        self,
        address: Annotated[Address, Body(examples=_ADDRESSES)],
    ) -> Address:
        """Return an address.

        Parameters
        ----------
        address
            Where somebody lives.
        """
        return address

    @post("/optional")
    async def optional(self, number: Annotated[Annotated[int, Meta(ge=0)] | None, Body()] = None) -> int | None:
        """Return a number, or null for none and for nothing."""
        return number
