"""Reads and writes products."""

from framework.pagination import Paging

from shop.products.payloads import Product, ProductFilter, ProductOrder
from shop.settings import Settings

SAMPLES = (
    Product("MUG-1", "Coffee mug", 1250, 100),
    Product("TEA-250", "Green tea, 250 g", 890, 40),
    Product("POT-1", "Teapot", 3900, 3),
)


class ProductRepository:
    """The products, in memory."""

    def __init__(self, settings: Settings) -> None:
        self._products = {product.sku: product for product in SAMPLES if settings.samples}

    async def find(self, sku: str) -> Product | None:
        """Return a product, or None."""
        return self._products.get(sku)

    async def search(self, wanted: ProductFilter, paging: Paging) -> list[Product]:
        """Return a page of the products that a filter admits."""
        found = self._wanted(wanted)
        found.sort(key=lambda product: product.price_cents if wanted.sort is ProductOrder.PRICE else product.sku)
        return found[paging.offset : paging.offset + paging.limit]

    async def count(self, wanted: ProductFilter) -> int:
        """Return the number of products that a filter admits."""
        return len(self._wanted(wanted))

    async def add(self, product: Product) -> bool:
        """Add a product; return False if its SKU exists."""
        return self._products.setdefault(product.sku, product) is product

    def _wanted(self, wanted: ProductFilter) -> list[Product]:
        return [
            product
            for product in self._products.values()
            if wanted.search.lower() in product.name.lower() and (product.stock > 0 or not wanted.in_stock)
        ]
