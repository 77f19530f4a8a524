import asyncio
from collections import Counter

import pytest
from framework.testing import AppClient, ProblemError

from shop.orders.controller import OrderController
from shop.orders.payloads import NewOrder, Order
from shop.products.controller import ProductController


async def stock_of(client: AppClient, sku: str) -> int:
    """Return the number of pieces in stock."""
    return (await client.call(ProductController.show, sku=sku)).stock


async def test_an_order_is_placed_and_read_back(client: AppClient) -> None:
    """The response is a 201, and its Location is the URL of the order."""
    reply = await client.send(OrderController.create, order=NewOrder("MUG-1", 2))

    assert (reply.status, reply.headers["Location"]) == (201, "/orders/1")
    assert await client.call(OrderController.show, order_id=1) == Order(1, "MUG-1", 2, 2500)
    assert await stock_of(client, "MUG-1") == 98


async def test_an_order_above_the_stock_changes_nothing(client: AppClient) -> None:
    """The response is a 409."""
    with pytest.raises(ProblemError, match="Only 3 left") as caught:
        await client.call(OrderController.create, order=NewOrder("POT-1", 4))

    assert caught.value.status == 409
    assert await stock_of(client, "POT-1") == 3


async def test_concurrent_orders_never_exceed_the_stock(client: AppClient) -> None:
    """Of fifty orders of one teapot, three are placed, because there are three."""
    orders = [client.send(OrderController.create, order=NewOrder("POT-1", 1)) for _ in range(50)]

    replies = await asyncio.gather(*orders)

    assert Counter(reply.status for reply in replies) == {201: 3, 409: 47}
    assert await stock_of(client, "POT-1") == 0
