"""Reads and writes products."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app_template.products.row import ProductRow
from framework.pagination import Paging

__all__ = ("ProductRepository",)


class ProductRepository:
    """The products in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, sku: str) -> ProductRow | None:
        """Return a product, if there is one."""
        return await self._session.get(ProductRow, sku)

    async def search(self, paging: Paging) -> Sequence[ProductRow]:
        """Return a page of the products, by SKU."""
        query = select(ProductRow).order_by(ProductRow.sku).limit(paging.limit).offset(paging.offset)
        return (await self._session.scalars(query)).all()

    async def count(self) -> int:
        """Return the number of products."""
        return await self._session.scalar(select(func.count()).select_from(ProductRow)) or 0

    async def unknown(self, skus: Iterable[str]) -> set[str]:
        """Return those SKUs that no product has."""
        asked = set(skus)
        known = await self._session.scalars(select(ProductRow.sku).where(ProductRow.sku.in_(asked)))
        return asked.difference(known)

    async def add(self, product: ProductRow) -> None:
        """Insert a product; raises sqlalchemy.exc.IntegrityError when its SKU is taken."""
        self._session.add(product)
        await self._session.flush()

    async def take(self, sku: str, quantity: int) -> int | None:
        """Take pieces out of the stock and return the price of one; take nothing and return None if there are too few.

        Question and answer are one statement, so that two customers never get the same piece.
        """
        return await self._session.scalar(
            update(ProductRow)
            .where(ProductRow.sku == sku, ProductRow.stock >= quantity)
            .values(stock=ProductRow.stock - quantity)
            .returning(ProductRow.price_cents)
        )

    async def put_back(self, sku: str, quantity: int) -> None:
        """Put pieces back into the stock."""
        await self._session.execute(
            update(ProductRow).where(ProductRow.sku == sku).values(stock=ProductRow.stock + quantity)
        )

    async def stock(self, sku: str) -> int:
        """Return how many pieces of a product there are."""
        return await self._session.scalar(select(ProductRow.stock).where(ProductRow.sku == sku)) or 0
