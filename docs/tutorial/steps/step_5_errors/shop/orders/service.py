"""The operations of the shop on orders."""

import logging

import msgspec
from framework.http_errors import FieldError, UnprocessableContent
from framework.pagination import Page, Paging

from shop.orders.errors import OrderNotFound, OutOfStock
from shop.orders.payloads import NewOrder, Order
from shop.orders.repository import OrderRepository
from shop.orders.row import OrderRow
from shop.products.repository import ProductRepository

LOGGER = logging.getLogger(__name__)


class OrderService:
    """Places and shows orders."""

    def __init__(self, orders: OrderRepository, products: ProductRepository) -> None:
        self._orders = orders
        self._products = products

    async def search(self, paging: Paging) -> Page[Order]:
        """Return a page of the orders."""
        items = [to_order(row) for row in await self._orders.search(paging)]
        return paging.page(items, total=await self._orders.count())

    async def get(self, order_id: int) -> Order:
        """Return an order. Raises OrderNotFound."""
        row = await self._orders.find(order_id)
        if row is None:
            raise OrderNotFound(order_id=order_id)
        return to_order(row)

    async def place(self, new: NewOrder) -> Order:
        """Sell all pieces of an order or none. Raises OutOfStock and UnprocessableContent."""
        if await self._products.find(new.sku) is None:
            unknown = FieldError("body", "/sku", "value", "Expected the SKU of a product")
            raise UnprocessableContent("1 error in the request", errors=[unknown])
        price = await self._products.take(new.sku, new.quantity)
        if price is None:
            available = await self._products.stock(new.sku)
            raise OutOfStock(f"Only {available} left", sku=new.sku, ordered=new.quantity, available=available)
        row = OrderRow(sku=new.sku, quantity=new.quantity, total_cents=new.quantity * price)
        await self._orders.add(row)
        LOGGER.info("Order %d comes to %d cents", row.id, row.total_cents)
        return to_order(row)


def to_order(row: OrderRow) -> Order:
    """Return an order as it is sent."""
    return msgspec.convert(row, Order, from_attributes=True)
