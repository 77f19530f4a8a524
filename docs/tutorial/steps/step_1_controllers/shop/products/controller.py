"""The routes of products."""

from framework import Controller, get
from framework.http_errors import NotFound

from shop.products.payloads import Product

PRODUCTS = {
    "MUG-1": Product("MUG-1", "Coffee mug", 1250, 100),
    "TEA-250": Product("TEA-250", "Green tea, 250 g", 890, 40),
    "POT-1": Product("POT-1", "Teapot", 3900, 3),
}


class ProductController(Controller):
    """Lists products."""

    path = "/products"
    tags = ("products",)

    @get()
    async def search(self) -> list[Product]:
        """Return all products."""
        return list(PRODUCTS.values())

    @get("/{sku}", raises=(NotFound,))
    async def show(self, sku: str) -> Product:
        """Return one product."""
        if sku not in PRODUCTS:
            raise NotFound(f"There is no product {sku}")
        return PRODUCTS[sku]
