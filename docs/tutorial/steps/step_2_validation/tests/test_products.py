import pytest
from framework.pagination import Paging
from framework.testing import AppClient, AppClientFactory, ProblemError

from shop.main import app
from shop.products.controller import ProductController
from shop.products.payloads import NewProduct, Product, ProductFilter, ProductOrder


@pytest.fixture
async def client(app_client: AppClientFactory) -> AppClient:
    """Return a client of the app."""
    return await app_client(app)


async def test_a_product_is_shown(client: AppClient) -> None:
    """The response is the product."""
    assert await client.call(ProductController.show, sku="POT-1") == Product("POT-1", "Teapot", 3900, 3)


async def test_an_unknown_product_is_a_problem(client: AppClient) -> None:
    """The response is a 404 with a detail."""
    with pytest.raises(ProblemError, match="There is no product CUP-1") as caught:
        await client.call(ProductController.show, sku="CUP-1")

    assert caught.value.status == 404


async def test_products_are_searched(client: AppClient) -> None:
    """The page has the products that the filter admits, and the total number of them."""
    wanted = ProductFilter(search="TEA", sort=ProductOrder.PRICE)

    page = await client.call(ProductController.search, wanted=wanted, paging=Paging(limit=1))

    assert ([product.sku for product in page.items], page.total) == (["TEA-250"], 2)


async def test_all_errors_are_reported_at_once(client: AppClient) -> None:
    """Each error has its place."""
    with pytest.raises(ProblemError) as caught:
        await client.call(ProductController.create, product=NewProduct("cup", "", -1))

    assert caught.value.status == 422
    assert [error.pointer for error in caught.value.errors] == ["/sku", "/name", "/price_cents"]


async def test_a_sku_is_taken(client: AppClient) -> None:
    """Adding a product again is a 409."""
    with pytest.raises(ProblemError, match="already") as caught:
        await client.call(ProductController.create, product=NewProduct("MUG-1", "Mug", 100))

    assert caught.value.status == 409
