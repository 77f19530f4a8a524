"""Jobs that a broker carries: faults of brokers, relays and messages, on real servers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.broker.brokers import make_broker
from framework._jobs.broker.protocol import Broker
from framework._jobs.engine import Filter
from framework._jobs.examining import examine_broker
from framework._jobs.records import Handed, JobState
from framework._jobs.table.database import Database
from framework._jobs.table.handing import Handing
from framework._jobs.table.statements import Statements
from framework.jobs import CurrentJob, Jobs, JobSettings, job
from tests.jobs.brokers import SERVERS, BrokerServer
from tests.jobs.working import CARRIED, working
from tests.rabbitmq_server import RabbitMQServer
from tests.waiting import until

RAN: list[Any] = []


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return which broker carries the jobs of the test."""
    return str(request.param)


@pytest.fixture(autouse=True)
def _clear() -> None:
    RAN.clear()


@pytest.fixture
def server(kind: str, brokers: Callable[[str], BrokerServer]) -> BrokerServer:
    """Return the server."""
    return brokers(kind)


@pytest.fixture
async def handing(database: AsyncEngine) -> AsyncIterator[Handing]:
    """Return what relays use of the table."""
    opened = Database(database, own=True)
    yield Handing(opened, Statements(postgresql=opened.postgresql))
    await opened.close()


@pytest.fixture
async def broker(kind: str) -> AsyncIterator[Broker]:
    """Return the client of a second relay."""
    assert kind in CARRIED["broker_prefix"]
    opened = make_broker(JobSettings([], **CARRIED))
    yield opened
    await opened.close()


class Mail(Jobs):
    """Jobs that note that they run."""

    def __init__(self, current: CurrentJob) -> None:
        self._current = current

    @job(retries=0)
    async def send(self, number: int) -> None:
        """Note the attempt."""
        RAN.append((number, self._current.attempt))

    @job(concurrency=1)
    async def alone(self) -> None:
        """Note when it begins and when it ends."""
        RAN.append("begin")
        await asyncio.sleep(0.01)
        RAN.append("end")


def encoded(handed: Handed) -> bytes:
    """Return the message of a job."""
    return f'[{handed.id},{handed.attempt},"{handed.queue}","{handed.owner}",{handed.until}]'.encode()


async def test_jobs_that_a_killed_relay_has_not_published(database: AsyncEngine, handing: Handing) -> None:
    """They are handed over again, and the attempt counts once: nobody has begun them."""
    async with working(database, Mail, workers=0, lease=0.5, heartbeat=0.1) as app:
        number = await app.add(Mail.send, 1)
        assert len(await handing.hand_over("broker:dead", "default", 10, 0.5)) == 1
        app.start()
        await app.until(number, JobState.DONE)
    assert RAN == [(1, 1)]


async def test_jobs_of_a_relay_whose_database_did_not_respond(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were marked, and not published: they are handed over again at once, and not after the time of a lease."""
    hand_over, take_back = Handing.hand_over, Handing.take_back
    lost: list[str] = []

    async def hands_over(self: Handing, owner: str, *args: Any) -> list[Handed]:
        found = await hand_over(self, owner, *args)
        if found and not lost:
            lost.append(owner)
            raise ConnectionError("closed in the middle")
        return found

    async def takes_back(self: Handing, owner: str) -> None:
        if lost == [owner]:
            lost.append(owner)
            raise ConnectionError("connection refused")
        await take_back(self, owner)

    monkeypatch.setattr(Handing, "hand_over", hands_over)
    monkeypatch.setattr(Handing, "take_back", takes_back)
    async with working(database, Mail, lease=600.0) as app:
        await app.until(await app.add(Mail.send, 1), JobState.DONE)
    assert len(lost) == 2
    assert RAN == [(1, 1)]


async def test_a_message_that_comes_late_and_twice(database: AsyncEngine, handing: Handing, broker: Broker) -> None:
    """The job runs once; a message of an earlier handing over changes nothing."""
    async with working(database, Mail, workers=0) as app:
        number = await app.add(Mail.send, 1)
        (late,) = await handing.hand_over("broker:first", "default", 10, 30)
        await handing.take_back("broker:first")
        (handed,) = await handing.hand_over("broker:second", "default", 10, 30)
        await broker.publish("default", [encoded(late), encoded(handed), encoded(handed)])
        app.start()
        await app.until(number, JobState.DONE)
        other = await app.add(Mail.send, 2)
        await app.until(other, JobState.DONE)
        assert app.workers[0][0].counts.lost == 0
    assert RAN == [(1, 1), (2, 1)]


async def test_a_message_that_cannot_be_read(
    database: AsyncEngine, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its first bytes, and is no job: those are in the table."""
    async with working(database, Mail) as app:
        await broker.publish("default", [b"\xff" * 300, b'{"id": 1}'])
        await until(lambda: caplog.text.count("is not about a job") == 2)
        await app.until(await app.add(Mail.send, 1), JobState.DONE)
    said = [one.getMessage() for one in caplog.records if "is not about a job" in one.getMessage()]
    assert said[0].startswith("A message of 300 bytes is not about a job: b'\\xff\\xff")
    assert len(said[0]) < 600
    assert RAN == [(1, 1)]


async def test_a_job_that_is_handed_over_is_ready(database: AsyncEngine, handing: Handing, broker: Broker) -> None:
    """It shows the batch as its owner, and is cancelled at once."""
    async with working(database, Mail, workers=0) as app:
        number = await app.add(Mail.send, 1)
        (handed,) = await handing.hand_over("broker:batch", "default", 10, 30)
        record = await app.record(number)
        assert (record.state, record.owner, record.attempt) == (JobState.READY, "broker:batch", 0)
        assert await app.engine.discard(Filter(ids=(number,))) == 1
        record = await app.record(number)
        assert (record.state, record.owner, record.lease_until) == (JobState.CANCELLED, None, None)
        await broker.publish("default", [encoded(handed)])
        app.start()
        await app.until(await app.add(Mail.send, 2), JobState.DONE)
    assert RAN == [(2, 1)]


async def test_a_queue_that_is_paused_after_its_jobs_were_handed_over(
    database: AsyncEngine, handing: Handing, broker: Broker
) -> None:
    """They wait in the table, and run when it is resumed."""
    async with working(database, Mail, workers=0) as app:
        number = await app.add(Mail.send, 1)
        (handed,) = await handing.hand_over("broker:batch", "default", 10, 30)
        await app.engine.pause("default", paused=True)
        await broker.publish("default", [encoded(handed)])
        app.start()

        async def left() -> bool:
            return (await app.record(number)).owner is None

        await until(left)
        assert RAN == []
        await app.engine.pause("default", paused=False)
        await app.until(number, JobState.DONE)
    assert RAN == [(1, 1)]


async def test_a_limit_holds_for_jobs_that_a_broker_carries(database: AsyncEngine) -> None:
    """Two workers never run two jobs of one key."""
    async with working(database, Mail, workers=2) as app:
        numbers = [await app.add(Mail.alone) for _ in range(6)]
        for number in numbers:
            await app.until(number, JobState.DONE)
    assert RAN == ["begin", "end"] * 6


async def test_a_broker_that_is_switched_off(database: AsyncEngine, handing: Handing) -> None:
    """Workers that read the table run what it had, when the time for its delivery is over."""
    async with working(database, Mail, broker=None, lease=0.5) as app:
        await app.stop()
        number = await app.add(Mail.send, 1)
        assert len(await handing.hand_over("broker:batch", "default", 10, 0.5)) == 1
        app.start()
        await app.until(number, JobState.DONE)
    assert RAN == [(1, 1)]


@pytest.mark.slow
async def test_a_broker_that_is_away(
    database: AsyncEngine, server: BrokerServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Jobs are added and wait in the table; doctor names the broker; they run when it is back."""
    await asyncio.to_thread(server.kill)
    try:
        async with working(database, Mail) as app:
            began = time.monotonic()
            number = await app.add(Mail.send, 1)
            added = time.monotonic() - began
            await until(lambda: "cannot be reached, jobs wait in the table" in caplog.text)
            (finding,) = await examine_broker(app.engine)
            assert finding.what.startswith(f"the broker {server.url.replace('guest:guest@', '').split('?')[0][:12]}")
            record = await app.record(number)
            assert (record.state, record.attempt) == (JobState.READY, 0)
            await asyncio.to_thread(server.start)

            async def done() -> bool:
                return (await app.record(number)).state is JobState.DONE

            await until(done, 60)
            assert await examine_broker(app.engine) == []
    finally:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    assert added < 3
    assert RAN == [(1, 1)]
    said = [
        one.getMessage() for one in caplog.records if one.name == "framework.jobs" and "reached" in one.getMessage()
    ]
    assert [one.rpartition("reached")[2].partition(":")[0] for one in said] == [", jobs wait in the table", " again"]


@pytest.mark.slow
async def test_a_broker_that_is_killed_loses_no_job(database: AsyncEngine, server: BrokerServer) -> None:
    """Jobs that it carried run once, whether it knows them afterwards or not."""
    async with working(database, Mail, workers=2, concurrency=2, lease=2.0) as app:
        numbers = [await app.add(Mail.send, 0)]
        await app.until(numbers[0], JobState.DONE)
        await asyncio.sleep(server.settles)
        numbers += [await app.add(Mail.send, number) for number in range(1, 60)]
        await until(lambda: len(RAN) > 5)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        numbers += [await app.add(Mail.send, number) for number in range(60, 70)]

        async def done() -> bool:
            (status,) = await app.engine.status()
            return status.counts == {JobState.DONE: len(numbers)}

        await until(done, 60)
    assert sorted(RAN) == [(number, 1) for number in range(70)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rabbitmq"])
async def test_rabbitmq_that_is_killed_when_its_queue_is_new(
    database: AsyncEngine, server: BrokerServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It has forgotten the members of the queue and elects no leader: jobs wait in the table until an operator does."""
    assert isinstance(server, RabbitMQServer)
    async with working(database, Mail) as app:
        await app.until(await app.add(Mail.send, 1), JobState.DONE)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        number = await app.add(Mail.send, 2)
        await until(lambda: "jobs wait in the table" in caplog.text)
        await asyncio.sleep(5)
        assert (await app.record(number)).state is JobState.READY
        await asyncio.to_thread(server.elect, f"{CARRIED['broker_prefix']}.default")
        await app.until(number, JobState.DONE)
    assert RAN == [(1, 1), (2, 1)]
