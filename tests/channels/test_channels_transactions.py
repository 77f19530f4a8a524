"""Events that are published in a transaction of SQLAlchemy."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest
from pytest_aiohttp.plugin import AiohttpClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from framework import App, Container, Controller, Event, EventStream, Inject, get, post
from framework.channels import Channels, ChannelSettings
from framework.http_errors import Conflict
from tests.channels.topics import ORDERS, Placed, numbers, process


class Ledger:
    """A singleton that publishes at once."""

    def __init__(self, channels: Annotated[Channels, Inject("now")]) -> None:
        self.channels = channels


class Orders(Controller):
    """Publishes in a transaction."""

    def __init__(self, session: AsyncSession, channels: Channels) -> None:
        self._session = session
        self._channels = channels

    async def _insert(self, number: int) -> None:
        await self._session.execute(text("INSERT INTO orders VALUES (:number)"), {"number": number})
        await self._channels.publish(ORDERS, Placed(number))

    @post("/commit")
    async def commit(self) -> None:
        """Commit at the end."""
        await self._insert(1)

    @post("/fail")
    async def fail(self) -> None:
        """Roll back."""
        await self._insert(2)
        raise Conflict("no")

    @post("/savepoints")
    async def savepoints(self) -> None:
        """Roll one savepoint back, with what was released in it, and release another."""
        await self._insert(3)
        savepoint = await self._session.begin_nested()
        await self._insert(4)
        async with self._session.begin_nested():
            await self._insert(5)
        await savepoint.rollback()
        async with self._session.begin_nested():
            await self._insert(6)

    @post("/now")
    async def now(self, ledger: Ledger) -> None:
        """Publish at once, and roll back."""
        await ledger.channels.publish(ORDERS, Placed(7))
        raise Conflict("no")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """Return a database with a table."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE orders (number INTEGER)"))
    yield engine
    await engine.dispose()


def container_of(engine: AsyncEngine, *, begins: bool) -> Container:
    """Register a session: in a transaction, or without one."""

    async def open_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            if begins:
                async with session.begin():
                    yield session
            else:
                yield session

    container = Container()
    container.add_singleton(Ledger)
    container.add_scoped(AsyncSession, open_session)
    return container


@pytest.mark.parametrize(
    ("path", "published"),
    [("commit", [1]), ("fail", []), ("savepoints", [3, 6]), ("now", [7])],
)
async def test_events_follow_their_transaction(
    engine: AsyncEngine, aiohttp_client: AiohttpClient, path: str, published: list[int]
) -> None:
    """They are sent after the commit; a rollback, also to a savepoint, drops them; "now" does not wait."""

    class Watcher(Controller):
        """Sends what is published."""

        @get("/events")
        async def events(self, channels: Annotated[Channels, Inject("now")]) -> EventStream[Event[Placed]]:
            """Return the events."""
            return channels.events(ORDERS)

    app = App([Orders, Watcher], container=container_of(engine, begins=True), channels=[ORDERS])
    client = await aiohttp_client(app.build())
    events = await client.get("/events")
    await events.content.readuntil(b"\n\n")
    await client.post(f"/{path}")
    await client.post("/commit")

    found = [(await events.content.readuntil(b"\n\n")).decode() for _ in (*published, 1)]

    assert [int(one.partition('"number":')[2].partition(",")[0]) for one in found] == [*published, 1]


async def test_without_a_transaction(engine: AsyncEngine) -> None:
    """A session that begins later decides when it commits; one that never begins does not hold events back."""
    app = App(container=container_of(engine, begins=False), channels=[ORDERS])

    async def publish(number: int, ends: str, session: AsyncSession, channels: Channels) -> None:
        await channels.publish(ORDERS, Placed(number))
        if ends:
            await session.execute(text("INSERT INTO orders VALUES (:number)"), {"number": number})
            await channels.publish(ORDERS, Placed(number + 1))
        if ends in ("commit", "rollback"):
            await getattr(session, ends)()
        if ends == "raise":
            raise KeyError(number)

    async with app.services() as services:
        channels = await services.get(Channels, qualifier="now")
        events = channels.subscribe(ORDERS)
        await events.open()
        await services.call(publish, 1, "")
        await services.call(publish, 10, "commit")
        await services.call(publish, 20, "")
        await services.call(publish, 30, "left open")
        with pytest.raises(KeyError):
            await services.call(publish, 40, "raise")
        await services.call(publish, 45, "rollback")
        await services.call(publish, 50, "")
        async with asyncio.timeout(10):
            assert await numbers(events, 5) == [1, 10, 11, 20, 50]


async def test_the_events_of_a_stopping_app_are_sent(engine: AsyncEngine, lasting_url: str, prefix: str) -> None:
    """What a commit has released is sent before the engine is closed."""
    app = App(
        container=container_of(engine, begins=True),
        channels=ChannelSettings(topics=[ORDERS], url=lasting_url, prefix=prefix),
    )

    async def publish(_session: AsyncSession, channels: Channels) -> None:
        for number in range(5):
            await channels.publish(ORDERS, Placed(number))

    async with process(lasting_url, prefix=prefix) as other:
        events = other.channels.subscribe(ORDERS)
        await events.open()
        async with app.services() as services:
            await services.call(publish)
        async with asyncio.timeout(10):
            assert await numbers(events, 5) == [*range(5)]
