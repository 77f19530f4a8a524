"""The routes of orders."""

from typing import Annotated

from framework import App, Controller, Query, Response, get, post
from framework.pagination import Page, Paging

from shop.accounts.login import CurrentUser
from shop.fields import OrderId
from shop.orders.errors import OrderNotFound, OutOfStock
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
    async def search(self, user: CurrentUser, paging: Annotated[Paging, Query()]) -> Page[Order]:
        """Return a page of the orders of the user, latest first. The staff sees the orders of all."""
        return await self._orders.search(user, paging)

    @get("/{order_id}", raises=(OrderNotFound,))
    async def show(self, user: CurrentUser, order_id: OrderId) -> Order:
        """Return one order."""
        return await self._orders.get(user, order_id)

    @post(status=201, raises=(OutOfStock,))
    async def create(self, user: CurrentUser, order: NewOrder) -> Response[Order]:
        """Place an order."""
        placed = await self._orders.place(user, order)
        location = self._app.url_for(OrderController.show, order_id=placed.id)
        return Response(placed, status=201, headers={"Location": str(location)})
