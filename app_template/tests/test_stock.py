"""No order exceeds the stock, and none is stored in part."""

import asyncio

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.orders.repository import OrderRepository
from app_template.orders.row import OrderRow
from app_template.settings import Settings
from app_template.tests.shop import ADA, BOTH_DATABASES, SAM, ShopClient, add_product, login, place, read, stock_of
from framework import App, Container

pytestmark = BOTH_DATABASES


class BrokenOrders(OrderRepository):
    """A repository that fails after it has written an order."""

    async def add(self, order: OrderRow) -> None:
        """Insert the order and raise an exception."""
        await super().add(order)
        raise RuntimeError("the disk is on fire")


async def test_out_of_stock_changes_nothing(client: ShopClient) -> None:
    """If one line cannot be sold, no line is sold."""
    status, problem = await place(client, MUG_1=5, POT_1=4)

    assert status == 409
    assert problem == {
        "type": "about:blank",
        "title": "Out of stock",
        "status": 409,
        "detail": "Only 3 left",
        "instance": "/api/orders",
        "request_id": "place",
        "sku": "POT-1",
        "ordered": 4,
        "available": 3,
    }
    assert await stock_of(client, "MUG-1") == 100
    assert (await read(client, "/api/orders"))["total"] == 0


async def test_an_unhandled_exception_rolls_back(
    app: App, container: Container, settings: Settings, aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    """An unhandled exception after the order was written changes neither orders nor stock."""
    with container.override(OrderRepository, BrokenOrders):
        client = await aiohttp_client(app.build(), headers=login(settings, ADA))

    status, problem = await place(client, MUG_1=5)

    assert status == 500
    assert problem == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "instance": "/api/orders",
        "request_id": "place",
    }
    assert "the disk is on fire" in caplog.text
    assert await stock_of(client, "MUG-1") == 100
    assert (await read(client, "/api/orders"))["total"] == 0


async def test_two_hundred_orders_at_once_sell_fifty_pieces(settings: Settings, aiohttp_client: AiohttpClient) -> None:
    """Two applications share one database, and sell exactly the stock."""
    builds = [create_app(settings, create_container(settings)).build() for _ in range(2)]
    clients = [await aiohttp_client(app, headers=login(settings, SAM)) for app in builds]
    await add_product(clients[0], "LAMP-1", stock=50)

    results = await asyncio.gather(*(place(clients[number % 2], LAMP_1=1) for number in range(200)))

    statuses = [status for status, _ in results]
    assert (statuses.count(201), statuses.count(409)) == (50, 150)
    assert await stock_of(clients[1], "LAMP-1") == 0
    assert (await read(clients[0], "/api/orders"))["total"] == 50


async def test_cancelled_at_once_by_many_the_stock_returns_once(client: ShopClient) -> None:
    """Only one of twenty cancellations of an order returns the pieces to the stock."""
    await place(client, POT_1=3)

    responses = await asyncio.gather(*(client.post("/api/orders/1/cancel") for _ in range(20)))

    assert {response.status for response in responses} == {200}
    assert await stock_of(client, "POT-1") == 3
