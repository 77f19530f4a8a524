"""The mounted application is behind the guard of the gateway."""

from pytest_aiohttp.plugin import AiohttpClient

from examples.gateway import create_app

KEY = {"X-API-Key": "k-acme"}


async def test_a_partner_reaches_both_applications(aiohttp_client: AiohttpClient) -> None:
    """Responses of both have an id of the request."""
    client = await aiohttp_client(create_app().build())

    status = await client.get("/status", headers=KEY)
    legacy = await client.get("/legacy/orders/7", headers=KEY)

    assert await status.json() == {"name": "acme"}
    assert await legacy.text() == "GET /orders/7"
    assert "X-Request-ID" in legacy.headers


async def test_others_reach_neither(aiohttp_client: AiohttpClient) -> None:
    """Not even unknown paths of the mounted application."""
    client = await aiohttp_client(create_app().build())

    assert [(await client.get(path)).status for path in ("/status", "/legacy/orders/7")] == [401, 401]
