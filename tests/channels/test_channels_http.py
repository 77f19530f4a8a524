"""Channels in event streams and web sockets."""

import asyncio
import gc
import time
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, Event, EventStream, WebSocket, get, post, websocket
from framework._channels.hub import Hub
from framework.channels import Channels, LastEventID, Topic
from framework.testing import AppClientFactory
from tests.channels.topics import DROPPING, ORDERS, SHORT, Placed, process
from tests.waiting import until

GATES: dict[str, asyncio.Event] = {}


class Feeds(Controller):
    """Publishes, and sends what is published."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    @post("/publish/{count}")
    async def publish(self, count: int) -> None:
        """Publish numbers on all topics."""
        for number in range(count):
            for topic in (ORDERS, SHORT, DROPPING):
                await self._channels.publish(topic, Placed(number))

    @get("/feed")
    async def feed(self, last: LastEventID = None) -> EventStream[Event[Placed]]:
        """Send events."""
        return self._channels.events(ORDERS, after=last)

    @get("/slow/{name}")
    async def slow(self, name: str, last: LastEventID = None) -> EventStream[Event[Placed]]:
        """Send events, as slowly as the test says."""
        topic: Topic[Placed] = {"short": SHORT, "dropping": DROPPING}[name]
        async for event in self._channels.events(topic, after=last):
            yield event
            await GATES["slow"].wait()

    @websocket("/socket")
    async def socket(self, socket: WebSocket[Placed]) -> None:
        """Send events as messages."""
        await socket.accept()
        async for event in self._channels.subscribe(ORDERS):
            await socket.send(event)

    @websocket("/behind")
    async def behind(self, socket: WebSocket[Placed]) -> None:
        """Read messages and send events at the same time, the latter slowly."""
        await socket.accept()

        async def send() -> None:
            async for event in self._channels.subscribe(SHORT):
                await socket.send(event)
                await GATES["slow"].wait()

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            async for _ in socket:
                pass


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Hub]:
    """Return the hubs of the apps of a test."""
    hubs: list[Hub] = []
    start = Hub.__init__

    def keep(self: Hub, *arguments: Any) -> None:
        start(self, *arguments)
        hubs.append(self)

    monkeypatch.setattr(Hub, "__init__", keep)
    return hubs


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, opened: list[Hub]) -> TestClient[Any, Any]:
    """Return a client of an app whose slow readers wait for the gate ``slow``."""
    GATES["slow"] = asyncio.Event()
    client = await aiohttp_client(App([Feeds], channels=[ORDERS, SHORT, DROPPING]).build())
    assert len(opened) == 1
    return client


async def next_event(response: ClientResponse) -> dict[str, str]:
    """Return the fields of the next event."""
    lines = (await response.content.readuntil(b"\n\n")).decode().split("\n")
    return {name: value for name, _, value in (line.partition(": ") for line in lines) if name}


async def test_a_stream_begins_with_its_position(client: TestClient[Any, Any]) -> None:
    """A client learns an id and when to return before the first event, so it misses nothing if it is cut off."""
    async with client.get("/feed") as feed:
        first = await next_event(feed)
    await client.post("/publish/2")
    async with client.get("/feed", headers={"Last-Event-ID": first["id"]}) as feed:
        again, one, two = [await next_event(feed) for _ in range(3)]

    assert first.keys() == {"id", "retry"}
    assert 1_000 <= int(first["retry"]) <= 3_000
    assert (again["id"], one["data"], two["data"]) == (first["id"], '{"number":0,"text":""}', '{"number":1,"text":""}')


async def test_a_client_from_another_process_is_reset(client: TestClient[Any, Any]) -> None:
    """Its id is unknown, so it is told to load everything again; then it gets new events."""
    async with client.get("/feed", headers={"Last-Event-ID": "0123456789ab-7"}) as feed:
        first = await next_event(feed)
        await client.post("/publish/1")
        second = await next_event(feed)

    assert (first["event"], first["data"]) == ("reset", "{}")
    assert (second["data"], second["id"] != first["id"]) == ('{"number":0,"text":""}', True)


async def test_a_slow_stream_ends_in_order(client: TestClient[Any, Any]) -> None:
    """The body is complete, and the client returns with its last id; too late for that, it is reset."""
    async with client.get("/slow/short") as feed:
        first = await next_event(feed)
        await client.post("/publish/9")
        GATES["slow"].set()
        assert await feed.content.read() == b""
    async with client.get("/slow/short", headers={"Last-Event-ID": first["id"]}) as feed:
        assert (await next_event(feed))["event"] == "reset"


async def test_a_typed_client_reads_a_reset(app_client: AppClientFactory) -> None:
    """Its data is bytes, and that of the events is of their type."""
    client = await app_client(App([Feeds], channels=[ORDERS, SHORT, DROPPING]))
    async with client.events(Feeds.feed, last="0123456789ab-7") as events:
        reset = await events.next()
        await client.call(Feeds.publish, count=1)
        event = await events.next()

    assert (reset.event, repr(reset.data)) == ("reset", "b'{}'")
    assert event.data == Placed(0)


async def test_a_stream_that_drops_says_how_many(client: TestClient[Any, Any]) -> None:
    """The event lagged has the number; the oldest event that is left follows."""
    async with client.get("/slow/dropping") as feed:
        await next_event(feed)
        await client.post("/publish/9")
        GATES["slow"].set()
        lagged, following = await next_event(feed), await next_event(feed)

    assert lagged == {"event": "lagged", "data": '{"missed":4}'}
    assert following["data"] == '{"number":4,"text":""}'


async def test_a_slow_socket_is_closed(client: TestClient[Any, Any], caplog: pytest.LogCaptureFixture) -> None:
    """With 1013, also from a task group, and nothing is logged as an error."""
    async with client.ws_connect("/behind") as socket:
        await asyncio.sleep(0.05)
        await client.post("/publish/9")
        assert (await socket.receive_json())["number"] == 0
        GATES["slow"].set()
        end = await socket.receive()

    assert (end.data, end.extra) == (1013, "Missed 3 events")
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


async def test_clients_that_go_leave_nothing(client: TestClient[Any, Any], opened: list[Hub]) -> None:
    """Although no event comes, the subscriptions of streams and sockets end with their clients."""
    (hub,) = opened
    feed = await client.get("/feed")
    await next_event(feed)
    socket = await client.ws_connect("/behind")
    await until(lambda: hub.open_addresses == ["orders", "short"])
    feed.close()
    await socket.close()
    await until(lambda: hub.open_addresses == [])


async def test_a_stop_ends_everything(client: TestClient[Any, Any], opened: list[Hub]) -> None:
    """Streams are complete, sockets are closed with 1001, and no task and no subscription is left."""
    feed = await client.get("/feed")
    await next_event(feed)
    socket = await client.ws_connect("/socket")
    await until(lambda: opened[0].open_addresses == ["orders"])
    start = time.monotonic()
    closing = asyncio.create_task(client.server.close())
    end = await socket.receive()
    rest = await feed.content.read()
    await closing
    gc.collect()
    await asyncio.sleep(0)

    assert (end.data, rest) == (1001, b"")
    assert time.monotonic() - start < 10
    assert opened[0].open_addresses == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_cannot_be_published() -> None:
    """A topic that the app does not declare, an event of another type; of a subclass only its base is sent."""

    class Secret(Placed, frozen=True):
        card: str = "4111"

    async with process("memory://") as one:
        other = Topic[Placed]("other")
        with pytest.raises(LookupError, match=r"<Topic 'other' \(.*\)> is not declared: add it to App"):
            await one.channels.publish(other, Placed(1))
        with pytest.raises(LookupError):
            one.channels.subscribe(other)
        wrong: Any = {"number": "one"}
        with pytest.raises(TypeError, match=r"^dict is not an event of the topic 'orders': Expected `int`, got `str`"):
            await one.channels.publish(ORDERS, wrong)
        with pytest.raises(ValueError, match=r"is not the name of a room: 1 to 200 characters$"):
            ORDERS.room("")
        events = one.channels.subscribe(ORDERS)
        await events.open()
        await one.channels.publish(ORDERS, Secret(1))
        assert type(await anext(events)) is Placed


async def test_rooms_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were used longest ago are forgotten, and those without events for ``max_age``; no topic is."""
    now = 1_000.0
    monkeypatch.setattr("framework.clock.monotonic", lambda: now)
    async with process("memory://", max_age=60) as one:
        held = one.channels.subscribe(ORDERS.room("held"))
        await held.open()
        await one.channels.publish(ORDERS, Placed(0))
        for number in range(1_200):
            await one.channels.publish(ORDERS.room(str(number)), Placed(number))
        many = one.hub.addresses
        now += 61
        for _ in range(64):
            await one.channels.publish(ORDERS.room("last"), Placed(0))
        few = one.hub.addresses

    assert 1_000 <= len(many) < 1_064
    assert many[-1] == "orders/1199"
    assert {"orders", "orders/held"} <= {*many}
    assert few == ["orders/held", "orders", "orders/last"]
