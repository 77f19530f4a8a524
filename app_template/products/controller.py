"""The routes of products."""

from typing import Annotated

from app_template.accounts.login import STAFF
from app_template.fields import Sku
from app_template.products.errors import ProductChanged, ProductNotFound, SkuTaken
from app_template.products.payloads import NewProduct, Product, ProductDetails, ProductFilter
from app_template.products.service import ProductService, tag_of
from framework import App, Controller, Patch, Query, Response, get, patch, post
from framework.caching import Preconditions
from framework.pagination import Page, Paging
from framework.security import public

__all__ = ("ProductController",)


class ProductController(Controller):
    """Lists, adds and changes products."""

    path = "/products"
    tags = ("products",)

    def __init__(self, products: ProductService, app: App) -> None:
        self._products = products
        self._app = app

    @public
    @get()
    async def search(
        self, wanted: Annotated[ProductFilter, Query()], paging: Annotated[Paging, Query()]
    ) -> Page[Product]:
        """Return a page of the products."""
        return await self._products.search(wanted, paging)

    @public
    @get("/{sku}", etag=tag_of, raises=(ProductNotFound,))
    async def show(self, sku: Sku) -> Product:
        """Return one product."""
        return await self._products.get(sku)

    @patch("/{sku}", guards=(STAFF,), raises=(ProductNotFound, ProductChanged))
    async def change(self, sku: Sku, details: Patch[ProductDetails], preconditions: Preconditions) -> Response[Product]:
        """Change the name or the price of a product. Fields that are not sent keep their values.

        With the ``ETag`` of the product in ``If-Match``, nobody else's change is overwritten.
        """
        changed = await self._products.change(sku, details, preconditions)
        return Response(changed, headers={"ETag": f'"{tag_of(changed)}"'})

    @post(status=201, guards=(STAFF,), raises=(SkuTaken,))
    async def create(self, product: NewProduct) -> Response[Product]:
        """Add a product."""
        added = await self._products.add(product)
        location = self._app.url_for(ProductController.show, sku=added.sku)
        return Response(added, status=201, headers={"Location": str(location)})
