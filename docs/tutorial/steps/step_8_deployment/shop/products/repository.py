"""Reads and writes products."""

from collections.abc import Iterator, Sequence

from framework.pagination import Paging
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shop.products.payloads import ProductFilter, ProductOrder
from shop.products.row import ProductRow


class ProductRepository:
    """The products in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, sku: str) -> ProductRow | None:
        """Return a product, or None."""
        return await self._session.get(ProductRow, sku)

    async def search(self, wanted: ProductFilter, paging: Paging) -> Sequence[ProductRow]:
        """Return a page of the products that a filter admits."""
        order = ProductRow.price_cents if wanted.sort is ProductOrder.PRICE else ProductRow.sku
        query = select(ProductRow).where(*conditions(wanted)).order_by(order, ProductRow.sku)
        return (await self._session.scalars(query.limit(paging.limit).offset(paging.offset))).all()

    async def count(self, wanted: ProductFilter) -> int:
        """Return the number of products that a filter admits."""
        query = select(func.count()).select_from(ProductRow).where(*conditions(wanted))
        return await self._session.scalar(query) or 0

    async def add(self, product: ProductRow) -> None:
        """Insert a product. Raises sqlalchemy.exc.IntegrityError if its SKU exists."""
        self._session.add(product)
        await self._session.flush()

    async def take(self, sku: str, quantity: int) -> int | None:
        """Remove pieces from the stock and return the price of one, or None if there are too few.

        The check and the update are one statement, so that two customers never get the same piece.
        """
        return await self._session.scalar(
            update(ProductRow)
            .where(ProductRow.sku == sku, ProductRow.stock >= quantity)
            .values(stock=ProductRow.stock - quantity)
            .returning(ProductRow.price_cents)
        )

    async def stock(self, sku: str) -> int:
        """Return the number of pieces in stock."""
        return await self._session.scalar(select(ProductRow.stock).where(ProductRow.sku == sku)) or 0


def conditions(wanted: ProductFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what the products of a filter satisfy."""
    if wanted.search:
        yield ProductRow.name.icontains(wanted.search, autoescape=True)
    if wanted.in_stock:
        yield ProductRow.stock > 0
