"""The routes of orders."""

from typing import Annotated

from framework import App, Controller, Query, Response, get, post
from framework.http_errors import Conflict, NotFound
from framework.pagination import Page, Paging

from shop.fields import OrderId
from shop.orders.payloads import NewOrder, Order
from shop.orders.service import OrderService


class OrderController(Controller):
    """Places and shows orders."""

    path = "/orders"
    tags = ("orders",)

    def __init__(self, orders: OrderService, app: App) -> None:
        self._orders = orders
        self._app = app

    @get()
    async def search(self, paging: Annotated[Paging, Query()]) -> Page[Order]:
        """Return a page of the orders, latest first."""
        return await self._orders.search(paging)

    @get("/{order_id}", raises=(NotFound,))
    async def show(self, order_id: OrderId) -> Order:
        """Return one order."""
        return await self._orders.get(order_id)

    @post(status=201, raises=(Conflict,))
    async def create(self, order: NewOrder) -> Response[Order]:
        """Place an order."""
        placed = await self._orders.place(order)
        location = self._app.url_for(OrderController.show, order_id=placed.id)
        return Response(placed, status=201, headers={"Location": str(location)})
