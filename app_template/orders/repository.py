"""Reads and writes orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app_template.orders.row import OrderRow
from app_template.orders.status import OrderStatus
from framework.pagination import Paging

__all__ = ("OrderRepository",)

_Rows = TypeVar("_Rows", bound=Select[Any])


class OrderRepository:
    """The orders in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, order_id: int) -> OrderRow | None:
        """Return an order with its lines, or None."""
        return await self._session.get(OrderRow, order_id)

    async def search(self, paging: Paging, account_id: int | None) -> Sequence[OrderRow]:
        """Return a page of the orders of an account, or of all, latest first."""
        query = _of(select(OrderRow), account_id)
        return (
            await self._session.scalars(query.order_by(OrderRow.id.desc()).limit(paging.limit).offset(paging.offset))
        ).all()

    async def count(self, account_id: int | None) -> int:
        """Return the number of orders of an account, or of all."""
        return await self._session.scalar(_of(select(func.count()).select_from(OrderRow), account_id)) or 0

    async def placed_between(self, start: datetime, end: datetime) -> Sequence[OrderRow]:
        """Return the orders that were placed from one time until before another, and not cancelled."""
        query = select(OrderRow).where(OrderRow.status == OrderStatus.PLACED, OrderRow.placed_at >= start)
        return (await self._session.scalars(query.where(OrderRow.placed_at < end))).all()

    async def add(self, order: OrderRow) -> None:
        """Insert an order and its lines. The order then has its number and its account."""
        self._session.add(order)
        await self._session.flush()
        await self._session.refresh(order, ["account"])

    async def cancel(self, order_id: int) -> bool:
        """Cancel a placed order; return whether this call cancelled it."""
        cancelled = await self._session.scalar(
            update(OrderRow)
            .where(OrderRow.id == order_id, OrderRow.status == OrderStatus.PLACED)
            .values(status=OrderStatus.CANCELLED)
            .returning(OrderRow.id)
        )
        return cancelled is not None


def _of(query: _Rows, account_id: int | None) -> _Rows:
    return query if account_id is None else query.where(OrderRow.account_id == account_id)
