import pytest
from framework import App
from framework.pagination import Paging
from framework.testing import AppClient, AppClientFactory, Overrides, ProblemError

from shop.products.controller import ProductController
from shop.products.payloads import NewProduct, Product, ProductFilter, ProductOrder
from shop.products.repository import ProductRepository
from shop.products.row import ProductRow


async def test_a_product_is_shown(client: AppClient) -> None:
    """The response is the product."""
    assert await client.call(ProductController.show, sku="POT-1") == Product("POT-1", "Teapot", 3900, 3)


async def test_an_unknown_product_is_a_problem(client: AppClient) -> None:
    """The response is a 404 with the SKU."""
    with pytest.raises(ProblemError, match="Product not found") as caught:
        await client.call(ProductController.show, sku="CUP-1")

    assert (caught.value.status, caught.value.problem["sku"]) == (404, "CUP-1")


async def test_products_are_searched(client: AppClient) -> None:
    """The page has the products that the filter admits, and the total number of them."""
    wanted = ProductFilter(search="TEA", sort=ProductOrder.PRICE)

    page = await client.call(ProductController.search, wanted=wanted, paging=Paging(limit=1))

    assert ([product.sku for product in page.items], page.total) == (["TEA-250"], 2)


async def test_all_errors_are_reported_at_once(staff: AppClient) -> None:
    """Each error has its place."""
    with pytest.raises(ProblemError) as caught:
        await staff.call(ProductController.create, product=NewProduct("cup", "", -1))

    assert caught.value.status == 422
    assert [error.pointer for error in caught.value.errors] == ["/sku", "/name", "/price_cents"]


async def test_a_sku_is_taken(staff: AppClient) -> None:
    """Adding a product again is a 409."""
    with pytest.raises(ProblemError, match="SKU taken") as caught:
        await staff.call(ProductController.create, product=NewProduct("MUG-1", "Mug", 100))

    assert caught.value.status == 409


async def test_only_the_staff_adds_products(client: AppClient) -> None:
    """Other users get a 403, before their request is validated."""
    with pytest.raises(ProblemError) as caught:
        await client.call(ProductController.create, product=NewProduct("cup", "", -1))

    assert caught.value.status == 403


class BrokenRepository(ProductRepository):
    """Cannot read."""

    async def find(self, sku: str) -> ProductRow | None:
        """Raise an exception."""
        raise OSError(f"the disk with {sku} is broken")


async def test_an_unhandled_exception_has_no_details(
    overrides: Overrides, app: App, app_client: AppClientFactory
) -> None:
    """One service is replaced. The client gets a 500, and the log the traceback."""
    overrides.replace(ProductRepository, BrokenRepository)
    client = await app_client(app)

    with pytest.raises(ProblemError) as caught:
        await client.call(ProductController.show, sku="MUG-1")

    assert caught.value.status == 500
    assert "disk" not in str(caught.value.problem)
