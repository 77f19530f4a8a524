"""Brokers through the protocol of taskiq: a double of its methods, and the queue that RabbitMQ gets.

The clients of Kafka and SQS are in tests/neighbours/test_sqs_and_kafka.py.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.broker.names import plain_name
from framework._jobs.broker.protocol import BrokerError
from framework._jobs.broker.taskiq import TaskiqBroker
from framework._jobs.broker.taskiq_urls import rabbitmq
from framework._jobs.records import JobState
from framework.jobs import CurrentJob, Jobs, job
from tests.jobs.brokers import BrokerServer
from tests.jobs.working import working
from tests.waiting import PATIENCE

RAN: list[Any] = []


class Double:
    """A broker of taskiq; those of one queue share their messages."""

    queues: ClassVar[dict[str, "asyncio.Queue[bytes]"]] = {}
    opened: ClassVar[list["Double"]] = []

    def __init__(self, queue: str, *, acks: bool = False, broken: bool = False) -> None:
        self.messages = self.queues.setdefault(queue, asyncio.Queue())
        self.is_worker_process = False
        self.acks = acks
        self.broken = broken
        self.acked: list[bytes] = []
        self.closed = False

    async def startup(self) -> None:
        """Connect."""
        assert self.is_worker_process
        self.opened.append(self)

    async def kick(self, message: Any) -> None:
        """Send a message."""
        if self.broken:
            raise RuntimeError("no")
        self.messages.put_nowait(message.message)

    async def listen(self) -> AsyncIterator[Any]:
        """Yield messages: as Kafka does, or with a method that acknowledges one."""
        while True:
            data = await self.messages.get()
            yield Acked(data, self.acked) if self.acks else data

    async def shutdown(self) -> None:
        """Close."""
        self.closed = True


class Acked:
    """A message that can be acknowledged."""

    def __init__(self, data: bytes, into: list[bytes]) -> None:
        self.data = data
        self._into = into

    def ack(self) -> None:
        """Note it; some brokers do so in a coroutine."""
        self._into.append(self.data)


@pytest.fixture(autouse=True)
def _clear() -> None:
    RAN.clear()
    Double.queues.clear()
    Double.opened.clear()


class Mail(Jobs):
    """Jobs that note that they run."""

    def __init__(self, current: CurrentJob) -> None:
        self._current = current

    @job(queue="high.mail", retries=1, backoff=0.01)
    async def fails(self) -> None:
        """Fail once."""
        RAN.append(self._current.attempt)
        if self._current.attempt == 1:
            raise ValueError


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return the database."""
    return str(request.param)


@pytest.mark.parametrize("acks", [False, True])
async def test_a_broker_that_a_function_makes(database: AsyncEngine, *, acks: bool) -> None:
    """It is asked for the broker of each queue; messages are acknowledged where that is possible, and it is closed."""
    async with working(database, Mail, broker=lambda queue: Double(queue, acks=acks)) as app:
        await app.until(await app.add(Mail.fails), JobState.DONE)
    assert RAN == [1, 2]
    (opened,) = Double.opened
    assert opened.closed
    # One message for each attempt.
    assert len(opened.acked) == (2 if acks else 0)
    assert list(Double.queues) == ["high.mail"]


async def test_no_more_messages_are_received_than_there_is_room_for() -> None:
    """One more waits at most, so that other workers can receive the rest."""
    broker = TaskiqBroker(Double, "of a test")
    await broker.publish("q", [b"1", b"2", b"3", b"4", b"5"])
    assert [one.data for one in await broker.receive(["q"], 2, 0.1)] == [b"1", b"2"]
    await asyncio.sleep(0.01)
    assert Double.queues["q"].qsize() >= 2
    assert [one.data for one in await broker.receive(["q", "r"], 9, 0.1)] == [b"3", b"4", b"5"]
    assert await broker.receive(["q", "r"], 9, 0.01) == []
    await broker.close()


async def test_errors_of_clients_are_errors_of_the_broker() -> None:
    """Whatever a client raises, the relay tries again."""
    broker = TaskiqBroker(lambda queue: Double(queue, broken=True), "of a test")
    with pytest.raises(BrokerError, match="RuntimeError: no"):
        await broker.publish("q", [b"1"])
    assert await broker.check() is False
    await broker.close()


class Failing(Double):
    """A broker that fails while it starts, or while its messages are closed."""

    starts = False

    async def startup(self) -> None:
        """Open some connections, and fail."""
        await super().startup()
        if not self.starts:
            raise ExceptionGroup("unhandled errors in a TaskGroup", [ConnectionError("no route")])

    async def listen(self) -> AsyncIterator[Any]:
        """Fail when it is closed."""
        try:
            yield await self.messages.get()
            yield await self.messages.get()
        finally:
            raise RuntimeError("closed")


async def test_a_client_that_fails_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it connects, and while its iterator is closed; the error is that of the client, and not a group."""
    broker = TaskiqBroker(Failing, "of a test")
    with pytest.raises(BrokerError, match=r"^ConnectionError: no route$"):
        await broker.publish("q", [b"1"])
    monkeypatch.setattr(Failing, "starts", True)
    await broker.publish("q", [b"1"])
    assert [one.data for one in await broker.receive(["q"], 1, 0.1)] == [b"1"]
    await broker.close()
    assert [one.closed for one in Double.opened] == [True, True]


def test_names_that_every_broker_allows() -> None:
    """Other names get a digest, so that two of them stay different."""
    assert plain_name("high_mail-2") == "high_mail-2"
    assert plain_name("high.mail") == "high_mail-54cabdce"
    assert plain_name("high mail") != plain_name("high.mail")


@pytest.mark.slow
async def test_the_queue_of_rabbitmq(brokers: Callable[[str], BrokerServer]) -> None:
    """It is a quorum queue, and a message that is never acknowledged is not delivered for ever."""
    import aio_pika

    server = brokers("rabbitmq")
    broker = TaskiqBroker(rabbitmq(server.url, "queue_test", 10), "RabbitMQ")
    await broker.publish("default", [b"1"])
    await broker.close()
    connection = await aio_pika.connect(server.url)
    channel = await connection.channel()
    with pytest.raises(Exception, match=r"x-delivery-limit' for queue 'queue_test.default' .* current is '20'"):
        await channel.declare_queue(
            "queue_test.default",
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": 3,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": "queue_test.undelivered",
            },
        )
    await connection.close()


async def received(broker: TaskiqBroker, count: int, *, acks: bool) -> list[bytes]:
    """Receive so many messages."""
    found: list[bytes] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            deliveries = await broker.receive(["default"], count - len(found), 1.0)
            if acks:
                await broker.ack(deliveries)
            found += [one.data for one in deliveries]
    return found


# The server takes more than five seconds to start.
@pytest.mark.slow
async def test_a_worker_that_is_busy_keeps_few_messages_of_rabbitmq(brokers: Callable[[str], BrokerServer]) -> None:
    """It is sent no more than it runs at once; another worker receives the others."""
    server = brokers("rabbitmq")
    busy, free = (TaskiqBroker(rabbitmq(server.url, "ahead_test", 3), "RabbitMQ") for _ in range(2))
    await busy.publish("default", [b"%d" % number for number in range(10)])
    assert await received(busy, 3, acks=False) == [b"0", b"1", b"2"]
    assert sorted(await received(free, 7, acks=True)) == [b"%d" % number for number in range(3, 10)]
    await busy.close()
    await free.close()


def test_nothing_is_imported_that_the_url_does_not_require() -> None:
    """Neither taskiq nor pydantic without a broker of taskiq, and no client of a broker before a worker runs."""
    code = (
        "import sys\n"
        "from framework import App\n"
        "from framework.jobs import Jobs, JobSettings, job\n"
        "class Mail(Jobs):\n"
        "    @job\n"
        "    async def send(self) -> None: ...\n"
        "import framework._jobs.broker.brokers as brokers\n"
        "for url in sys.argv[1:]:\n"
        "    settings = JobSettings([Mail], url='sqlite+aiosqlite:///:memory:', broker=url)\n"
        "    App(jobs=settings).build()\n"
        "    brokers.make_broker(settings)\n"
        "    print([name for name in ('taskiq', 'pydantic', 'nats', 'redis', 'aio_pika') if name in sys.modules])\n"
    )
    found = subprocess.run(  # noqa: S603  this Python
        [sys.executable, "-c", code, "amqp://host", "nats://host"], capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines() == ["[]", "['nats']"]
