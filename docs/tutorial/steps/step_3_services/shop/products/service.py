"""The operations of the shop on products."""

import msgspec
from framework.http_errors import Conflict, NotFound
from framework.pagination import Page, Paging

from shop.products.payloads import NewProduct, Product, ProductFilter
from shop.products.repository import ProductRepository


class ProductService:
    """Lists and adds products."""

    def __init__(self, products: ProductRepository) -> None:
        self._products = products

    async def search(self, wanted: ProductFilter, paging: Paging) -> Page[Product]:
        """Return a page of the products that a filter admits."""
        items = await self._products.search(wanted, paging)
        return paging.page(items, total=await self._products.count(wanted))

    async def get(self, sku: str) -> Product:
        """Return a product. Raises NotFound."""
        product = await self._products.find(sku)
        if product is None:
            raise NotFound(f"There is no product {sku}")
        return product

    async def add(self, new: NewProduct) -> Product:
        """Add a product. Raises Conflict."""
        product = msgspec.convert(new, Product, from_attributes=True)
        if not await self._products.add(product):
            raise Conflict(f"There is a product {new.sku} already")
        return product
