"""Reads and writes orders."""

from collections.abc import Iterator, Sequence

from framework.pagination import Paging
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.orders.row import OrderRow


class OrderRepository:
    """The orders in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, order_id: int) -> OrderRow | None:
        """Return an order, or None."""
        return await self._session.get(OrderRow, order_id)

    async def search(self, paging: Paging, account_id: int | None) -> Sequence[OrderRow]:
        """Return a page of the orders of an account, or of all, latest first."""
        query = select(OrderRow).where(*owned(account_id)).order_by(OrderRow.id.desc())
        return (await self._session.scalars(query.limit(paging.limit).offset(paging.offset))).all()

    async def count(self, account_id: int | None) -> int:
        """Return the number of orders of an account, or of all."""
        query = select(func.count()).select_from(OrderRow).where(*owned(account_id))
        return await self._session.scalar(query) or 0

    async def add(self, order: OrderRow) -> None:
        """Insert an order, which then has its number."""
        self._session.add(order)
        await self._session.flush()


def owned(account_id: int | None) -> Iterator[ColumnElement[bool]]:
    """Yield what the orders of an account satisfy, or nothing for all orders."""
    if account_id is not None:
        yield OrderRow.account_id == account_id
