"""Partial updates: what a patch takes, what it changes, and what stands in the document."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import pytest
from aiohttp.test_utils import TestServer
from msgspec import Meta, Struct

from framework import App, Controller, get, patch
from framework.merge_patch import Patch
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, fault, invalid

T = TypeVar("T")


class Address(Struct, frozen=True):
    """Where somebody lives."""

    city: str
    zip: Annotated[str, Meta(min_length=3)]


class Customer(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What is changed."""

    first_name: Annotated[str, Meta(min_length=1)]
    note: str | None = "a note"
    address: Address | None = None
    home: Address = Address("Rome", "00100")
    tags: Annotated[dict[str, int], Meta(max_length=2)] = {}
    depths: dict[str, dict[str, int]] = {}
    friends: list[Address] = []
    referrer: "Customer | None" = None
    changes: int = 0
    anything: Any = None

    def __post_init__(self) -> None:
        if self.first_name == self.note:
            raise ValueError("The note is the name")


@dataclass
class Product:
    """A dataclass is patched as well."""

    sku: str
    price: int
    parts: list[str] = field(default_factory=list)
    discontinued: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.price < 0:
            raise ValueError("The price is negative")


class Cat(Struct, tag="cat", frozen=True):
    """A tagged one."""

    lives: int


KEPT = Customer(first_name="Ada", tags={"a": 1, "b": 2}, depths={"x": {"y": 1}}, anything={"k": {"l": 1}})


class CustomerController(Controller):
    """Changes what is kept."""

    @patch("/customer")
    async def change(self, change: Patch[Customer]) -> Customer:
        """Change a copy."""
        return change.apply_to(KEPT)

    @patch("/changes")
    async def tell(self, change: Patch[Customer]) -> dict[str, Any]:
        """Return what was given."""
        return change.changes()

    @patch("/product")
    async def product(self, change: Patch[Product]) -> Product:
        """Change a dataclass."""
        return change.apply_to(Product("A", 3))

    @patch("/cat")
    async def cat(self, change: Patch[Cat]) -> Cat:
        """Change a tagged Struct."""
        return change.apply_to(Cat(9))


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the controller."""
    return await serve(app_of(CustomerController))


BEFORE: dict[str, Any] = {
    "firstName": "Ada", "note": "a note", "address": None, "home": {"city": "Rome", "zip": "00100"},
    "tags": {"a": 1, "b": 2}, "depths": {"x": {"y": 1}}, "friends": [], "referrer": None, "changes": 0,
    "anything": {"k": {"l": 1}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({}, {}),
        ({"note": None}, {"note": None}),
        ({"firstName": "Bob", "changes": 3}, {"firstName": "Bob", "changes": 3}),
        ({"home": {"city": "Pisa"}}, {"home": {"city": "Pisa", "zip": "00100"}}),
        ({"address": {"city": "Pisa", "zip": "567"}}, {"address": {"city": "Pisa", "zip": "567"}}),
        ({"tags": {"a": None, "c": 3}}, {"tags": {"b": 2, "c": 3}}),
        ({"tags": {"a": None, "gone": None}}, {"tags": {"b": 2}}),
        ({"depths": {"x": {"z": 2, "y": None}}}, {"depths": {"x": {"z": 2}}}),
        ({"friends": [{"city": "A", "zip": "123"}]}, {"friends": [{"city": "A", "zip": "123"}]}),
        ({"anything": {"k": {"m": 2}, "n": None}}, {"anything": {"k": {"l": 1, "m": 2}}}),
        ({"anything": [1]}, {"anything": [1]}),
        (
            {"referrer": {"firstName": "Eve", "referrer": None}},
            {"referrer": {**BEFORE, "firstName": "Eve", "tags": {}, "depths": {}, "anything": None}},
        ),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json"])
async def test_what_is_given_is_merged(server: TestServer, sent: Any, changed: Any, media_type: str) -> None:
    """What is left out stays; null, nested objects, mappings and lists are merged as RFC 7396 has it."""
    answer = await ask(server, "PATCH", "/customer", body=sent, headers={"Content-Type": media_type})
    assert answer.json == {**BEFORE, **changed}


@pytest.mark.parametrize(
    ("sent", "faults"),
    [
        ({"firstName": None}, [fault("body", "/firstName", "type", "Expected `str`, got `null`")]),
        ({"firstName": ""}, [fault("body", "/firstName", "constraint", "Expected `str` of length >= 1")]),
        ({"first_name": "x"}, [fault("body", "/first_name", "unknown", "Unknown field")]),
        ({"home": None}, [fault("body", "/home", "type", "Expected `object`, got `null`")]),
        ({"home": {"zip": "1"}}, [fault("body", "/home/zip", "constraint", "Expected `str` of length >= 3")]),
        ({"friends": [{"city": "A"}]}, [fault("body", "/friends/0/zip", "missing", "Field required")]),
        ({"note": "Ada"}, [fault("body", "", "value", "The note is the name")]),
        (
            {"address": {"city": "x"}, "tags": {"c": 1}, "referrer": {}},
            [
                fault("body", "/address/zip", "missing", "Field required"),
                fault("body", "/tags", "constraint", "Expected `object` of length <= 2"),
                fault("body", "/referrer/firstName", "missing", "Field required"),
            ],
        ),
    ],
)
async def test_what_does_not_fit_is_told(server: TestServer, sent: Any, faults: list[Any]) -> None:
    """Constraints hold for what is sent, and for what comes out."""
    answer = await ask(server, "PATCH", "/customer", body=sent)
    assert answer.problem == invalid("/customer", *faults)


async def test_the_changes_alone(server: TestServer) -> None:
    """By the names of the fields, nested ones as dictionaries."""
    sent = {"firstName": "B", "home": {"city": "P"}, "note": None, "changes": 2}
    answer = await ask(server, "PATCH", "/changes", body=sent)
    assert answer.json == {"first_name": "B", "home": {"city": "P"}, "note": None, "changes": 2}


async def test_a_dataclass(server: TestServer) -> None:
    """It is replaced, so that its __post_init__ runs."""
    assert (await ask(server, "PATCH", "/product", body={"price": 5})).json == {"sku": "A", "price": 5, "parts": []}
    answer = await ask(server, "PATCH", "/product", body={"price": -5})
    assert answer.problem == invalid("/product", fault("body", "", "value", "The price is negative"))


async def test_a_tag_may_be_sent(server: TestServer) -> None:
    """It changes nothing, and must be the right one."""
    assert (await ask(server, "PATCH", "/cat", body={"type": "cat", "lives": 8})).json == {"type": "cat", "lives": 8}
    assert (await ask(server, "PATCH", "/cat", body={"lives": 7})).json == {"type": "cat", "lives": 7}
    assert (await ask(server, "PATCH", "/cat", body={"type": "dog"})).status == 422


async def test_in_a_generic_controller(serve: Serve) -> None:
    """Patch[T] is the patch of what T turns out to be."""

    class Crud(Controller, Generic[T]):
        kept: T

        @patch()
        async def change(self, change: Patch[T]) -> dict[str, Any]:
            """Return what was given."""
            return change.changes()

    class Products(Crud[Product]):
        path = "/products"

    server = await serve(app_of(Products))
    assert (await ask(server, "PATCH", "/products", body={"price": 1})).json == {"price": 1}
    assert (await ask(server, "PATCH", "/products", body={"price": "1"})).status == 422


def test_a_patch_is_for_its_own_type() -> None:
    """A patch of one type cannot be applied to another."""
    change: Any = Patch[Product]()
    with pytest.raises(TypeError, match=r"Patch\[Product\] cannot be applied to a Cat"):
        change.apply_to(Cat(9))


async def test_in_the_document(serve: Serve) -> None:
    """A component of its own with nothing required, under both media types."""

    class Customers(Controller):
        @get("/customer")
        async def show(self) -> Address:
            return KEPT.home

        @patch("/customer")
        async def change(self, change: Patch[Address]) -> Address:
            return change.apply_to(KEPT.home)

    server = await serve(App([Customers]))
    document = (await ask(server, "GET", "/openapi.json")).json
    schema = {"schema": {"$ref": "#/components/schemas/PatchOfAddress"}}
    assert document["paths"]["/customer"]["patch"]["requestBody"] == {
        "content": dict.fromkeys(("application/json", "application/msgpack", "application/merge-patch+json"), schema),
        "required": True,
    }
    assert document["components"]["schemas"]["PatchOfAddress"] == {
        "type": "object",
        "description": "Changes of Address: what is left out stays as it is (RFC 7396).",
        "properties": {"city": {"type": "string"}, "zip": {"type": "string", "minLength": 3}},
    }
