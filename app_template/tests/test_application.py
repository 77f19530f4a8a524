"""The application as a whole: its OpenAPI document, its URLs, and the ids of requests in the log."""

import asyncio
import logging

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.database.engine import create_engine
from app_template.database.migrate import MigrationsMissing, upgrade
from app_template.observers import create_observers
from app_template.orders.controller import OrderController
from app_template.products.controller import ProductController
from app_template.settings import Environment, Settings
from app_template.tests.shop import BOTH_DATABASES, ShopClient, place, read
from framework import App
from framework.request_ids import RequestIDFilter
from framework.telemetry import AccessLog, ErrorReports, Metrics, Tracing
from framework.types import SecretStr


async def test_the_document_is_served(client: ShopClient) -> None:
    """The document is valid OpenAPI 3.1 and has the paths of the shop; a page shows it."""
    document = await read(client, "/openapi.json")
    page = await client.get("/docs")

    OpenAPIV31SpecValidator(document).validate()
    assert document["paths"].keys() >= {
        "/api/accounts",
        "/api/accounts/confirm",
        "/api/accounts/lost-password",
        "/api/accounts/me",
        "/api/accounts/password",
        "/api/orders",
        "/api/orders/{order_id}",
        "/api/orders/{order_id}/cancel",
        "/api/products",
        "/api/products/{sku}",
        "/api/products/{sku}/image",
        "/api/token",
    }
    assert {"201", "400", "409", "422"} <= document["paths"]["/api/orders"]["post"]["responses"].keys()
    assert page.status == 200
    assert page.content_type == "text/html"


async def test_production_has_neither_document_nor_samples(empty: Settings, aiohttp_client: AiohttpClient) -> None:
    """In production the OpenAPI document is not served, and ``make migrate`` makes empty tables."""
    production = msgspec.structs.replace(empty, environment=Environment.PRODUCTION, secret=SecretStr("s" * 32))
    engine = create_engine(production)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()
    client = await aiohttp_client(create_app(production, create_container(production)).build())

    assert (await client.get("/openapi.json")).status == 404
    assert (await client.get("/docs")).status == 404
    assert await read(client, "/api/products") == {"items": [], "total": 0, "limit": 20, "offset": 0}


def test_handlers_have_urls(app: App) -> None:
    """URLs are made from handlers."""
    assert str(app.url_for(OrderController.show, order_id=7)) == "/api/orders/7"
    assert str(app.url_for(OrderController.cancel, order_id=7)) == "/api/orders/7/cancel"
    assert str(app.url_for(ProductController.show, sku="MUG-1")) == "/api/products/MUG-1"


async def test_logged_lines_have_the_id_of_their_request(client: ShopClient, caplog: pytest.LogCaptureFixture) -> None:
    """The filter of the log handler adds the id."""
    caplog.set_level(logging.INFO, "app_template")

    with caplog.filtering(RequestIDFilter()):
        await place(client, MUG_1=1)

    (record,) = [record for record in caplog.records if record.name == "app_template.orders.service"]
    assert record.getMessage() == "Order 1 comes to 1250 cents"
    assert vars(record)["request_id"] == "place"


async def test_production_requires_its_tables(empty: Settings) -> None:
    """It does not change them itself: several versions may run at the same time while a new one is deployed."""
    production = msgspec.structs.replace(empty, environment=Environment.PRODUCTION, secret=SecretStr("s" * 32))

    with pytest.raises(MigrationsMissing, match="make migrate"):
        async with create_app(production, create_container(production)).services():
            pass


@BOTH_DATABASES
async def test_a_start_logs_migrations_only_if_there_are_some(
    empty: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in production either, where none runs."""
    caplog.set_level(logging.INFO, "alembic")
    production = msgspec.structs.replace(empty, environment=Environment.PRODUCTION, secret=SecretStr("s" * 32))
    logged: list[list[str]] = []
    for chosen in (empty, empty, production):
        caplog.clear()
        async with create_app(chosen, create_container(chosen)).services():
            pass
        logged.append([one.getMessage() for one in caplog.records if one.name.startswith("alembic")])

    assert logged[0][-1].startswith("Running upgrade 0001 -> 0002")
    assert logged[1:] == [[], []]


async def test_probes_are_not_in_the_access_log(client: ShopClient, caplog: pytest.LogCaptureFixture) -> None:
    """Nor are requests for metrics."""
    caplog.set_level(logging.INFO, "framework.access")
    for path in ("/health/live", "/health/ready", "/api/products"):
        assert (await client.get(path)).status == 200

    async with asyncio.timeout(10):
        while not (found := [one for one in caplog.records if one.name == "framework.access"]):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert [vars(one)["path"] for one in found] == ["/api/products"]


async def test_metrics_are_shown_if_the_settings_say_so(settings: Settings, aiohttp_client: AiohttpClient) -> None:
    """By path templates, and those of jobs; otherwise there is no such route."""
    statuses: list[int] = []
    for shown in (True, False):
        chosen = msgspec.structs.replace(settings, metrics=shown)
        client = await aiohttp_client(create_app(chosen, create_container(chosen)).build())
        await client.get("/health/live")
        response = await client.get("/metrics")
        statuses.append(response.status)
        text = await response.text()
        assert ('route="/health/live"' in text, "# TYPE jobs_attempts_total counter" in text) == (shown, shown)
    # Without the route it is a page that requires a login.
    assert statuses[0] == 200 != statuses[1]


def test_traces_require_an_exporter(settings: Settings) -> None:
    """It is a package of its own; reports of errors require nothing else."""
    chosen = msgspec.structs.replace(settings, traces=0.5)

    with pytest.raises(RuntimeError, match="traces require a package with the exporter otlp"):
        create_observers(chosen)


def test_each_observer_has_its_setting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The access log is always there."""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    chosen = msgspec.structs.replace(
        settings, metrics=True, traces=0.5, sentry_dsn=SecretStr("https://key@sentry.example/1")
    )

    assert [type(one) for one in create_observers(settings)] == [AccessLog]
    assert [type(one) for one in create_observers(chosen)] == [AccessLog, Metrics, Tracing, ErrorReports]
