"""Links in the document, and the requests that the application sends: callbacks and webhooks."""

import datetime as dt
import uuid
from typing import Annotated, Any

import pytest
from msgspec import Struct
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Controller, Header, OpenAPI, Query, Response, Router, get, post, put
from framework.caching import Preconditions
from framework.openapi import Callback, Link, Webhook


class NewOrder(Struct):
    """What is wanted."""

    sku: str
    notify_url: str = ""


class Order(Struct):
    """An order."""

    id: int
    sku: str
    count: int = 1


class Taken(Struct):
    """What a partner answers."""

    reference: str
    note: str = ""


def document(*controllers: Any, settings: OpenAPI | None = None) -> dict[str, Any]:
    """Return the document of controllers, which the validator of the specification has read."""
    found = App(controllers, openapi=settings or OpenAPI()).document()
    OpenAPIV31SpecValidator(found).validate()
    return found


def links(found: dict[str, Any], path: str, method: str = "post", status: str = "201") -> Any:
    """Return the links of a successful answer."""
    return found["paths"][path][method]["responses"][status].get("links")


class Orders(Controller):
    """Keeps orders."""

    path = "/orders"

    @get("/{order_id}")
    async def show(self, order_id: int) -> Order:
        """Return an order."""
        raise NotImplementedError

    @put("/{order_id}")
    async def change(self, order_id: int, order: NewOrder, preconditions: Preconditions) -> None:
        """Change an order."""

    @get("/{order_id}/lines/{number}")
    async def line(
        self,
        order_id: int,
        number: int,
        size: Annotated[int, Query(name="page-size")] = 10,
        since: dt.date | None = None,
        tag: tuple[str, ...] = (),
        full: Annotated[bool, Query()] = False,  # noqa: FBT002  as a query has it
    ) -> None:
        """Return part of an order."""


def test_a_link_in_full() -> None:
    """It stands at the successful answer, with the operationId of its target, wherever that was declared."""

    class Shop(Controller):
        @post(
            "/shop",
            status=201,
            links={
                "order": Link(Orders.show, order_id="$response.body#/id", description="The order that was made."),
                "change": Link(
                    "Orders.change",
                    order_id="$response.body#/id",
                    parameters={"If-Match": "$response.header.ETag"},
                    request_body="$request.body",
                ),
                "again": Link("buy", request_body=NewOrder("A-1")),
            },
            response_headers=type("Tagged", (Struct,), {"__annotations__": {"etag": str}}),
        )
        async def buy(self, order: NewOrder) -> Response[Order]:
            """Order something."""
            raise NotImplementedError

    found = document(Shop, Orders)
    assert links(found, "/shop") == {
        "order": {
            "operationId": "Orders.show",
            "parameters": {"order_id": "$response.body#/id"},
            "description": "The order that was made.",
        },
        "change": {
            "operationId": "Orders.change",
            "parameters": {"If-Match": "$response.header.ETag", "order_id": "$response.body#/id"},
            "requestBody": "$request.body",
        },
        "again": {"operationId": "Shop.buy", "requestBody": {"sku": "A-1", "notify_url": ""}},
    }
    assert links(found, "/orders/{order_id}", "get", "200") is None


def test_parameters_and_their_values() -> None:
    """A parameter is named as on the wire or as in its handler; a constant is written as on the wire."""
    number = uuid.UUID("12345678-1234-5678-1234-567812345678")

    class Items(Controller):
        @get(
            "/items/{order_id}",
            links={
                "wire": Link(
                    Orders.line, parameters={"page-size": 20}, order_id="$request.path.order_id", number="$statusCode"
                ),
                "handler": Link(
                    Orders.line, order_id=1, number=2, size=3, since=dt.date(2026, 5, 4), tag="a", full=True
                ),
                "both": Link("both", parameters={"path.id": number, "query.id": "$url"}, x_tenant="a-{$method}"),
            },
        )
        async def search(self, order_id: int) -> None: ...

        @get("/both/{id}")
        async def both(
            self,
            id: uuid.UUID,  # noqa: A002  what is tested
            other: Annotated[str, Query(name="id")] = "",
            x_tenant: Annotated[str, Header()] = "",
        ) -> None: ...

    assert links(document(Items, Orders), "/items/{order_id}", "get", "204") == {
        "wire": {
            "operationId": "Orders.line",
            "parameters": {"page-size": "20", "order_id": "$request.path.order_id", "number": "$statusCode"},
        },
        "handler": {
            "operationId": "Orders.line",
            "parameters": {
                "order_id": "1",
                "number": "2",
                "page-size": "3",
                "since": "2026-05-04",
                "tag": "a",
                "full": "true",
            },
        },
        "both": {
            "operationId": "Items.both",
            "parameters": {"path.id": str(number), "query.id": "$url", "x-tenant": "a-{$method}"},
        },
    }


def test_placeholders_with_another_name_in_the_document() -> None:
    """Paths that differ in their placeholders' names alone have one spelling, and links follow it."""

    class Items(Controller):
        path = "/items"

        @get("/{a}", links={"drop": Link("drop", b="$request.path.a")})
        async def show(self, a: int, text: str = "") -> None: ...

        @post(
            "/{b}",
            links={"show": Link("show", a="{$request.path.b}", text="not $request.path.b")},
            callbacks={"done": Callback("https://a.example/{$request.path.b}?of={$request.query.bulk}")},
        )
        async def drop(self, b: int, bulk: int) -> None: ...

    found = document(Items)
    assert list(found["paths"]) == ["/items/{a}"]
    assert links(found, "/items/{a}", "get", "204") == {
        "drop": {"operationId": "Items.drop", "parameters": {"a": "$request.path.a"}}
    }
    assert links(found, "/items/{a}", "post", "204") == {
        "show": {"operationId": "Items.show", "parameters": {"a": "{$request.path.a}", "text": "not $request.path.b"}}
    }
    assert list(found["paths"]["/items/{a}"]["post"]["callbacks"]["done"]) == [
        "https://a.example/{$request.path.a}?of={$request.query.bulk}"
    ]


def test_ids_that_are_declared_or_told_apart() -> None:
    """A link has the id that its target has in this document, whoever gave it."""

    class Items(Controller):
        @get("/a", operation_id="list_a", links={"b": Link("b"), "c": Link("c", number=1)})
        async def a(self) -> None: ...

        @get("/b", links={"a": Link("a")}, extra={"operationId": "list_b"})
        async def b(self) -> None: ...

        @get("/c", "/c/{number}")
        async def c(self, number: int = 0) -> None: ...

    found = document(Items)
    assert links(found, "/a", "get", "204") == {
        "b": {"operationId": "list_b"},
        "c": {"operationId": "Items.c_c_number", "parameters": {"number": "1"}},
    }
    assert links(found, "/b", "get", "204") == {"a": {"operationId": "list_a"}}


def test_a_document_without_the_target() -> None:
    """It has no such link; one that has both routes has it."""

    class Shop(Controller):
        @post("/shop", links={"order": Link(Orders.show, order_id="$response.body#/id")})
        async def buy(self) -> Order:
            raise NotImplementedError

    app = App([Shop, Orders], openapi=[OpenAPI(include=("/shop",)), OpenAPI(path="/all.json", docs_path="/all")])
    public, everything = app.documents().values()
    OpenAPIV31SpecValidator(public).validate()
    assert links(public, "/shop", status="200") is None
    assert links(everything, "/shop", status="200") == {
        "order": {"operationId": "Orders.show", "parameters": {"order_id": "$response.body#/id"}}
    }


def test_what_extra_adds() -> None:
    """It is merged into what was declared, and a header that it declares can be read."""

    class Shop(Controller):
        @post(
            "/shop",
            links={"order": Link(Orders.show, order_id="$response.header.X-Number")},
            extra={
                "responses": {
                    200: {
                        "headers": {"X-Number": {"schema": int}},
                        "links": {"home": {"operationRef": "https://a.example/openapi.json#/paths/~1/get"}},
                    }
                },
                "callbacks": {"lost": {"$ref": "#/components/callbacks/lost"}},
            },
            callbacks={"made": Callback("https://a.example")},
        )
        async def buy(self) -> str:
            """Order something."""
            raise NotImplementedError

    operation = App([Shop, Orders]).document()["paths"]["/shop"]["post"]
    assert operation["responses"]["200"]["links"] == {
        "order": {"operationId": "Orders.show", "parameters": {"order_id": "$response.header.X-Number"}},
        "home": {"operationRef": "https://a.example/openapi.json#/paths/~1/get"},
    }
    assert operation["callbacks"] == {
        "made": {"https://a.example": {"post": {"responses": {"2XX": {"description": "It was accepted."}}}}},
        "lost": {"$ref": "#/components/callbacks/lost"},
    }


def test_below_routers() -> None:
    """A target is found by its full name and by the name in the own router."""

    class Shop(Controller):
        @get("/shop", links={"full": Link("v1.Orders.show", order_id=1), "near": Link("Orders.show", order_id=2)})
        async def index(self) -> None: ...

    found = document(Router("/v1", [Shop, Orders], name="v1"))
    assert links(found, "/v1/shop", "get", "204") == {
        "full": {"operationId": "v1.Orders.show", "parameters": {"order_id": "1"}},
        "near": {"operationId": "v1.Orders.show", "parameters": {"order_id": "2"}},
    }


def test_a_callback_in_full() -> None:
    """What is sent has the schemas of answers, and what is answered to it those of requests."""

    class Shop(Controller):
        @post(
            "/shop",
            callbacks={
                "ordered": Callback(
                    "{$request.body#/notify_url}?sku={$request.body#/sku}",
                    Order,
                    method="PUT",
                    status=200,
                    response=Taken,
                    summary="Tell of the order.",
                    description="Until it is *taken*.",
                ),
                "several": Callback("https://a.example", list[Order], status=599),
                "asked": Callback("{$response.body#/sku}", method="GET", response=dict[str, Taken]),
            },
        )
        async def buy(self, order: NewOrder) -> Order:
            """Order something."""
            raise NotImplementedError

    found = document(Shop)
    schemas = found["components"]["schemas"]
    assert found["paths"]["/shop"]["post"]["callbacks"] == {
        "ordered": {
            "{$request.body#/notify_url}?sku={$request.body#/sku}": {
                "put": {
                    "summary": "Tell of the order.",
                    "description": "Until it is *taken*.",
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                        "required": True,
                    },
                    "responses": {
                        "200": {
                            "description": "OK",
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}},
                        }
                    },
                }
            }
        },
        "several": {
            "https://a.example": {
                "post": {
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
                            }
                        },
                        "required": True,
                    },
                    "responses": {"599": {"description": "Status 599"}},
                }
            }
        },
        "asked": {
            "{$response.body#/sku}": {
                "get": {
                    "responses": {
                        "2XX": {
                            "description": "It was accepted.",
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "object",
                                        "additionalProperties": {"$ref": "#/components/schemas/Taken"},
                                    }
                                }
                            },
                        }
                    }
                }
            }
        },
    }
    assert schemas["Order"]["required"] == ["id", "sku", "count"]
    assert schemas["Taken"]["required"] == ["reference"]


def reference(node: Any) -> str:
    """Return the component that a JSON body has."""
    found: str = node["content"]["application/json"]["schema"]["$ref"]
    return found


RAW = {
    "callbacks": {
        "ordered": {
            "{$request.body#/notify_url}": {
                "summary": "Both ways",
                "parameters": [{"name": "X-Order", "in": "header", "schema": Order}],
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": Order}}},
                    "responses": {"200": {"description": "Taken", "content": {"application/json": {"schema": Order}}}},
                },
            }
        }
    }
}


@pytest.mark.parametrize(
    "declared",
    [
        {"callbacks": {"ordered": Callback("{$request.body#/notify_url}", Order, status=200, response=Order)}},
        {"extra": RAW},
    ],
)
def test_a_class_that_is_sent_and_read(declared: Any) -> None:
    """It has two schemas, also where the callback is written as OpenAPI has it."""

    class Shop(Controller):
        @post("/shop", **declared)
        async def buy(self, order: NewOrder) -> None: ...

    found = document(Shop)
    item = found["paths"]["/shop"]["post"]["callbacks"]["ordered"]["{$request.body#/notify_url}"]
    assert reference(item["post"]["requestBody"]) == "#/components/schemas/Order"
    assert reference(item["post"]["responses"]["200"]) == "#/components/schemas/OrderInput"
    assert [one["schema"] for one in item.get("parameters", ())] in (
        [],
        [{"$ref": "#/components/schemas/Order"}],
    )
    assert found["components"]["schemas"]["OrderInput"]["required"] == ["id", "sku"]


def test_webhooks_that_say_more() -> None:
    """They take what callbacks do, but a URL; a type alone is sent by POST."""
    settings = OpenAPI(
        webhooks={
            "ordered": Order,
            "changed": Webhook(Order, method="put", status=200, response=Order, description="At night."),
            "asked": Webhook(method="GET"),
            "counted": list[int],
        }
    )
    found = document(settings=settings)
    order = {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
        "required": True,
    }
    assert found["webhooks"] == {
        "ordered": {
            "post": {
                "summary": "An order.",
                "operationId": "webhooks.ordered",
                "requestBody": order,
                "responses": {"2XX": {"description": "It was accepted."}},
            }
        },
        "changed": {
            "put": {
                "summary": "An order.",
                "description": "At night.",
                "operationId": "webhooks.changed",
                "requestBody": order,
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OrderInput"}}},
                    }
                },
            }
        },
        "asked": {"get": {"operationId": "webhooks.asked", "responses": {"2XX": {"description": "It was accepted."}}}},
        "counted": {
            "post": {
                "operationId": "webhooks.counted",
                "requestBody": {
                    "content": {"application/json": {"schema": {"type": "array", "items": {"type": "integer"}}}},
                    "required": True,
                },
                "responses": {"2XX": {"description": "It was accepted."}},
            }
        },
    }
