"""New orders for clients of the API: as events, and as messages of a web socket."""

import json
import time

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestServer
from pytest_aiohttp.plugin import AiohttpClient

from app_template.settings import Settings
from app_template.tests.shop import ADA, ShopClient, login, place, read
from framework import clock, expiry

FEED, LIVE = "/api/orders/feed", "/api/orders/live"


async def test_a_socket_has_the_orders_of_its_user(client: ShopClient, staff: ShopClient) -> None:
    """The staff receives those of all; an order that is refused is not sent."""
    async with client.ws_connect(LIVE) as own, staff.ws_connect(LIVE) as all_orders:
        await place(staff, MUG_1=1)
        assert (await place(client, POT_1=4))[0] == 409
        await place(client, TEA_250=2)

        assert [(await all_orders.receive_json())["id"] for _ in range(2)] == [1, 2]
        order = await own.receive_json()
        assert order == await read(client, "/api/orders/2")


async def test_a_stream_continues_after_the_last_event(client: ShopClient) -> None:
    """The id of an event is sent again by a client that returns."""
    async with client.get(FEED) as feed:
        position = (await feed.content.readuntil(b"\n\n")).decode().partition("\n")[0].removeprefix("id: ")
        await place(client, MUG_1=1)
        event = (await feed.content.readuntil(b"\n\n")).decode()
    async with client.get(FEED, headers={"Last-Event-ID": position}) as feed:
        await feed.content.readuntil(b"\n\n")
        again = (await feed.content.readuntil(b"\n\n")).decode()

    assert "event: order\n" in event
    (data,) = [line.removeprefix("data: ") for line in event.splitlines() if line.startswith("data: ")]
    assert json.loads(data) == await read(client, "/api/orders/1")
    assert again == event


async def test_visitors_receive_nothing(visitor: ShopClient) -> None:
    """Both require a token."""
    assert (await visitor.get(FEED)).status == 401
    with pytest.raises(WSServerHandshakeError, match="401"):
        await visitor.ws_connect(LIVE)


async def test_both_end_with_the_token(
    server: TestServer, settings: Settings, aiohttp_client: AiohttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream ends in order, and the socket is closed with 1008: the client has to log in again."""
    client: ShopClient = await aiohttp_client(server, headers=login(settings, ADA))
    # The clock is looked at often, since it is set here.
    monkeypatch.setattr(expiry, "_LONGEST", 0.01)
    async with client.ws_connect(LIVE) as socket, client.get(FEED) as feed:
        monkeypatch.setattr(clock, "time", lambda: time.time() + 3600)
        message = await socket.receive(timeout=60)
        await feed.read()
    assert (message.data, message.extra) == (1008, "The credentials have expired")
    assert (await client.get(FEED)).status == 401


async def test_pages_of_other_origins_cannot_connect(client: ShopClient) -> None:
    """Also with a token."""
    with pytest.raises(WSServerHandshakeError, match="403"):
        await client.ws_connect(LIVE, origin="https://evil.example")


async def test_the_documents_describe_both(client: ShopClient) -> None:
    """The AsyncAPI document has the stream and the socket, the OpenAPI document the stream."""
    channels = (await read(client, "/asyncapi.json"))["channels"]
    paths = (await read(client, "/openapi.json"))["paths"]

    assert {one["address"] for one in channels.values()} == {FEED, LIVE}
    assert "text/event-stream" in paths[FEED]["get"]["responses"]["200"]["content"]
    assert "/orders/feed" not in paths
