import asyncio
from collections import Counter

import pytest
from framework.pagination import Paging
from framework.testing import PROVIDED, AppClient, ProblemError

from shop.orders.controller import OrderController
from shop.orders.payloads import NewOrder, Order
from shop.products.controller import ProductController


async def stock_of(client: AppClient, sku: str) -> int:
    """Return the number of pieces in stock."""
    return (await client.call(ProductController.show, sku=sku)).stock


async def test_an_order_is_placed_and_read_back(client: AppClient) -> None:
    """The response is a 201, and its Location is the URL of the order."""
    reply = await client.send(OrderController.create, user=PROVIDED, order=NewOrder("MUG-1", 2))

    assert (reply.status, reply.headers["Location"]) == (201, "/orders/1")
    assert await client.call(OrderController.show, user=PROVIDED, order_id=1) == Order(1, "MUG-1", 2, 2500)
    assert await stock_of(client, "MUG-1") == 98


async def test_an_order_above_the_stock_changes_nothing(client: AppClient) -> None:
    """The response is a 409 with what is available."""
    with pytest.raises(ProblemError, match="Only 3 left") as caught:
        await client.call(OrderController.create, user=PROVIDED, order=NewOrder("POT-1", 4))

    problem = caught.value.problem
    assert (problem["title"], problem["ordered"], problem["available"]) == ("Out of stock", 4, 3)
    assert await stock_of(client, "POT-1") == 3


async def test_concurrent_orders_never_exceed_the_stock(client: AppClient) -> None:
    """Of fifty orders of one teapot, three are placed, because there are three."""
    orders = [client.send(OrderController.create, user=PROVIDED, order=NewOrder("POT-1", 1)) for _ in range(50)]

    replies = await asyncio.gather(*orders)

    assert Counter(reply.status for reply in replies) == {201: 3, 409: 47}
    assert await stock_of(client, "POT-1") == 0


async def test_an_unknown_product_is_a_validation_error(client: AppClient) -> None:
    """It has the format of all other validation errors."""
    with pytest.raises(ProblemError) as caught:
        await client.call(OrderController.create, user=PROVIDED, order=NewOrder("CUP-1", 1))

    assert caught.value.status == 422
    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/sku", "value")]


async def test_customers_see_their_own_orders_and_the_staff_sees_all(client: AppClient, staff: AppClient) -> None:
    """The order of another user does not exist for a customer."""
    await staff.call(OrderController.create, user=PROVIDED, order=NewOrder("MUG-1", 1))

    with pytest.raises(ProblemError, match="Order not found"):
        await client.call(OrderController.show, user=PROVIDED, order_id=1)

    mine = await client.call(OrderController.search, user=PROVIDED, paging=Paging())
    all_orders = await staff.call(OrderController.search, user=PROVIDED, paging=Paging())
    assert (mine.total, all_orders.total) == (0, 1)
