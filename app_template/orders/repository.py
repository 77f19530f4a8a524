"""Reads and writes orders."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app_template.orders.row import OrderRow
from app_template.orders.status import OrderStatus
from framework.pagination import Paging

__all__ = ("OrderRepository",)


class OrderRepository:
    """The orders in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, order_id: int) -> OrderRow | None:
        """Return an order with its lines, if there is one."""
        return await self._session.get(OrderRow, order_id)

    async def search(self, paging: Paging) -> Sequence[OrderRow]:
        """Return a page of the orders, the latest first."""
        query = select(OrderRow).order_by(OrderRow.id.desc()).limit(paging.limit).offset(paging.offset)
        return (await self._session.scalars(query)).all()

    async def count(self) -> int:
        """Return the number of orders."""
        return await self._session.scalar(select(func.count()).select_from(OrderRow)) or 0

    async def add(self, order: OrderRow) -> None:
        """Insert an order and its lines; the order has its number afterwards."""
        self._session.add(order)
        await self._session.flush()

    async def cancel(self, order_id: int) -> bool:
        """Cancel an order that is placed, and tell whether this was the call that did it."""
        cancelled = await self._session.scalar(
            update(OrderRow)
            .where(OrderRow.id == order_id, OrderRow.status == OrderStatus.PLACED)
            .values(status=OrderStatus.CANCELLED)
            .returning(OrderRow.id)
        )
        return cancelled is not None
