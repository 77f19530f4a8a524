"""Who is present, the same on every engine."""

import asyncio
import gc
from contextlib import AsyncExitStack
from typing import Any

import pytest
from msgspec import Struct

from framework import App
from framework.channels import Channels, Presence, PresenceChange, Topic
from tests.channels.topics import ORDERS, ROLL, Member, process
from tests.waiting import PATIENCE, until

ANN, BOB = Member("Ann"), Member("Bob")


async def next_of(changes: Any) -> PresenceChange[Member]:
    """Return the next change."""
    async with asyncio.timeout(PATIENCE):
        change: PresenceChange[Member] = await anext(changes)
    return change


async def test_all_processes_know_who_is_present(shared_url: str, prefix: str) -> None:
    """Also a process that comes later; who leaves is reported to all."""
    async with process(shared_url, prefix=prefix) as one, process(shared_url, prefix=prefix) as other:
        changes = [each.channels.changes(ROLL) for each in (one, other)]
        assert [await next_of(each) for each in changes] == [PresenceChange({}, [], complete=True)] * 2
        async with one.channels.track(ROLL, "ann", ANN):
            assert [await next_of(each) for each in changes] == [PresenceChange({"ann": [ANN]}, [])] * 2
            async with other.channels.track(ROLL, "bob", BOB):
                assert [await next_of(each) for each in changes] == [PresenceChange({"bob": [BOB]}, [])] * 2
                async with process(shared_url, prefix=prefix) as late:
                    assert await late.channels.present(ROLL) == {"ann": [ANN], "bob": [BOB]}
                    first = await next_of(late.channels.changes(ROLL))
                assert first.complete
                assert first.present == {"ann": [ANN], "bob": [BOB]}
            assert [await next_of(each) for each in changes] == [PresenceChange({}, ["bob"])] * 2
            assert await other.channels.present(ROLL) == {"ann": [ANN]}


async def test_two_tabs_one_is_closed(url: str, prefix: str) -> None:
    """A user is present while one connection is, and has the values of all of them."""
    async with process(url, prefix=prefix) as one:
        changes = one.channels.changes(ROLL)
        await changes.open()
        assert (await next_of(changes)).complete
        async with one.channels.track(ROLL, "ann", ANN):
            assert await next_of(changes) == PresenceChange({"ann": [ANN]}, [])
            async with one.channels.track(ROLL, "ann", Member("Ann", away=True)):
                assert await next_of(changes) == PresenceChange({"ann": [ANN, Member("Ann", away=True)]}, [])
            assert await next_of(changes) == PresenceChange({"ann": [ANN]}, [])
        assert await next_of(changes) == PresenceChange({}, ["ann"])
        assert await one.channels.present(ROLL) == {}


async def test_a_value_changes(url: str, prefix: str) -> None:
    """The key has the new value; what is as before is not reported."""
    async with process(url, prefix=prefix) as one:
        changes = one.channels.changes(ROLL)
        await next_of(changes)
        async with one.channels.track(ROLL, "ann", ANN) as tracked, one.channels.track(ROLL, "bob", BOB):
            assert await next_of(changes) == PresenceChange({"ann": [ANN], "bob": [BOB]}, [])
            await tracked.update(Member("Ann", away=True))
            assert await next_of(changes) == PresenceChange({"ann": [Member("Ann", away=True)]}, [])


async def test_a_page_that_is_loaded_again_is_not_reported(url: str, prefix: str) -> None:
    """The connection that ends and the one that begins are one change, which changes nothing."""
    calm = Presence[Member]("calm", settle=0.5)
    async with process(url, prefix=prefix, topics=[calm]) as one:
        changes = one.channels.changes(calm)
        await next_of(changes)
        async with one.channels.track(calm, "ann", ANN):
            assert (await next_of(changes)).present == {"ann": [ANN]}
        async with one.channels.track(calm, "ann", ANN), one.channels.track(calm, "bob", BOB):
            assert await next_of(changes) == PresenceChange({"bob": [BOB]}, [])


async def test_rooms_have_their_own_connections(url: str, prefix: str) -> None:
    """Whatever their names are."""
    names = ["hall", "a.b", "*", ">", "ä /%", "a/b", "x" * 200]
    async with process(url, prefix=prefix) as one, AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(one.channels.track(ROLL.room(name), name, ANN))
        found = [await one.channels.present(ROLL.room(name)) for name in names]
        assert await one.channels.present(ROLL) == {}

    assert found == [{name: [ANN]} for name in names]


async def test_many_connections(url: str, prefix: str) -> None:
    """More than one command of an engine holds; they are stored together while others wait."""
    async with process(url, prefix=prefix) as one, AsyncExitStack() as stack:
        tracked = [one.channels.track(ROLL, f"user-{number}", Member(str(number))) for number in range(1_200)]
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(stack.enter_async_context(each) for each in tracked))
            found = await one.channels.present(ROLL)
            assert len(found) == 1_200
            assert found["user-7"] == [Member("7")]
            async for change in one.channels.changes(ROLL):
                assert len(change.present) == 1_200
                break


async def test_many_leave_at_once(url: str, prefix: str) -> None:
    """Their ids do not fit into an event of the application."""
    async with process(url, prefix=prefix, size_limit=200) as one:
        async with AsyncExitStack() as stack:
            tracked = [one.channels.track(ROLL, f"user-{number}", ANN) for number in range(1_100)]
            await asyncio.gather(*(stack.enter_async_context(each) for each in tracked))
            changes = one.channels.changes(ROLL)
            assert len((await next_of(changes)).present) == 1_100
        left: set[str] = set()
        while len(left) < 1_100:
            left.update((await next_of(changes)).left)
        assert await one.channels.present(ROLL) == {}


async def test_a_slow_reader_receives_several_changes_as_one(url: str, prefix: str) -> None:
    """What came and went meanwhile is not in it."""
    async with process(url, prefix=prefix) as one:
        fast, slow = one.channels.changes(ROLL), one.channels.changes(ROLL)
        await next_of(fast)
        await next_of(slow)
        async with one.channels.track(ROLL, "ann", ANN):
            await next_of(fast)
            async with one.channels.track(ROLL, "bob", BOB):
                await next_of(fast)
            assert await next_of(fast) == PresenceChange({}, ["bob"])
            assert await next_of(slow) == PresenceChange({"ann": [ANN]}, [])


async def test_a_process_that_closes_leaves_at_once(shared_url: str, prefix: str) -> None:
    """Its connections are removed, also those whose handlers still run."""
    async with process(shared_url, prefix=prefix) as one:
        async with process(shared_url, prefix=prefix) as other:
            tracked = other.channels.track(ROLL, "bob", BOB)
            await tracked.__aenter__()
            changes = one.channels.changes(ROLL)
            assert (await next_of(changes)).present == {"bob": [BOB]}
        assert await one.channels.present(ROLL) == {}
        assert await next_of(changes) == PresenceChange({}, ["bob"])
        await tracked.__aexit__(None, None, None)


async def test_a_loop_that_is_left_ends_the_subscription(url: str, prefix: str) -> None:
    """By break, by an exception and by cancellation; nothing is left of it."""
    async with process(url, prefix=prefix) as one:

        async def read(ends: str) -> None:
            async for _ in one.channels.changes(ROLL):
                if ends == "break":
                    break
                if ends == "error":
                    raise KeyError(ends)

        await read("break")
        with pytest.raises(KeyError):
            await read("error")
        task = asyncio.create_task(read("never"))
        await until(lambda: bool(one.hub.open_addresses))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        del task
        gc.collect()
        await until(lambda: one.presences.is_idle)
        await until(lambda: not one.hub.open_addresses)


async def test_a_reader_ends_when_it_is_closed_or_the_app_ends(url: str, prefix: str) -> None:
    """It does not wait for a change that never comes."""

    async def count(changes: Any) -> int:
        return len([change async for change in changes])

    async with process(url, prefix=prefix) as one:
        closed, ended = one.channels.changes(ROLL), one.channels.changes(ROLL)
        tasks = [asyncio.create_task(count(each)) for each in (closed, ended)]
        await until(lambda: bool(one.hub.open_addresses))
        await closed.aclose()
        async with asyncio.timeout(PATIENCE):
            await tasks[0]
    async with asyncio.timeout(PATIENCE):
        assert await tasks[1] == 1


async def test_wrong_calls(url: str, prefix: str) -> None:
    """They are errors at the call, and store nothing."""
    unknown = Presence[Member]("unknown")
    wrong: Any = ORDERS
    other: Any = ROLL
    number: Any = 7
    async with process(url, prefix=prefix) as one:
        with pytest.raises(LookupError, match=r"<Presence 'unknown' .* is not declared"):
            one.channels.track(unknown, "ann", ANN)
        with pytest.raises(LookupError):
            one.channels.changes(unknown)
        with pytest.raises(LookupError):
            await one.channels.present(unknown)
        with pytest.raises(TypeError, match="int is not a value of the presence 'roll'"):
            one.channels.track(ROLL, "ann", number)
        with pytest.raises(TypeError, match=r"The key is 7, not a str: write str\(7\)"):
            one.channels.track(ROLL, number, ANN)
        with pytest.raises(TypeError, match=r"<Topic 'orders' .* is not a Presence"):
            one.channels.track(wrong, "ann", ANN)
        with pytest.raises(TypeError, match=r"<Presence 'roll' .* is not a Topic"):
            one.channels.subscribe(other)
        for key in ("", "x" * 201):
            with pytest.raises(ValueError, match=r"is not a key: 1 to 200 characters"):
                one.channels.track(ROLL, key, ANN)
        with pytest.raises(ValueError, match=r"A value of the presence 'roll' has .* the limit"):
            one.channels.track(ROLL, "ann", Member("x" * 262_144))
        assert await one.channels.present(ROLL) == {}


async def test_a_value_has_the_fields_of_its_type_alone(url: str, prefix: str) -> None:
    """Others could read what was not meant for them; subclasses have more fields."""

    class Secret(Member, frozen=True, kw_only=True):
        password: str

    secret = Secret("Ann", password="hunter2")
    async with process(url, prefix=prefix) as one, one.channels.track(ROLL, "ann", secret):
        found = await one.hub.presence.read("roll")
        assert b"hunter2" not in b"".join(found.values())
        assert await one.channels.present(ROLL) == {"ann": [ANN]}


async def test_what_another_release_stores_is_skipped(
    shared_url: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With one warning; others are present."""

    class Other(Struct, frozen=True):
        number: int

    newer = Presence[Other]("roll")
    async with process(shared_url, prefix=prefix) as one, process(shared_url, prefix=prefix, topics=[newer]) as other:
        await one.hub.presence.put("roll", {"x": b"hello"})
        async with other.channels.track(newer, "new", Other(1)), one.channels.track(ROLL, "ann", ANN):
            assert await one.channels.present(ROLL) == {"ann": [ANN]}
            assert await one.channels.present(ROLL) == {"ann": [ANN]}

    assert [each.message.partition(" is skipped")[0] for each in caplog.records if each.levelname == "WARNING"] == [
        "A value of the presence 'roll'"
    ]


async def test_an_app_injects_channels_with_presence() -> None:
    """Without a value for each connection, the type is None."""
    online = Presence[None]("online")
    app = App(channels=[online, Topic[int]("numbers")])
    async with app.services() as services:
        channels = await services.get(Channels)
        async with channels.track(online, "ann"):
            assert await channels.present(online) == {"ann": [None]}
