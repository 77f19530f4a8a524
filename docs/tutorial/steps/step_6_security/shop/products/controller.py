"""The routes of products."""

from typing import Annotated

from framework import App, Controller, Query, Response, get, post
from framework.pagination import Page, Paging
from framework.security import public

from shop.accounts.login import STAFF
from shop.fields import Sku
from shop.products.errors import ProductNotFound, SkuTaken
from shop.products.payloads import NewProduct, Product, ProductFilter
from shop.products.service import ProductService


class ProductController(Controller):
    """Lists and adds products."""

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
    @get("/{sku}", raises=(ProductNotFound,))
    async def show(self, sku: Sku) -> Product:
        """Return one product."""
        return await self._products.get(sku)

    @post(status=201, guards=(STAFF,), raises=(SkuTaken,))
    async def create(self, product: NewProduct) -> Response[Product]:
        """Add a product."""
        added = await self._products.add(product)
        location = self._app.url_for(ProductController.show, sku=added.sku)
        return Response(added, status=201, headers={"Location": str(location)})
