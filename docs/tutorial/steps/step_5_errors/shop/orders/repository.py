"""Reads and writes orders."""

from collections.abc import Sequence

from framework.pagination import Paging
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.orders.row import OrderRow


class OrderRepository:
    """The orders in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, order_id: int) -> OrderRow | None:
        """Return an order, or None."""
        return await self._session.get(OrderRow, order_id)

    async def search(self, paging: Paging) -> Sequence[OrderRow]:
        """Return a page of the orders, latest first."""
        query = select(OrderRow).order_by(OrderRow.id.desc())
        return (await self._session.scalars(query.limit(paging.limit).offset(paging.offset))).all()

    async def count(self) -> int:
        """Return the number of orders."""
        query = select(func.count()).select_from(OrderRow)
        return await self._session.scalar(query) or 0

    async def add(self, order: OrderRow) -> None:
        """Insert an order, which then has its number."""
        self._session.add(order)
        await self._session.flush()
