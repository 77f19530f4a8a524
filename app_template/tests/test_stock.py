"""No order sells what is not there, and none is half done."""

import asyncio

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.orders.repository import OrderRepository
from app_template.orders.row import OrderRow
from app_template.settings import Settings
from app_template.tests.shop import ShopClient, add_product, place, read, stock_of
from framework import App, Container


class BrokenOrders(OrderRepository):
    """Crashes after it has written."""

    async def add(self, order: OrderRow) -> None:
        """Insert the order and crash."""
        await super().add(order)
        raise RuntimeError("the disk is on fire")


async def test_out_of_stock_changes_nothing(client: ShopClient) -> None:
    """The lines that could have been sold are not sold either."""
    status, problem = await place(client, MUG_1=5, POT_1=4)

    assert status == 409
    assert problem == {
        "type": "about:blank",
        "title": "Out of stock",
        "status": 409,
        "detail": "Only 3 left",
        "instance": "/orders",
        "sku": "POT-1",
        "ordered": 4,
        "available": 3,
    }
    assert await stock_of(client, "MUG-1") == 100
    assert (await read(client, "/orders"))["total"] == 0


async def test_a_crash_rolls_back(
    app: App, container: Container, aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A crash after the order was written leaves neither the order nor the stock changed."""
    with container.override(OrderRepository, BrokenOrders):
        client = await aiohttp_client(app.build())

    status, problem = await place(client, MUG_1=5)

    assert status == 500
    assert problem == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "instance": "/orders",
    }
    assert "the disk is on fire" in caplog.text
    assert await stock_of(client, "MUG-1") == 100
    assert (await read(client, "/orders"))["total"] == 0


async def test_fifty_orders_at_once_sell_ten_pieces(settings: Settings, aiohttp_client: AiohttpClient) -> None:
    """Two workers start over one new database at the same moment, and sell exactly what there is."""
    builds = [create_app(settings, create_container(settings)).build() for _ in range(2)]
    clients = await asyncio.gather(*map(aiohttp_client, builds))
    await add_product(clients[0], "LAMP-1", stock=10)

    answers = await asyncio.gather(*(place(clients[number % 2], LAMP_1=1) for number in range(50)))

    statuses = [status for status, _ in answers]
    assert (statuses.count(201), statuses.count(409)) == (10, 40)
    assert await stock_of(clients[1], "LAMP-1") == 0
    assert (await read(clients[0], "/orders"))["total"] == 10


async def test_cancelled_at_once_by_many_the_stock_returns_once(client: ShopClient) -> None:
    """Of twenty cancellations of one order only one puts the pieces back."""
    await place(client, POT_1=3)

    responses = await asyncio.gather(*(client.post("/orders/1/cancel") for _ in range(20)))

    assert {response.status for response in responses} == {200}
    assert await stock_of(client, "POT-1") == 3
