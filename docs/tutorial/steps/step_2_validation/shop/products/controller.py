"""The routes of products."""

from typing import Annotated

import msgspec
from framework import Controller, Query, Response, get, post
from framework.http_errors import Conflict, NotFound
from framework.pagination import Page, Paging

from shop.fields import Sku
from shop.products.payloads import NewProduct, Product, ProductFilter, ProductOrder

PRODUCTS = {
    "MUG-1": Product("MUG-1", "Coffee mug", 1250, 100),
    "TEA-250": Product("TEA-250", "Green tea, 250 g", 890, 40),
    "POT-1": Product("POT-1", "Teapot", 3900, 3),
}


class ProductController(Controller):
    """Lists and adds products."""

    path = "/products"
    tags = ("products",)

    @get()
    async def search(
        self, wanted: Annotated[ProductFilter, Query()], paging: Annotated[Paging, Query()]
    ) -> Page[Product]:
        """Return a page of the products."""
        found = [product for product in PRODUCTS.values() if is_wanted(product, wanted)]
        found.sort(key=lambda product: product.price_cents if wanted.sort is ProductOrder.PRICE else product.sku)
        return paging.page(found[paging.offset : paging.offset + paging.limit], total=len(found))

    @get("/{sku}", raises=(NotFound,))
    async def show(self, sku: Sku) -> Product:
        """Return one product."""
        if sku not in PRODUCTS:
            raise NotFound(f"There is no product {sku}")
        return PRODUCTS[sku]

    @post(status=201, raises=(Conflict,))
    async def create(self, product: NewProduct) -> Response[Product]:
        """Add a product."""
        if product.sku in PRODUCTS:
            raise Conflict(f"There is a product {product.sku} already")
        added = PRODUCTS[product.sku] = msgspec.convert(product, Product, from_attributes=True)
        return Response(added, status=201, headers={"Location": f"/products/{added.sku}"})


def is_wanted(product: Product, wanted: ProductFilter) -> bool:
    """Return whether a filter admits a product."""
    return wanted.search.lower() in product.name.lower() and (product.stock > 0 or not wanted.in_stock)
