"""Links and callbacks are what the document says: a client follows them, and gets what the application sends."""

import re
from typing import Annotated, Any

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from msgspec import Meta, Struct, to_builtins
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_aiohttp.plugin import AiohttpClient, AiohttpServer

from framework import App, BackgroundTasks, Container, Controller, HTTPError, get, post
from framework.openapi import Callback, Link
from framework.testing import check_contract


class NewOrder(Struct):
    """What is wanted."""

    sku: Annotated[str, Meta(max_length=20)]
    notify_url: str


class Order(Struct):
    """An order."""

    number: int
    sku: str


class Shipment(Struct):
    """Where an order is."""

    order: Order
    parcels: int = 1


class OrderNotFound(HTTPError, status=404, title="Order not found"):
    """There is no such order."""


class Warehouse:
    """Keeps the orders, and tells when one is sent."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    async def send(self, order: Order, url: str) -> None:
        """Send an order, and tell."""
        async with ClientSession() as session:
            await session.post(url, json=to_builtins(Shipment(order)))


async def tell(order: Order, url: str, warehouse: Warehouse) -> None:
    """Do it when the request is answered."""
    await warehouse.send(order, url)


class Orders(Controller):
    """Takes orders."""

    path = "/orders"

    @post(
        status=201,
        links={"order": Link("show", number="$response.body#/number", sku="$request.body#/sku")},
        callbacks={"shipped": Callback("{$request.body#/notify_url}", Shipment, status=204)},
    )
    async def create(self, order: NewOrder, warehouse: Warehouse, tasks: BackgroundTasks) -> Order:
        """Take an order."""
        made = Order(len(warehouse.orders) + 1, order.sku)
        warehouse.orders.append(made)
        if order.notify_url.startswith("http://127.0.0.1"):
            tasks.add(tell, made, order.notify_url)
        return made

    @get("/{number}", raises=(OrderNotFound,))
    async def show(self, number: int, warehouse: Warehouse, sku: str = "") -> Order:
        """Return an order; only one of a sku, if that is given."""
        for one in warehouse.orders:
            if one.number == number and sku in ("", one.sku):
                return one
        raise OrderNotFound


def shop() -> App:
    """Make the app."""
    container = Container()
    container.add_singleton(Warehouse)
    return App([Orders], container=container)


@pytest.fixture
async def partner(aiohttp_server: AiohttpServer) -> tuple[TestServer, list[Any]]:
    """Serve somebody who is told."""
    got: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.method, request.content_type, await request.json()))
        return web.Response(status=204)

    application = web.Application()
    application.router.add_route("*", "/told", take)
    return await aiohttp_server(application), got


def value_of(expression: str, sent: Any, got: Any) -> Any:
    """Return what an expression about two JSON bodies means."""
    found = re.fullmatch(r"\$(request|response)\.body#/(\w+)", expression)
    assert found is not None
    return (sent if found[1] == "request" else got)[found[2]]


async def test_a_client_follows_them(aiohttp_client: AiohttpClient, partner: tuple[TestServer, list[Any]]) -> None:
    """A client that knows nothing but the document finds the order, and is told of it where it asked for."""
    server, told = partner
    client = await aiohttp_client(shop().build())
    document = await (await client.get("/openapi.json")).json()
    OpenAPIV31SpecValidator(document).validate()
    create = document["paths"]["/orders"]["post"]
    assert create["responses"]["201"]["links"] == {
        "order": {
            "operationId": "Orders.show",
            "parameters": {"number": "$response.body#/number", "sku": "$request.body#/sku"},
        }
    }

    order = {"sku": "A-1", "notify_url": str(server.make_url("/told"))}
    for number in (1, 2):
        answer = await client.post("/orders", json=order)
        assert (answer.status, await answer.json()) == (201, {"number": number, "sku": "A-1"})

    link = create["responses"]["201"]["links"]["order"]
    made = await answer.json()
    values = {name: value_of(one, order, made) for name, one in link["parameters"].items()}
    paths = {one["get"]["operationId"]: path for path, one in document["paths"].items() if "get" in one}
    path = paths[link["operationId"]].replace("{number}", str(values["number"]))
    found = await client.get(path, params={"sku": values["sku"]})
    assert (found.status, await found.json()) == (200, {"number": 2, "sku": "A-1"})

    # Closing waits for what a request leaves behind.
    await client.close()
    assert sorted(one["order"]["number"] for _, _, one in told) == [1, 2]
    ((url, item),) = create["callbacks"]["shipped"].items()
    assert value_of(url.strip("{}"), order, made) == order["notify_url"]
    ((method, operation),) = item.items()
    ((media_type, content),) = operation["requestBody"]["content"].items()
    assert list(operation["responses"]) == ["204"]
    for sent in told:
        assert sent[:2] == (method.upper(), media_type)
        jsonschema.Draft202012Validator({**content["schema"], "components": document["components"]}).validate(sent[2])
    assert document["components"]["schemas"]["Shipment"]["required"] == ["order", "parcels"]


def test_the_contract_is_kept() -> None:
    """Generated requests work as without links and callbacks."""
    report = check_contract(shop(), examples=5, coverage=False, exclude_checks=("positive_data_acceptance",))
    assert report.cases > 5
