import pytest
from framework.testing import AppClientFactory, ProblemError

from shop.main import app
from shop.products.controller import ProductController
from shop.products.payloads import Product


async def test_a_product_is_shown(app_client: AppClientFactory) -> None:
    """The response is the product."""
    client = await app_client(app)

    assert await client.call(ProductController.show, sku="POT-1") == Product("POT-1", "Teapot", 3900, 3)


async def test_an_unknown_product_is_a_problem(app_client: AppClientFactory) -> None:
    """The response is a 404 with a detail."""
    client = await app_client(app)

    with pytest.raises(ProblemError, match="There is no product CUP-1") as caught:
        await client.call(ProductController.show, sku="CUP-1")

    assert caught.value.status == 404
