"""SQS through the real client and moto's server, and the client of Kafka, which has no server here."""

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.broker.protocol import Broker
from framework._jobs.broker.taskiq_urls import kafka, sqs
from framework._jobs.records import JobState
from framework.jobs import CurrentJob, Jobs, job
from tests.jobs.brokers import BrokerServer
from tests.jobs.conftest import brokers, carried, database, url
from tests.jobs.test_job_brokers import RAN as RAN_ELSEWHERE
from tests.jobs.test_job_brokers import Mail as ElsewhereMail
from tests.jobs.test_job_brokers import (
    broker,
    handing,
    test_a_broker_that_is_switched_off,
    test_a_job_that_is_handed_over_is_ready,
    test_a_limit_holds_for_jobs_that_a_broker_carries,
    test_a_message_that_comes_late_and_twice,
    test_a_queue_that_is_paused_after_its_jobs_were_handed_over,
    test_jobs_that_a_killed_relay_has_not_published,
)
from tests.jobs.working import CARRIED, working
from tests.local_server import free_port
from tests.sqs_server import SQSServer
from tests.waiting import until

__all__ = (
    "broker",
    "brokers",
    "carried",
    "database",
    "handing",
    "test_a_broker_that_is_switched_off",
    "test_a_job_that_is_handed_over_is_ready",
    "test_a_limit_holds_for_jobs_that_a_broker_carries",
    "test_a_message_that_comes_late_and_twice",
    "test_a_queue_that_is_paused_after_its_jobs_were_handed_over",
    "test_jobs_that_a_killed_relay_has_not_published",
    "url",
)
# What all brokers are tested with, and the fixtures of that; the tests note what ran in their own module.

RAN: list[int] = []
OF_MAILS = "high_mail-54cabdce"
"""What the queue "high.mail" is called by brokers that do not allow a dot."""


@pytest.fixture
def kind() -> str:
    """Return which broker carries the jobs of the test."""
    return "sqs"


@pytest.fixture
def server(brokers: Callable[[str], BrokerServer]) -> SQSServer:
    """Return the server of SQS."""
    found = brokers("sqs")
    assert isinstance(found, SQSServer)
    return found


@pytest.fixture(autouse=True)
def _clear() -> None:
    RAN.clear()
    RAN_ELSEWHERE.clear()


class Mail(Jobs):
    """A job in a queue whose name SQS does not allow."""

    def __init__(self, current: CurrentJob) -> None:
        self._current = current

    @job(queue="high.mail", retries=1, backoff=0.01)
    async def fails(self) -> None:
        """Fail once."""
        RAN.append(self._current.attempt)
        if self._current.attempt == 1:
            raise ValueError


async def test_sqs_carries_jobs(database: AsyncEngine, server: SQSServer) -> None:
    """Both attempts; a worker that stops does not wait for the end of a long poll."""
    server.create(f"{CARRIED['broker_prefix']}-{OF_MAILS}")
    async with working(database, Mail, workers=2) as app:
        for number in [await app.add(Mail.fails) for _ in range(15)]:
            await app.until(number, JobState.DONE)
        assert sorted(RAN) == [1] * 15 + [2] * 15
        began = time.monotonic()
        await app.stop()
        await app.engine.close()
        assert time.monotonic() - began < 10


async def test_a_message_of_another_program(
    database: AsyncEngine, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its first characters, and dropped."""
    async with working(database, ElsewhereMail) as app:
        await broker.publish("default", [b"x" * 300, b'{"id": 1}'])
        await until(lambda: caplog.text.count("is not about a job") == 2)
        await app.until(await app.add(ElsewhereMail.send, 1), JobState.DONE)
    assert RAN_ELSEWHERE == [(1, 1)]


async def test_a_queue_of_sqs_that_does_not_exist(
    database: AsyncEngine, server: SQSServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning names it; jobs wait in the table, and run when it exists."""
    caplog.set_level(logging.WARNING, "framework.jobs")
    name = f"{CARRIED['broker_prefix']}-{OF_MAILS}"
    async with working(database, Mail) as app:
        number = await app.add(Mail.fails)
        await until(lambda: name in caplog.text)
        assert (await app.record(number)).state is JobState.READY
        server.create(name)
        await app.until(number, JobState.DONE)
    assert RAN == [1, 2]


async def test_sqs_that_is_killed(database: AsyncEngine, server: SQSServer, caplog: pytest.LogCaptureFixture) -> None:
    """It comes back without its messages: each job runs once; a warning when it is away, and one when it is back."""
    caplog.set_level(logging.WARNING, "framework.jobs")
    server.create(f"{CARRIED['broker_prefix']}-{OF_MAILS}")
    async with working(database, Mail, workers=2, concurrency=2, lease=8.0) as app:
        numbers = [await app.add(Mail.fails) for _ in range(30)]
        await until(lambda: len(RAN) > 5)
        await asyncio.to_thread(server.kill)
        await until(lambda: "cannot be reached, jobs wait in the table" in caplog.text)
        numbers += [await app.add(Mail.fails) for _ in range(5)]
        await asyncio.to_thread(server.start)
        for number in numbers:
            await app.until(number, JobState.DONE)
    assert sorted(RAN) == [1] * 35 + [2] * 35
    said = [one.getMessage() for one in caplog.records if "reached" in one.getMessage()]
    # A server that starts may be reached, and be away once more.
    assert said
    assert ["again" in one for one in said] == [False, True] * (len(said) // 2)
    assert "ExceptionGroup" not in caplog.text


def test_options_of_sqs() -> None:
    """A region, or an address; numbers in the query are numbers."""
    made = sqs("sqs://eu-central-1", "shop")("high.mail")
    own = vars(made)
    assert (own["_aws_region"], own["_aws_endpoint_url"]) == ("eu-central-1", None)
    assert own["_sqs_queue_name"] == f"shop-{OF_MAILS}"
    assert (made.max_number_of_messages, made.wait_time_seconds, made.visibility_timeout) == (10, 1, None)
    made = sqs("sqs://127.0.0.1:4566?visibility_timeout=60&region_name=eu-west-1", "shop")("default")
    own = vars(made)
    assert (own["_aws_region"], own["_aws_endpoint_url"]) == ("eu-west-1", "http://127.0.0.1:4566")
    assert made.visibility_timeout == 60


UNREACHABLE = """
import asyncio

from framework._jobs.broker.brokers import make_broker
from framework._jobs.broker.protocol import BrokerError
from framework.jobs import JobSettings


async def publish() -> None:
    ticks = []

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.01)
            ticks.append(1)

    ticking = asyncio.create_task(tick())
    broker = make_broker(JobSettings([], broker="kafka://127.0.0.1:PORT"))
    try:
        await broker.publish("default", [b"1"])
    except BrokerError as error:
        print(len(ticks) > 10, error)
    ticking.cancel()
    await broker.close()


asyncio.run(publish())
"""


def test_kafka_that_cannot_be_reached() -> None:
    """Its real client connects when it is made, in a thread: the loop goes on, and the error is one of the broker."""
    began = time.monotonic()
    code = UNREACHABLE.replace("PORT", str(free_port()))
    # In a process of its own, because the client leaves sockets open then.
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  this Python
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True KafkaTimeoutError: KafkaTimeoutError: Unable to bootstrap")
    assert time.monotonic() - began < 30


class Admin:
    """What the client of Kafka uses to create topics."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.created: list[str] = []

    def list_topics(self) -> list[str]:
        """Return none."""
        return []

    def create_topics(self, *, new_topics: list[Any], validate_only: bool) -> None:
        """Note the names."""
        assert not validate_only
        self.created += [one.name for one in new_topics]

    def close(self) -> None:
        """Do nothing."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_options_of_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real producer and consumer accept them; without a server they do not start."""
    client: Any = import_module("taskiq_aio_kafka.broker")

    async def start(self: Any) -> None:
        """Do not connect."""

    monkeypatch.setattr(import_module("kafka.admin"), "KafkaAdminClient", Admin)
    monkeypatch.setattr(client.AIOKafkaProducer, "start", start)
    monkeypatch.setattr(client.AIOKafkaConsumer, "start", start)
    made = kafka("kafka://one.example:9092,two.example:9092/", "shop")("high.mail")
    made.is_worker_process = True
    await made.startup()
    try:
        admin: Admin = vars(made)["_kafka_admin_client"]
        assert admin.options["bootstrap_servers"] == "one.example:9092,two.example:9092"
        assert admin.created == [f"shop.{OF_MAILS}"]
        consumer = vars(vars(made)["_aiokafka_consumer"])
        assert (consumer["_group_id"], consumer["_auto_offset_reset"]) == ("shop", "earliest")
        assert vars(consumer["_client"])["_bootstrap_servers"] == "one.example:9092,two.example:9092"
    finally:
        await made.shutdown()
