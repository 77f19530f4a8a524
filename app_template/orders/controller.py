"""The routes of orders."""

from typing import Annotated, TypeAlias

from app_template.accounts.login import LOGIN
from app_template.accounts.tokens import User
from app_template.orders.errors import OrderNotFound, OutOfStock
from app_template.orders.payloads import NewOrder, Order, OrderId
from app_template.orders.service import OrderService, tag_of
from framework import App, Controller, Query, Response, get, post
from framework.caching import Preconditions
from framework.pagination import Page, Paging

__all__ = ("OrderController",)

CurrentUser: TypeAlias = Annotated[User, LOGIN]


class OrderController(Controller):
    """Places, shows and cancels orders."""

    path = "/orders"
    tags = ("orders",)

    def __init__(self, orders: OrderService, app: App) -> None:
        self._orders = orders
        self._app = app

    @get()
    async def search(self, user: CurrentUser, paging: Annotated[Paging, Query()]) -> Page[Order]:
        """Return a page of the orders of the user, latest first. The staff sees the orders of all."""
        return await self._orders.search(user, paging)

    @get("/{order_id}", etag=tag_of, raises=(OrderNotFound,))
    async def show(self, user: CurrentUser, order_id: OrderId) -> Order:
        """Return one order."""
        return await self._orders.get(user, order_id)

    @post(status=201, raises=(OutOfStock,))
    async def create(self, user: CurrentUser, order: NewOrder) -> Response[Order]:
        """Place an order.

        Either all lines are sold at the current prices, or none. A request that is sent again with the same
        ``Idempotency-Key`` gets the same response, and nothing is sold twice.
        """
        placed = await self._orders.place(user, order)
        location = self._app.url_for(OrderController.show, order_id=placed.id)
        return Response(placed, status=201, headers={"Location": str(location)})

    @post("/{order_id}/cancel", raises=(OrderNotFound,))
    async def cancel(self, user: CurrentUser, order_id: OrderId, preconditions: Preconditions) -> Order:
        """Cancel an order and return its pieces to the stock.

        Cancelling it again changes nothing, unless ``If-Match`` has the ``ETag`` of the placed order.
        """
        return await self._orders.cancel(user, order_id, preconditions)
