"""The pages of orders, with a live feed."""

from typing import Annotated

from msgspec import Meta, Struct

from app_template.fields import Quantity, Sku
from app_template.orders.errors import OutOfStock
from app_template.orders.feed import topic_for
from app_template.orders.payloads import NewOrder, NewOrderLine, Order, OrderId
from app_template.orders.service import OrderService
from app_template.pages.layout import TEMPLATES, Layout, PageContext
from app_template.pages.signed_in import signed_in, user_of
from app_template.pages.visit import Visit
from framework import Controller, Event, EventStream, Form, Query, Request, get, post
from framework.caching import Preconditions
from framework.channels import Channels, LastEventID
from framework.middleware import Session
from framework.pagination import Page, Paging
from framework.responses import Redirect, see_other
from framework.security import public
from framework.templating import flash

__all__ = ("OrderPages",)


class OrdersPage(PageContext, kw_only=True):
    """The names of orders.html."""

    page: Page[Order]


class OrderItem(Struct):
    """The names of order_item.html."""

    order: Order
    visitor: Visit


class OrderForm(Struct, frozen=True):
    """The form beside a product."""

    sku: Sku
    quantity: Quantity


class OrderHTML(Struct):
    """An order as the feed sends it."""

    html: Annotated[str, Meta(description="An element of the list of orders.")]


_ORDERS = TEMPLATES.page("orders.html", OrdersPage)
_ITEM = TEMPLATES.page("order_item.html", OrderItem)


@public
class OrderPages(Controller):
    """Places, shows and cancels the orders of the user."""

    path = "/orders"
    guards = (signed_in,)
    in_document = False

    def __init__(self, orders: OrderService, session: Session[Visit]) -> None:
        self._orders = orders
        self._session = session

    @get(media_type="text/html")
    async def search(self, layout: Layout, paging: Annotated[Paging, Query()]) -> str:
        """Show a page of the orders."""
        user = user_of(self._session)
        page = await self._orders.search(user, paging)
        return layout.render(_ORDERS, OrdersPage, "All orders" if user.is_staff else "My orders", page=page)

    @post()
    async def place(self, form: Annotated[OrderForm, Form()]) -> Redirect:
        """Order some pieces of a product."""
        new = NewOrder([NewOrderLine(form.sku, form.quantity)])
        try:
            order = await self._orders.place(user_of(self._session), new)
        except OutOfStock as error:
            flash(self._session, f"{error.detail}; nothing was ordered.", "error")
            return see_other("/")
        flash(self._session, f"Thank you. Your order {order.id} is placed.", "success")
        return see_other("/orders")

    @post("/{order_id}/cancel")
    async def cancel(self, order_id: OrderId, preconditions: Preconditions) -> Redirect:
        """Cancel an order."""
        order = await self._orders.cancel(user_of(self._session), order_id, preconditions)
        flash(self._session, f"Order {order.id} is cancelled.")
        return see_other("/orders")

    @get("/feed")
    async def feed(
        self, request: Request, channels: Channels, last: LastEventID = None
    ) -> EventStream[Event[OrderHTML]]:
        """Send new orders as they are placed."""
        visitor = self._session.value

        def render(order: Order) -> OrderHTML:
            return OrderHTML(_ITEM.render(request, OrderItem(order, visitor)))

        return channels.events(topic_for(user_of(self._session)), after=last, event="order", make=render)
