"""A job exists if and only if the transaction that added it has committed, however transactions are interleaved."""

import asyncio
import random
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework._jobs.records import JobState
from framework.jobs import JobQueue, Jobs, job
from tests.jobs.working import Working, working
from tests.waiting import until

RAN: list[int] = []
_SESSIONS = 150


class Orders(Jobs):
    """A job of an order."""

    @job
    async def confirm(self, number: int) -> None:
        """Note the order."""
        RAN.append(number)


async def place(app: Working, number: int, chance: random.Random) -> None:
    """Write an order and add its job in one transaction, which may fail before, between and after."""

    async def order(session: AsyncSession, queue: JobQueue) -> None:
        steps: list[Any] = [
            lambda: session.execute(text("INSERT INTO orders (n) VALUES (:n)"), {"n": number}),
            lambda: queue.add(Orders.confirm, number),
        ]
        chance.shuffle(steps)
        for step in steps:
            await asyncio.sleep(chance.uniform(0, 0.002))
            if chance.random() < 0.15:
                raise KeyError(number)
            await step()
        if chance.random() < 0.3:
            raise KeyError(number)

    try:
        await app.services.call(order)
    except KeyError:
        return


async def interleave(database: AsyncEngine, sessions: int) -> tuple[set[int], list[int]]:
    """Run transactions at the same time, and return the orders that exist and those whose jobs have run."""
    RAN.clear()
    chance = random.Random(sessions)  # noqa: S311  not a secret
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE orders (n integer)"))
    async with working(database, Orders) as app:
        places = asyncio.Semaphore(8)

        async def one(number: int) -> None:
            async with places:
                await place(app, number, chance)

        await asyncio.gather(*(one(number) for number in range(sessions)))

        async def done() -> bool:
            return all(set(one.counts) <= {JobState.DONE} for one in await app.engine.status())

        await until(done)
    async with database.connect() as connection:
        orders = set((await connection.execute(text("SELECT n FROM orders"))).scalars())
    return orders, sorted(RAN)


async def test_orders_and_their_jobs_are_one_transaction(database: AsyncEngine) -> None:
    """Each order that exists has had its job run once, and no other job has run."""
    orders, ran = await interleave(database, _SESSIONS)
    assert ran == sorted(orders)
    assert 0 < len(orders) < _SESSIONS
