"""The same behaviour on every engine."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Struct

from framework.channels import Topic
from tests.channels.topics import DROPPING, ORDERS, Placed, numbers, process
from tests.waiting import PATIENCE, until


async def test_events_arrive_in_order_in_every_process(shared_url: str, prefix: str) -> None:
    """Two processes subscribe, and each gets the events of both once, in the order of each publisher."""
    async with process(shared_url, prefix=prefix) as one, process(shared_url, prefix=prefix) as other:
        events = [each.channels.subscribe(ORDERS) for each in (one, one, other)]
        for subscription in events:
            await subscription.open()
        reading = [asyncio.create_task(numbers(each, 200)) for each in events]

        async def publish(start: int, own: Any) -> None:
            for number in range(start, start + 100):
                await own.channels.publish(ORDERS, Placed(number))

        await asyncio.gather(publish(0, one), publish(1_000, other))
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.gather(*reading)

    for received in found:
        assert [number for number in received if number < 1_000] == [*range(100)]
        assert [number for number in received if number >= 1_000] == [*range(1_000, 1_100)]


async def test_a_publisher_is_a_subscriber_too(url: str, prefix: str) -> None:
    """What a process publishes arrives in the same process, with the values and types of the event."""

    class Full(Struct, frozen=True):
        at: datetime
        data: bytes
        parts: tuple[int, ...]
        nested: Placed | None

    topic = Topic[Full]("full")
    event = Full(datetime(2026, 5, 1, tzinfo=UTC), b"\0\xff", (1, 2), Placed(1, "ä\n\0"))
    async with process(url, prefix=prefix, topics=[topic]) as one:
        events = one.channels.subscribe(topic)
        await events.open()
        await one.channels.publish(topic, event)
        async with asyncio.timeout(PATIENCE):
            found = await anext(events)

    assert found == event


@pytest.mark.parametrize("size", [7_700, 8_000, 200_000])
async def test_large_events_arrive(url: str, prefix: str, size: int) -> None:
    """Events that NOTIFY does not carry arrive as well, and in order."""
    async with process(url, prefix=prefix) as one:
        events = one.channels.subscribe(ORDERS)
        await events.open()
        for number in range(3):
            await one.channels.publish(ORDERS, Placed(number, "x" * (size if number == 1 else 1)))
        async with asyncio.timeout(PATIENCE):
            found = [await anext(events) for _ in range(3)]

    assert [(each.number, len(each.text)) for each in found] == [(0, 1), (1, size), (2, 1)]


async def test_an_event_above_the_limit_is_an_error_where_it_is_published(url: str, prefix: str) -> None:
    """The limit is the same on every engine, and is checked before anything is sent."""
    async with process(url, prefix=prefix) as one:
        with pytest.raises(ValueError, match=r"has 262\d{3} bytes, and the limit .* is 262144: store it"):
            await one.channels.publish(ORDERS, Placed(1, "x" * 262_144))


async def test_rooms_are_apart(url: str, prefix: str) -> None:
    """A room has its own events, whatever its name is."""
    names = ["hall", "a.b", "*", ">", "ä /%", "a/b", "x" * 200]
    async with process(url, prefix=prefix) as one:
        rooms = [ORDERS.room(name) for name in names]
        events = [one.channels.subscribe(topic) for topic in (ORDERS, *rooms)]
        for each in events:
            await each.open()
        for number, topic in enumerate((ORDERS, *rooms)):
            await one.channels.publish(topic, Placed(number))
            await one.channels.publish(topic, Placed(100 + number))
        async with asyncio.timeout(PATIENCE):
            found = [await numbers(each, 2) for each in events]

    assert found == [[number, 100 + number] for number in range(len(names) + 1)]


async def test_a_client_that_returns_gets_what_it_has_missed(url: str, prefix: str) -> None:
    """After a known id the events after it are replayed, in the process that has seen them."""
    async with process(url, prefix=prefix) as one:
        held = one.channels.subscribe(ORDERS)
        await held.open()
        for number in range(5):
            await one.channels.publish(ORDERS, Placed(number))
        async with asyncio.timeout(PATIENCE):
            assert await numbers(held, 2) == [0, 1]
            returned = one.channels.subscribe(ORDERS, after=held.id)
            assert await numbers(held, 3) == [2, 3, 4]
            assert await numbers(returned, 3) == [2, 3, 4]


async def test_the_history_is_that_of_all_processes(lasting_url: str, prefix: str) -> None:
    """Engines with a history replay in a process that was not there."""
    async with process(lasting_url, prefix=prefix) as one:
        held = one.channels.subscribe(ORDERS)
        await held.open()
        before = held.id
        for number in range(5):
            await one.channels.publish(ORDERS, Placed(number))
    async with process(lasting_url, prefix=prefix) as other, asyncio.timeout(PATIENCE):
        returned = other.channels.subscribe(ORDERS, after=before)
        assert await numbers(returned, 5) == [*range(5)]


async def event_names(events: Any, count: int) -> list[Any]:
    """Return names of special events, or the numbers of the others."""
    found: list[Any] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            event = await anext(events)
            found.append(event.event or (event.data.number if hasattr(event, "data") else None))
    return found


@pytest.mark.parametrize("kind", ["too old", "of another epoch", "garbage"])
async def test_an_id_that_is_not_known(url: str, prefix: str, kind: str) -> None:
    """Too old and of another epoch: a reset, then live. Garbage is like no id."""
    async with process(url, prefix=prefix) as one:
        held = one.channels.subscribe(DROPPING)
        await held.open()
        old = held.id
        for number in range(200):
            await one.channels.publish(DROPPING, Placed(number))
        async with asyncio.timeout(PATIENCE):
            while (await anext(held)).number < 199:
                pass
        other = "9" * 12 + "-7" if url.startswith(("memory", "redis://", "nats")) else "99999-0"
        given = {"too old": old, "of another epoch": other.removesuffix("-0" * ("post" in url)), "garbage": "?\x7f"}
        events = one.channels.events(DROPPING, after=given[kind])
        first = await anext(events)
        await one.channels.publish(DROPPING, Placed(7))
        found = await event_names(events, 1)

    assert (first.event, first.id) == (None if kind == "garbage" else "reset", held.id)
    assert found == [7]


async def test_a_slow_subscriber_hurts_nobody(url: str, prefix: str) -> None:
    """It is told how many events it has lost, and continues with the oldest that is left, or its loop ends."""
    async with process(url, prefix=prefix) as one:
        fast, slow = one.channels.subscribe(DROPPING), one.channels.subscribe(DROPPING)
        for each in (fast, slow):
            await each.open()
        async with asyncio.timeout(PATIENCE):
            for number in range(20):
                await one.channels.publish(DROPPING, Placed(number))
                assert (await numbers(fast, 1), fast.lagged) == ([number], None)
            first = await anext(slow)
        lagged = slow.lagged
        rest = await numbers(slow, 4)

    assert first.number == 15
    assert lagged is not None
    assert lagged.missed == 15
    assert (rest, slow.lagged) == ([16, 17, 18, 19], None)


async def test_nothing_is_left_of_subscriptions(shared_url: str, prefix: str) -> None:
    """However a loop is left, the engine is told after the last subscriber; a new one begins again."""
    async with process(shared_url, prefix=prefix) as one:
        opened = asyncio.Semaphore(0)

        async def first(topic: Topic[Placed], error: type[Exception] | None) -> None:
            events = one.channels.subscribe(topic)
            await events.open()
            opened.release()
            async for event in events:
                if error is not None:
                    raise error(event.number)
                break

        for _ in range(2):
            tasks = [
                asyncio.create_task(first(ORDERS, None)),
                asyncio.create_task(first(ORDERS, KeyError)),
                asyncio.create_task(first(ORDERS.room("a"), None)),
            ]
            for _ in range(3):
                await asyncio.wait_for(opened.acquire(), PATIENCE)
            assert one.hub.open_addresses == ["orders", "orders/a"]
            await one.channels.publish(ORDERS, Placed(1))
            tasks[2].cancel()
            async with asyncio.timeout(PATIENCE):
                done = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(each) for each in done] == [type(None), KeyError, asyncio.CancelledError]
            del done, tasks
            await until(lambda: one.hub.is_idle)


async def test_without_a_subscriber_nothing_is_kept_here(shared_url: str, prefix: str) -> None:
    """Publishing alone opens no address."""
    async with process(shared_url, prefix=prefix) as one:
        for number in range(20):
            await one.channels.publish(ORDERS, Placed(number))

        assert one.hub.is_idle


async def test_an_event_of_another_release_is_skipped(
    shared_url: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What this process cannot decode is skipped with one warning, and the stream goes on."""

    class Other(Struct, frozen=True):
        name: str

    newer = Topic[Other | None]("orders")
    async with process(shared_url, prefix=prefix) as one, process(shared_url, prefix=prefix, topics=[newer]) as other:
        events = one.channels.subscribe(ORDERS)
        await events.open()
        await other.channels.publish(newer, Other("new"))
        await other.channels.publish(newer, None)
        await one.channels.publish(ORDERS, Placed(3))
        async with asyncio.timeout(PATIENCE):
            assert await numbers(events, 1) == [3]

    assert [each.message.partition(" is skipped")[0] for each in caplog.records if each.levelname == "WARNING"] == [
        "An event of the topic 'orders'"
    ]
