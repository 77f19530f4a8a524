"""The operations of the shop on products."""

import msgspec
from sqlalchemy.exc import IntegrityError

from app_template.products.errors import ProductNotFound, SkuTaken
from app_template.products.payloads import NewProduct, Product, ProductDetails, ProductFilter
from app_template.products.repository import ProductRepository
from app_template.products.row import ProductRow
from framework import Patch
from framework.caching import Preconditions
from framework.pagination import Page, Paging

__all__ = ("ProductService", "tag_of")


class ProductService:
    """Lists, adds and changes products."""

    def __init__(self, products: ProductRepository) -> None:
        self._products = products

    async def search(self, wanted: ProductFilter, paging: Paging) -> Page[Product]:
        """Return a page of the products that a filter allows."""
        items = [_product(row) for row in await self._products.search(wanted, paging)]
        return paging.page(items, total=await self._products.count(wanted))

    async def get(self, sku: str) -> Product:
        """Return a product. Raises ProductNotFound."""
        return _product(await self._find(sku))

    async def change(self, sku: str, patch: Patch[ProductDetails], preconditions: Preconditions) -> Product:
        """Change some of the details of a product. Raises ProductNotFound, PreconditionFailed and ProductChanged."""
        row = await self._find(sku)
        preconditions.check(tag_of(_product(row)))
        for name, value in patch.changes().items():
            setattr(row, name, value)
        await self._products.save(row)
        return _product(row)

    async def add(self, new: NewProduct) -> Product:
        """Add a product. Raises SkuTaken."""
        row = ProductRow(**msgspec.structs.asdict(new))
        try:
            await self._products.add(row)
        except IntegrityError as error:
            raise SkuTaken(sku=new.sku) from error
        return _product(row)

    async def _find(self, sku: str) -> ProductRow:
        row = await self._products.find(sku)
        if row is None:
            raise ProductNotFound(sku=sku)
        return row


def tag_of(product: Product) -> str:
    """Return the entity tag of a product."""
    return f"v{product.version}"


def _product(row: ProductRow) -> Product:
    return msgspec.convert(row, Product, from_attributes=True)
