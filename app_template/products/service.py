"""What the shop does with products."""

import msgspec
from sqlalchemy.exc import IntegrityError

from app_template.products.errors import ProductNotFound, SkuTaken
from app_template.products.payloads import NewProduct, Product, ProductDetails
from app_template.products.repository import ProductRepository
from app_template.products.row import ProductRow
from framework import Patch
from framework.pagination import Page, Paging

__all__ = ("ProductService",)


class ProductService:
    """Keeps the assortment."""

    def __init__(self, products: ProductRepository) -> None:
        self._products = products

    async def search(self, paging: Paging) -> Page[Product]:
        """Return a page of the products."""
        rows = await self._products.search(paging)
        items = [msgspec.convert(row, Product, from_attributes=True) for row in rows]
        return paging.page(items, total=await self._products.count())

    async def get(self, sku: str) -> Product:
        """Return a product; raises ProductNotFound."""
        row = await self._products.find(sku)
        if row is None:
            raise ProductNotFound(sku=sku)
        return msgspec.convert(row, Product, from_attributes=True)

    async def change(self, sku: str, patch: Patch[ProductDetails]) -> Product:
        """Change some of the details of a product; raises ProductNotFound."""
        row = await self._products.find(sku)
        if row is None:
            raise ProductNotFound(sku=sku)
        for name, value in patch.changes().items():
            setattr(row, name, value)
        return msgspec.convert(row, Product, from_attributes=True)

    async def add(self, new: NewProduct) -> Product:
        """Take a product into the assortment; raises SkuTaken."""
        row = ProductRow(**msgspec.structs.asdict(new))
        try:
            await self._products.add(row)
        except IntegrityError as error:
            raise SkuTaken(sku=new.sku) from error
        return msgspec.convert(row, Product, from_attributes=True)
