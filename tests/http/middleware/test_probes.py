"""Probes are requested by address and over plain HTTP, also while the app is busy."""

import asyncio

import pytest
from aiohttp.test_utils import TestServer

from framework import App, Controller, EventStream, Router, get
from framework.errors import InvalidLayerError
from framework.health import Health
from framework.middleware import ConcurrencyLimit, HTTPSRedirect, TrustedHosts
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of
from tests.startup.expected import told

LAYERS = [TrustedHosts("shop.example"), HTTPSRedirect(), ConcurrencyLimit(1)]
BY_ADDRESS = {"Host": "10.0.0.7:8000"}


class Shop(Controller):
    """Has a stream, which counts until it ends."""

    @get("/orders")
    async def orders(self) -> str:
        """Return a text."""
        return "orders"

    @get("/feed")
    async def feed(self) -> EventStream[str]:
        """Send an event, and nothing more."""
        yield "first"
        await asyncio.Event().wait()


async def status(server: TestServer, path: str, **headers: str) -> int:
    """Return the status of a GET."""
    return (await ask(server, "GET", path, headers=headers)).status


async def test_health_routes_are_probes(serve: Serve) -> None:
    """Host, scheme and load do not matter for them, and do for all other routes."""
    server = await serve(App([Shop, Health()], middlewares=LAYERS))

    assert [await status(server, path, **BY_ADDRESS) for path in ("/health/live", "/health/ready")] == [200, 200]
    assert await status(server, "/orders", **BY_ADDRESS) == 400
    assert await status(server, "/health/other", **BY_ADDRESS) == 400
    assert await status(server, "/orders", Host="shop.example") == 308


async def test_a_busy_process_is_live(serve: Serve) -> None:
    """An orchestrator would restart it otherwise, and lose what it handles."""
    server = await serve(App([Shop, Health()], middlewares=[ConcurrencyLimit(1)]))
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"GET /feed HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    await reader.readuntil(b"first")

    assert [await status(server, path) for path in ("/orders", "/health/live", "/health/ready")] == [503, 200, 200]
    writer.close()


async def test_a_route_can_be_a_probe(serve: Serve) -> None:
    """Its metadata has the name, on itself or on a router around it."""
    server = await serve(App([Router("", [Shop], metadata={"probe": True})], middlewares=LAYERS))

    assert await status(server, "/orders", **BY_ADDRESS) == 200


@pytest.mark.parametrize("value", [1, "yes", None])
def test_another_value_is_an_error(value: object) -> None:
    """It says what to write."""
    app = app_of(Router("", [Shop], metadata={"probe": value}), middlewares=[HTTPSRedirect()])

    kind, said = told(app)[0]
    assert kind is InvalidLayerError
    assert f"its metadata 'probe' is {value!r}" in said
    assert said.endswith('Hint: write metadata={"probe": True} for a route that is a probe.')
