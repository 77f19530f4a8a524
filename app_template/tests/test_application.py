"""The application as a whole: its document, its URLs and the ids of its requests."""

import logging

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.logs import add_request_id_to_record
from app_template.orders.controller import OrderController
from app_template.products.controller import ProductController
from app_template.settings import Environment, Settings
from app_template.tests.shop import ShopClient, place, read
from framework import App, Container


async def test_the_document_is_served(client: ShopClient) -> None:
    """It is valid OpenAPI 3.1 and names every path; a page shows it."""
    document = await read(client, "/openapi.json")
    page = await client.get("/docs")

    OpenAPIV31SpecValidator(document).validate()
    assert sorted(document["paths"]) == [
        "/orders",
        "/orders/{order_id}",
        "/orders/{order_id}/cancel",
        "/products",
        "/products/{sku}",
    ]
    assert {"201", "400", "409", "422"} <= document["paths"]["/orders"]["post"]["responses"].keys()
    assert page.status == 200
    assert page.content_type == "text/html"


async def test_production_has_neither_document_nor_samples(settings: Settings, aiohttp_client: AiohttpClient) -> None:
    """What the shop can do is not told to everybody, and it starts empty."""
    production = msgspec.structs.replace(settings, environment=Environment.PRODUCTION)
    client = await aiohttp_client(create_app(production, create_container(production)).build())

    assert (await client.get("/openapi.json")).status == 404
    assert (await client.get("/docs")).status == 404
    assert await read(client, "/products") == {"items": [], "total": 0, "limit": 20, "offset": 0}


def test_handlers_have_urls(app: App) -> None:
    """A URL is asked for by its handler, never put together by hand."""
    assert str(app.url_for(OrderController.show, order_id=7)) == "/orders/7"
    assert str(app.url_for(OrderController.cancel, order_id=7)) == "/orders/7/cancel"
    assert str(app.url_for(ProductController.show, sku="MUG-1")) == "/products/MUG-1"


@pytest.mark.parametrize("path", ["/products", "/products/CUP-1", "/nothing"])
async def test_every_answer_has_the_id_of_its_request(client: ShopClient, path: str) -> None:
    """The id that was sent comes back, errors included; without one, or with a bad one, the shop makes one."""
    sent = await client.get(path, headers={"X-Request-ID": "abc-1"})
    bad = await client.get(path, headers={"X-Request-ID": "two words"})
    none = await client.get(path)

    assert sent.headers["X-Request-ID"] == "abc-1"
    assert len(bad.headers["X-Request-ID"]) == 32
    assert len(none.headers["X-Request-ID"]) == 32


async def test_logged_lines_have_the_id_of_their_request(client: ShopClient, caplog: pytest.LogCaptureFixture) -> None:
    """The filter that the log's handler carries adds it."""
    caplog.handler.addFilter(add_request_id_to_record)
    caplog.set_level(logging.INFO, "app_template")

    await place(client, MUG_1=1)

    (record,) = [one for one in caplog.records if one.name == "app_template.orders.service"]
    assert record.getMessage() == "Order 1 comes to 1250 cents"
    assert len(vars(record)["request_id"]) == 32


async def test_an_order_is_confirmed_when_it_is_committed(
    container: Container, settings: Settings, aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The confirmation runs after the answer, finds the order, and has the id of the request that placed it."""
    caplog.handler.addFilter(add_request_id_to_record)
    caplog.set_level(logging.INFO, "app_template")
    client = await aiohttp_client(create_app(settings, container).build())

    await place(client, MUG_1=1)
    await place(client, MUG_1=1000)
    # Whoever stops the shop waits for its tasks.
    await client.close()

    placed, confirmed = [one for one in caplog.records if one.name.startswith("app_template.orders")]
    assert confirmed.getMessage() == "Order 1 is confirmed to Ada"
    assert vars(confirmed)["request_id"] == vars(placed)["request_id"]
