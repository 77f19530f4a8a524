"""The operations of the shop on products."""

import msgspec
from framework.http_errors import Conflict, NotFound
from framework.pagination import Page, Paging
from sqlalchemy.exc import IntegrityError

from shop.products.payloads import NewProduct, Product, ProductFilter
from shop.products.repository import ProductRepository
from shop.products.row import ProductRow


class ProductService:
    """Lists and adds products."""

    def __init__(self, products: ProductRepository) -> None:
        self._products = products

    async def search(self, wanted: ProductFilter, paging: Paging) -> Page[Product]:
        """Return a page of the products that a filter admits."""
        items = [to_product(row) for row in await self._products.search(wanted, paging)]
        return paging.page(items, total=await self._products.count(wanted))

    async def get(self, sku: str) -> Product:
        """Return a product. Raises NotFound."""
        row = await self._products.find(sku)
        if row is None:
            raise NotFound(f"There is no product {sku}")
        return to_product(row)

    async def add(self, new: NewProduct) -> Product:
        """Add a product. Raises Conflict."""
        row = ProductRow(**msgspec.structs.asdict(new))
        try:
            await self._products.add(row)
        except IntegrityError as error:
            raise Conflict(f"There is a product {new.sku} already") from error
        return to_product(row)


def to_product(row: ProductRow) -> Product:
    """Return a product as it is sent."""
    return msgspec.convert(row, Product, from_attributes=True)
