"""The operations of the shop on orders."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from app_template.accounts.tokens import User
from app_template.orders.errors import OrderNotFound, OutOfStock
from app_template.orders.feed import OrderFeed
from app_template.orders.mails import OrderMails
from app_template.orders.payloads import NewOrder, NewOrderLine, Order
from app_template.orders.repository import OrderRepository
from app_template.orders.row import OrderLineRow, OrderRow
from app_template.orders.status import OrderStatus
from app_template.products.repository import ProductRepository
from framework.caching import Preconditions
from framework.http_errors import FieldError, UnprocessableContent
from framework.jobs import JobQueue
from framework.pagination import Page, Paging

__all__ = ("OrderService", "tag_of", "to_order")

_LOGGER = logging.getLogger(__name__)


class OrderService:
    """Places and cancels orders. Stock is always changed in the order of SKUs, so that orders cannot deadlock."""

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
        """Return an order. Raises OrderNotFound, also if it belongs to somebody else."""
        return to_order(await self._find(user, order_id))

    async def place(self, user: User, new: NewOrder) -> Order:
        """Sell all lines of an order or none. Raises OutOfStock and UnprocessableContent.

        The mail to the customer is part of the transaction: it is sent if the order is committed, and only then.
        """
        await self._check_skus(new.lines)
        row = OrderRow(
            account_id=user.id,
            status=OrderStatus.PLACED,
            placed_at=datetime.now(UTC),
            lines=[await self._sell(line) for line in sorted(new.lines, key=lambda line: line.sku)],
        )
        await self._orders.add(row)
        await self._queue.add(OrderMails.confirm, order_id=row.id)
        _LOGGER.info("Order %d comes to %d cents", row.id, row.total_cents)
        order = to_order(row)
        await self._feed.announce(user, order)
        return order

    async def cancel(self, user: User, order_id: int, preconditions: Preconditions) -> Order:
        """Cancel an order and return its pieces, at most once. Raises OrderNotFound and PreconditionFailed."""
        row = await self._find(user, order_id)
        preconditions.check(tag_of(to_order(row)))
        if await self._orders.cancel(order_id):
            for line in row.lines:
                await self._products.put_back(line.sku, line.quantity)
        return to_order(row)

    async def _find(self, user: User, order_id: int) -> OrderRow:
        row = await self._orders.find(order_id)
        if row is None or not (user.is_staff or row.account_id == user.id):
            raise OrderNotFound(order_id=order_id)
        return row

    async def _check_skus(self, lines: Sequence[NewOrderLine]) -> None:
        """Report unknown products in the format of all other validation errors."""
        unknown = await self._products.unknown(line.sku for line in lines)
        errors = [
            FieldError("body", f"/lines/{index}/sku", "value", "Expected the SKU of a product")
            for index, line in enumerate(lines)
            if line.sku in unknown
        ]
        if errors:
            count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
            raise UnprocessableContent(f"{count} in the request", errors=errors)

    async def _sell(self, line: NewOrderLine) -> OrderLineRow:
        price = await self._products.take(line.sku, line.quantity)
        if price is None:
            available = await self._products.stock(line.sku)
            raise OutOfStock(f"Only {available} left", sku=line.sku, ordered=line.quantity, available=available)
        return OrderLineRow(sku=line.sku, quantity=line.quantity, price_cents=price)


def tag_of(order: Order) -> str:
    """Return the entity tag of an order: nothing but its status ever changes."""
    return order.status.value


def to_order(row: OrderRow) -> Order:
    """Return an order as it is sent."""
    return msgspec.convert(row, Order, from_attributes=True)
