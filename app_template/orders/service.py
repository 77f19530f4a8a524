"""What the shop does with orders."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from app_template.orders.errors import OrderNotFound, OutOfStock
from app_template.orders.payloads import NewOrder, NewOrderLine, Order
from app_template.orders.repository import OrderRepository
from app_template.orders.row import OrderLineRow, OrderRow
from app_template.orders.status import OrderStatus
from app_template.products.repository import ProductRepository
from framework.http_errors import FieldError, UnprocessableContent
from framework.pagination import Page, Paging

__all__ = ("OrderService",)

_LOGGER = logging.getLogger(__name__)


class OrderService:
    """Places and cancels orders. Stock is always changed in the order of the SKUs, so that orders cannot deadlock."""

    def __init__(self, orders: OrderRepository, products: ProductRepository) -> None:
        self._orders = orders
        self._products = products

    async def search(self, paging: Paging) -> Page[Order]:
        """Return a page of the orders."""
        items = [_order(row) for row in await self._orders.search(paging)]
        return paging.page(items, total=await self._orders.count())

    async def get(self, order_id: int) -> Order:
        """Return an order; raises OrderNotFound."""
        return _order(await self._find(order_id))

    async def place(self, new: NewOrder) -> Order:
        """Sell what is ordered, all of it or nothing; raises OutOfStock and UnprocessableContent."""
        await self._check_skus(new.lines)
        row = OrderRow(
            customer=new.customer,
            status=OrderStatus.PLACED,
            placed_at=datetime.now(UTC),
            lines=[await self._sell(line) for line in sorted(new.lines, key=lambda line: line.sku)],
        )
        await self._orders.add(row)
        _LOGGER.info("Order %d comes to %d cents", row.id, row.total_cents)
        return _order(row)

    async def cancel(self, order_id: int) -> Order:
        """Cancel an order and put its pieces back; raises OrderNotFound. An order that is cancelled stays so."""
        cancelled_now = await self._orders.cancel(order_id)
        row = await self._find(order_id)
        if cancelled_now:
            for line in row.lines:
                await self._products.put_back(line.sku, line.quantity)
        return _order(row)

    async def _find(self, order_id: int) -> OrderRow:
        row = await self._orders.find(order_id)
        if row is None:
            raise OrderNotFound(order_id=order_id)
        return row

    async def _check_skus(self, lines: Sequence[NewOrderLine]) -> None:
        """Report unknown products in the shape of every other fault in a request."""
        unknown = await self._products.unknown(line.sku for line in lines)
        faults = [
            FieldError("body", f"/lines/{index}/sku", "value", "Expected the SKU of a product")
            for index, line in enumerate(lines)
            if line.sku in unknown
        ]
        if faults:
            count = "1 error" if len(faults) == 1 else f"{len(faults)} errors"
            raise UnprocessableContent(f"{count} in the request", errors=faults)

    async def _sell(self, line: NewOrderLine) -> OrderLineRow:
        price = await self._products.take(line.sku, line.quantity)
        if price is None:
            available = await self._products.stock(line.sku)
            raise OutOfStock(f"Only {available} left", sku=line.sku, ordered=line.quantity, available=available)
        return OrderLineRow(sku=line.sku, quantity=line.quantity, price_cents=price)


def _order(row: OrderRow) -> Order:
    return msgspec.convert(row, Order, from_attributes=True)
