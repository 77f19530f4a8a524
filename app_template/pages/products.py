"""The pages of products."""

from typing import Annotated

from app_template.pages.layout import TEMPLATES, Layout, PageContext
from app_template.pages.signed_in import staff_only
from app_template.pages.visit import Visit
from app_template.products.errors import SkuTaken
from app_template.products.images import ProductImages
from app_template.products.payloads import NewProduct, Product, ProductFilter, ProductOrder
from app_template.products.service import ProductService
from framework import Controller, Form, Query, Request, Response, get, post
from framework.http_errors import FieldError, InvalidForm
from framework.middleware import Session
from framework.openapi import handles
from framework.pagination import Page, Paging
from framework.responses import Redirect, see_other
from framework.security import public
from framework.templating import FormState, flash

__all__ = ("ProductPages",)

_SORTS = {
    ProductOrder.SKU: "SKU",
    ProductOrder.NAME: "name",
    ProductOrder.PRICE: "price, lowest first",
    ProductOrder.PRICE_DOWN: "price, highest first",
}


class ProductsPage(PageContext, kw_only=True):
    """The names of products.html."""

    page: Page[Product]
    wanted: ProductFilter
    pictures: set[str]
    sorts: list[tuple[ProductOrder, str]]
    form: FormState


_PRODUCTS = TEMPLATES.page("products.html", ProductsPage)


class ProductCatalogue:
    """Renders the list of products."""

    def __init__(self, products: ProductService, images: ProductImages, layout: Layout) -> None:
        self._products = products
        self._images = images
        self._layout = layout

    async def render(self, wanted: ProductFilter, paging: Paging, form: FormState) -> str:
        """Return the page."""
        page = await self._products.search(wanted, paging)
        return self._layout.render(
            _PRODUCTS,
            ProductsPage,
            "Products",
            page=page,
            wanted=wanted,
            pictures=await self._images.known([product.sku for product in page.items]),
            sorts=list(_SORTS.items()),
            form=form,
        )


@handles(media_type="text/html; charset=utf-8")
async def show_form_again(_: Request, error: InvalidForm, catalogue: ProductCatalogue) -> Response[str]:
    """Render the page with what was sent and its errors."""
    return Response(await catalogue.render(ProductFilter(), Paging(), FormState.of(error)))


class ProductPages(Controller):
    """Shows products; the staff adds some."""

    in_document = False

    def __init__(self, catalogue: ProductCatalogue, products: ProductService) -> None:
        self._catalogue = catalogue
        self._products = products

    @public
    @get("/", media_type="text/html")
    async def search(self, wanted: Annotated[ProductFilter, Query()], paging: Annotated[Paging, Query()]) -> str:
        """Show a page of the products."""
        return await self._catalogue.render(wanted, paging, FormState())

    @public
    @post("/products", guards=(staff_only,), exception_handlers={InvalidForm: show_form_again})
    async def add(self, new: Annotated[NewProduct, Form()], session: Session[Visit]) -> Redirect:
        """Add a product."""
        try:
            product = await self._products.add(new)
        except SkuTaken as error:
            taken = FieldError("form", "/sku", "value", "Another product has this SKU")
            values = {"sku": new.sku, "name": new.name, "price_cents": new.price_cents, "stock": new.stock}
            raise InvalidForm("SKU taken", errors=[taken], values=values) from error
        flash(session, f"{product.name} is added.", "success")
        return see_other("/")
