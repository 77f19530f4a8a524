"""The operations of the shop on orders."""

import logging

import msgspec
from framework.http_errors import FieldError, UnprocessableContent
from framework.jobs import JobQueue
from framework.pagination import Page, Paging

from shop.accounts.tokens import User
from shop.orders.errors import OrderNotFound, OutOfStock
from shop.orders.feed import OrderFeed
from shop.orders.mails import OrderMails
from shop.orders.payloads import NewOrder, Order
from shop.orders.repository import OrderRepository
from shop.orders.row import OrderRow
from shop.products.repository import ProductRepository

LOGGER = logging.getLogger(__name__)


class OrderService:
    """Places and shows orders."""

    def __init__(self, orders: OrderRepository, products: ProductRepository, feed: OrderFeed, queue: JobQueue) -> None:
        self._orders = orders
        self._products = products
        self._feed = feed
        self._queue = queue

    async def search(self, user: User, paging: Paging) -> Page[Order]:
        """Return a page of the orders that the user may see."""
        account_id = None if user.is_staff else user.id
        items = [to_order(row) for row in await self._orders.search(paging, account_id)]
        return paging.page(items, total=await self._orders.count(account_id))

    async def get(self, user: User, order_id: int) -> Order:
        """Return an order. Raises OrderNotFound, also if it belongs to another user."""
        row = await self._orders.find(order_id)
        if row is None or not (user.is_staff or row.account_id == user.id):
            raise OrderNotFound(order_id=order_id)
        return to_order(row)

    async def place(self, user: User, new: NewOrder) -> Order:
        """Sell all pieces of an order or none. Raises OutOfStock and UnprocessableContent.

        The mail to the customer is part of the transaction: it is sent if the order is committed, and only then.
        """
        if await self._products.find(new.sku) is None:
            unknown = FieldError("body", "/sku", "value", "Expected the SKU of a product")
            raise UnprocessableContent("1 error in the request", errors=[unknown])
        price = await self._products.take(new.sku, new.quantity)
        if price is None:
            available = await self._products.stock(new.sku)
            raise OutOfStock(f"Only {available} left", sku=new.sku, ordered=new.quantity, available=available)
        total = new.quantity * price
        row = OrderRow(account_id=user.id, sku=new.sku, quantity=new.quantity, total_cents=total)
        await self._orders.add(row)
        await self._queue.add(OrderMails.confirm, order_id=row.id)
        LOGGER.info("Order %d comes to %d cents", row.id, total)
        order = to_order(row)
        await self._feed.announce(user, order)
        return order


def to_order(row: OrderRow) -> Order:
    """Return an order as it is sent."""
    return msgspec.convert(row, Order, from_attributes=True)
