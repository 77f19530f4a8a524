"""Devices send MessagePack, people read JSON."""

import datetime as dt
from typing import Any

import msgspec
from aiohttp import ClientResponse
from pytest_aiohttp.plugin import AiohttpClient

from examples.sensors import create_app

HEADERS = {"Content-Type": "application/msgpack", "X-Device-Key": "k-roof"}


async def test_measurements_are_summarized(aiohttp_client: AiohttpClient) -> None:
    """Those that are too old are left out."""
    client = await aiohttp_client(create_app().build())
    now = dt.datetime.now(dt.UTC)
    readings = [[now, 20.0], [now, 30.0], [now - dt.timedelta(hours=3), -5.0]]

    sent = await client.post("/readings", data=msgspec.msgpack.encode({"readings": readings}), headers=HEADERS)

    assert sent.status == 202
    assert await (await client.get("/devices/roof/summary")).json() == {"count": 2, "least": 20, "most": 30, "mean": 25}
    assert (await (await client.get("/devices/roof/summary?hours=24")).json())["count"] == 3
    assert (await client.get("/devices/cellar/summary")).status == 404


async def test_wrong_measurements_are_reported_at_once(aiohttp_client: AiohttpClient) -> None:
    """Also those in MessagePack; an unknown device is refused."""
    client = await aiohttp_client(create_app().build())

    async def send(readings: Any, **headers: str) -> ClientResponse:
        data = msgspec.msgpack.encode({"readings": readings})
        return await client.post("/readings", data=data, headers={**HEADERS, **headers})

    wrong = await send([[dt.datetime.now(dt.UTC), 900.0], ["never", 1.0]])
    unknown = await send([], **{"X-Device-Key": "other"})

    assert [one["pointer"] for one in (await wrong.json())["errors"]] == ["/readings/0/1", "/readings/1/0"]
    assert unknown.status == 401
