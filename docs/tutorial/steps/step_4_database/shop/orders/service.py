"""The operations of the shop on orders."""

import msgspec
from framework.http_errors import Conflict, NotFound
from framework.pagination import Page, Paging

from shop.orders.payloads import NewOrder, Order
from shop.orders.repository import OrderRepository
from shop.orders.row import OrderRow
from shop.products.repository import ProductRepository


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
        """Return an order. Raises NotFound."""
        row = await self._orders.find(order_id)
        if row is None:
            raise NotFound(f"There is no order {order_id}")
        return to_order(row)

    async def place(self, new: NewOrder) -> Order:
        """Sell all pieces of an order or none. Raises Conflict."""
        price = await self._products.take(new.sku, new.quantity)
        if price is None:
            raise Conflict(f"Only {await self._products.stock(new.sku)} left")
        row = OrderRow(sku=new.sku, quantity=new.quantity, total_cents=new.quantity * price)
        await self._orders.add(row)
        return to_order(row)


def to_order(row: OrderRow) -> Order:
    """Return an order as it is sent."""
    return msgspec.convert(row, Order, from_attributes=True)
