"""Examples, words from docstrings, and schemas of what is read and what is answered."""

import dataclasses
import datetime as dt
from typing import Annotated, Any

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Body, Controller, OpenAPI, Query, get, post
from framework._document.schemas.docstrings import Docstring, parse
from framework.types import SecretStr


def document(*controllers: type[Controller], settings: OpenAPI | None = None) -> dict[str, Any]:
    """Return the document of controllers."""
    return App(controllers, openapi=settings or OpenAPI()).document()


class Line(Struct):
    """What is ordered."""

    sku: str
    count: int = 1


class Order(Struct):
    """An order."""

    lines: list[Line]
    at: dt.date = dt.date(2026, 1, 1)
    note: str | UnsetType = UNSET


class Small(Struct, omit_defaults=True):
    """What leaves out what is usual."""

    color: str = "red"


@dataclasses.dataclass
class Only:
    """What is answered alone."""

    number: int = 1


@dataclasses.dataclass
class Kept:
    """What is read and answered; what was absent from a request is absent from the answer."""

    number: int = 1
    labels: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Filled:
    """What is read and answered with all that it can hold."""

    number: int = 1


class Login(Struct):
    """Who comes in."""

    password: SecretStr


class Orders(Controller):
    """A controller with all of it."""

    path = "/orders"

    @post(examples={"written": Order([Line("A-1")]), "plain": {"lines": []}})
    async def create(self, order: Annotated[Order, Body(example=Order([Line("B-2", 2)]))]) -> Order:
        """Take an order.

        Args:
            order: What is wanted.

        Returns:
            The order as it was taken.
        """
        return order

    @get()
    async def search(
        self,
        size: Annotated[int, Query(examples={"few": 1, "many": 100})],
        after: Annotated[dt.date, Query(example=dt.date(2026, 2, 3), description="Said here.")],
        color: Annotated[str, Meta(description="Said in the type.", examples=["red"])] = "red",
    ) -> Only:
        """Search.

        :param size: How many.
        :param after: Not said here.
        :param color: Nor here.
        """
        return Only(size + after.day + len(color))

    @post("/small")
    async def small(self, small: Small) -> Small:
        """Answer what was sent."""
        return small

    @post("/kept")
    async def kept(self, kept: Kept) -> Kept:
        """Answer what was sent."""
        return kept

    @post("/filled")
    async def filled(self, filled: Filled) -> Filled:
        """Answer what was sent, and more."""
        return filled

    @post("/login")
    async def login(self, login: Login) -> None:
        """Come in."""


def test_examples_and_words() -> None:
    """Examples stand where OpenAPI has them, as JSON; a docstring describes what has no words of its own."""
    item = document(Orders)["paths"]["/orders"]
    line = {"sku": "B-2", "count": 2}
    reference = {"schema": {"$ref": "#/components/schemas/OrderInput"}}
    assert item["post"]["requestBody"] == {
        "description": "What is wanted.",
        "content": {
            media_type: {**reference, "example": {"lines": [line], "at": "2026-01-01"}}
            for media_type in ("application/json", "application/msgpack")
        },
        "required": True,
    }
    assert "description" not in item["post"]
    success = item["post"]["responses"]["200"]
    assert success["description"] == "The order as it was taken."
    assert success["content"]["application/json"]["examples"] == {
        "written": {"value": {"lines": [{"sku": "A-1", "count": 1}], "at": "2026-01-01"}},
        "plain": {"value": {"lines": []}},
    }
    assert item["get"]["parameters"] == [
        {
            "name": "size",
            "in": "query",
            "description": "How many.",
            "required": True,
            "examples": {"few": {"value": 1}, "many": {"value": 100}},
            "schema": {"type": "integer"},
        },
        {
            "name": "after",
            "in": "query",
            "description": "Said here.",
            "required": True,
            "example": "2026-02-03",
            "schema": {"type": "string", "format": "date"},
        },
        {
            "name": "color",
            "in": "query",
            "description": "Said in the type.",
            "schema": {"type": "string", "examples": ["red"], "default": "red"},
        },
    ]


def test_what_is_read_and_what_is_answered() -> None:
    """A field with a default may be absent when it is read, and is in every answer; two schemas where they differ."""
    schemas = document(Orders)["components"]["schemas"]
    assert {name: one.get("required") for name, one in schemas.items() if "Problem" not in name} == {
        "FieldError": ["location", "pointer", "code", "detail"],
        "Filled": ["number"],
        "FilledInput": None,
        "Kept": ["labels"],
        "KeptInput": None,
        "Line": ["sku", "count"],
        "LineInput": ["sku"],
        "Login": ["password"],
        "Only": ["number"],
        "Order": ["lines", "at"],
        "OrderInput": ["lines"],
        "Small": None,
    }
    assert schemas["Order"]["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/Line"}
    assert schemas["OrderInput"]["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/LineInput"}
    assert schemas["Login"]["properties"] == {"password": {"type": "string", "format": "password", "writeOnly": True}}


GOOGLE = """Return orders.

    All of them.

    Args:
        limit (int): How many
            at most.
        *tags: Which.

    Returns:
        The orders, newest
        first.

    Raises:
        KeyError: never.

    Note:
        Kept.
    """
NUMPY = """Return orders.

    All of them.

    Parameters
    ----------
    limit : int, optional
        How many
        at most.
    tags
        Which.

    Returns
    -------
    list
        The orders, newest
        first.

    Note
    ----
    Kept.
    """
SPHINX = """Return orders.

    All of them.

    :param int limit: How many
        at most.
    :param tags: Which.
    :type tags: str
    :returns: The orders, newest
        first.
    :raises KeyError: never.
    """


@pytest.mark.parametrize(
    ("doc", "left"),
    [
        (GOOGLE, "All of them.\n\nNote:\n    Kept."),
        (NUMPY, "All of them.\n\nNote\n----\nKept."),
        (SPHINX, "All of them."),
    ],
)
def test_docstrings(doc: str, left: str) -> None:
    """The sections of three styles are taken out; others are left as they are."""
    assert parse(doc) == Docstring(
        summary="Return orders.",
        description=left,
        parameters={"limit": "How many at most.", "tags": "Which."},
        returns="The orders, newest first.",
    )


@pytest.mark.parametrize("doc", ["Args: are nice.", "One.\n\nReturns:\n", "One.\n\n:note: two", "One.\n\nArgs\n"])
def test_what_is_no_section(doc: str) -> None:
    """What only looks like one is left."""
    found = parse(doc)
    assert (found.parameters, found.returns) == ({}, None)
    assert f"{found.summary}\n\n{found.description or ''}".strip() == doc.strip()


def test_webhooks() -> None:
    """What is told others stands beside the paths, with the schemas of answers."""
    found = document(settings=OpenAPI(webhooks={"orderPlaced": Order}))
    OpenAPIV31SpecValidator(found).validate()
    assert found["webhooks"] == {
        "orderPlaced": {
            "post": {
                "summary": "An order.",
                "operationId": "webhooks.orderPlaced",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    "required": True,
                },
                "responses": {"2XX": {"description": "It was accepted."}},
            }
        }
    }
    assert found["components"]["schemas"]["Order"]["required"] == ["lines", "at"]


class Documented(Struct):
    """Something with words.

    Attributes:
        first: Said above.
        second: Not used.
    """

    first: int
    second: int
    """Said below,
    on two lines."""
    third: Annotated[int, Meta(description="Said in the type.")]
    """Not used."""


def test_the_words_of_fields() -> None:
    """Meta counts first, then the text below the field, then the section of the class."""

    class Things(Controller):
        @get("/things")
        async def show(self) -> Documented:
            return Documented(1, 2, 3)

    schema = document(Things)["components"]["schemas"]["Documented"]
    assert schema["description"] == "Something with words."
    assert {name: one["description"] for name, one in schema["properties"].items()} == {
        "first": "Said above.",
        "second": "Said below,\non two lines.",
        "third": "Said in the type.",
    }
