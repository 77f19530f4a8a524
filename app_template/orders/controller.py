"""The orders over HTTP."""

from typing import Annotated

from app_template.orders.confirmation import confirm_order
from app_template.orders.errors import OrderNotFound, OutOfStock
from app_template.orders.payloads import NewOrder, Order, OrderId
from app_template.orders.service import OrderService
from framework import App, BackgroundTasks, Controller, Query, Response, get, post
from framework.pagination import Page, Paging

__all__ = ("OrderController",)


class OrderController(Controller):
    """Takes, shows and cancels orders."""

    path = "/orders"
    tags = ("orders",)

    def __init__(self, orders: OrderService, app: App) -> None:
        self._orders = orders
        self._app = app

    @get()
    async def search(self, paging: Annotated[Paging, Query()]) -> Page[Order]:
        """Return a page of the orders, the latest first."""
        return await self._orders.search(paging)

    @get("/{order_id}", raises=(OrderNotFound,))
    async def show(self, order_id: OrderId) -> Order:
        """Return one order."""
        return await self._orders.get(order_id)

    @post(status=201, raises=(OutOfStock,))
    async def create(self, order: NewOrder, tasks: BackgroundTasks) -> Response[Order]:
        """Place an order.

        All lines are sold at the prices of the moment, or none.
        """
        placed = await self._orders.place(order)
        tasks.add(confirm_order, placed.id)
        location = self._app.url_for(OrderController.show, order_id=placed.id)
        return Response(placed, status=201, headers={"Location": str(location)})

    @post("/{order_id}/cancel", raises=(OrderNotFound,))
    async def cancel(self, order_id: OrderId) -> Order:
        """Cancel an order and put its pieces back into the stock.

        Cancelling it again changes nothing.
        """
        return await self._orders.cancel(order_id)
