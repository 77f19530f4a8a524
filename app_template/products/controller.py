"""The products over HTTP."""

from typing import Annotated

from app_template.fields import Sku
from app_template.products.errors import ProductNotFound, SkuTaken
from app_template.products.payloads import NewProduct, Product, ProductDetails
from app_template.products.service import ProductService
from framework import App, Controller, Patch, Query, Response, get, patch, post
from framework.pagination import Page, Paging

__all__ = ("ProductController",)


class ProductController(Controller):
    """Lists products and takes new ones in."""

    path = "/products"
    tags = ("products",)

    def __init__(self, products: ProductService, app: App) -> None:
        self._products = products
        self._app = app

    @get()
    async def search(self, paging: Annotated[Paging, Query()]) -> Page[Product]:
        """Return a page of the products, by SKU."""
        return await self._products.search(paging)

    @get("/{sku}", raises=(ProductNotFound,))
    async def show(self, sku: Sku) -> Product:
        """Return one product."""
        return await self._products.get(sku)

    @patch("/{sku}", raises=(ProductNotFound,))
    async def change(self, sku: Sku, details: Patch[ProductDetails]) -> Product:
        """Change the name or the price of a product; what is left out stays."""
        return await self._products.change(sku, details)

    @post(status=201, raises=(SkuTaken,))
    async def create(self, product: NewProduct) -> Response[Product]:
        """Add a product."""
        added = await self._products.add(product)
        location = self._app.url_for(ProductController.show, sku=added.sku)
        return Response(added, status=201, headers={"Location": str(location)})
