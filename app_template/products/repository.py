"""Reads and writes products."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from app_template.products.errors import ProductChanged
from app_template.products.payloads import ProductFilter, ProductOrder
from app_template.products.row import ProductRow
from framework.pagination import Paging

__all__ = ("ProductRepository",)

_ORDERS: Mapping[ProductOrder, ColumnElement[Any]] = {
    ProductOrder.SKU: ProductRow.sku.asc(),
    ProductOrder.NAME: func.lower(ProductRow.name).asc(),
    ProductOrder.PRICE: ProductRow.price_cents.asc(),
    ProductOrder.PRICE_DOWN: ProductRow.price_cents.desc(),
}


class ProductRepository:
    """The products in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, sku: str) -> ProductRow | None:
        """Return a product, or None."""
        return await self._session.get(ProductRow, sku)

    async def search(self, wanted: ProductFilter, paging: Paging) -> Sequence[ProductRow]:
        """Return a page of the products that a filter allows."""
        query = select(ProductRow).where(*_conditions(wanted)).order_by(_ORDERS[wanted.sort], ProductRow.sku)
        return (await self._session.scalars(query.limit(paging.limit).offset(paging.offset))).all()

    async def count(self, wanted: ProductFilter) -> int:
        """Return the number of products that a filter allows."""
        query = select(func.count()).select_from(ProductRow).where(*_conditions(wanted))
        return await self._session.scalar(query) or 0

    async def unknown(self, skus: Iterable[str]) -> set[str]:
        """Return the SKUs that no product has."""
        asked = set(skus)
        known = await self._session.scalars(select(ProductRow.sku).where(ProductRow.sku.in_(asked)))
        return asked.difference(known)

    async def add(self, product: ProductRow) -> None:
        """Insert a product. Raises sqlalchemy.exc.IntegrityError if its SKU is taken."""
        self._session.add(product)
        await self._session.flush()

    async def save(self, product: ProductRow) -> None:
        """Write a changed product. Raises ProductChanged if another transaction has changed it since it was read."""
        try:
            await self._session.flush()
        except StaleDataError as error:
            raise ProductChanged(sku=product.sku) from error

    async def take(self, sku: str, quantity: int) -> int | None:
        """Remove pieces from the stock and return the price of one, or None if there are too few.

        The check and the update are one statement, so that two customers never get the same piece.
        """
        return await self._session.scalar(
            update(ProductRow)
            .where(ProductRow.sku == sku, ProductRow.stock >= quantity)
            .values(stock=ProductRow.stock - quantity, version=ProductRow.version + 1)
            .returning(ProductRow.price_cents)
        )

    async def put_back(self, sku: str, quantity: int) -> None:
        """Return pieces to the stock."""
        await self._session.execute(
            update(ProductRow)
            .where(ProductRow.sku == sku)
            .values(stock=ProductRow.stock + quantity, version=ProductRow.version + 1)
        )

    async def stock(self, sku: str) -> int:
        """Return the number of pieces in stock."""
        return await self._session.scalar(select(ProductRow.stock).where(ProductRow.sku == sku)) or 0


def _conditions(wanted: ProductFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.search:
        yield ProductRow.name.icontains(wanted.search, autoescape=True)
    if wanted.in_stock:
        yield ProductRow.stock > 0
    if wanted.most_cents is not None:
        yield ProductRow.price_cents <= wanted.most_cents
