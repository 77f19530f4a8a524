"""Brokers for tests of jobs: servers of NATS, Redis, RabbitMQ and SQS, and where the table is for each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

import pytest

from tests.jobs.databases import database_url
from tests.nats_server import nats_started
from tests.postgresql_server import postgresql_started
from tests.rabbitmq_server import rabbitmq_started
from tests.redis_server import started as redis_started
from tests.sqs_server import SQSServer, sqs_started

__all__ = ("BROKERS", "SERVERS", "WORKERS", "BrokerServer", "Servers", "broker_prefix", "broker_server")


class BrokerServer(Protocol):
    """A server that can be killed and started again; that of SQS has lost its messages then."""

    @property
    def url(self) -> str:
        """Where it listens."""
        ...

    @property
    def settles(self) -> float:
        """Seconds after which a new queue survives that the server is killed."""
        ...

    def start(self) -> None:
        """Start it, on the same port."""

    def kill(self) -> None:
        """End it at once."""


# The server, and the database of the table.
BROKERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "nats": (nats_started, "postgresql"),
    "redis": (redis_started, "sqlite"),
    "rabbitmq": (rabbitmq_started, "sqlite"),
    "sqs": (sqs_started, "sqlite"),
}
# Before the first test, RabbitMQ takes more than five seconds to start.
SERVERS = ("nats", "redis", pytest.param("rabbitmq", marks=pytest.mark.slow))
"""The brokers that are tested with the servers that production has."""
WORKERS = ("nats", *(pytest.param(name, marks=pytest.mark.slow) for name in ("redis", "rabbitmq")))
"""The same for tests of workers, which take long together; ``tests/jobs/test_job_brokers.py`` runs some with Redis."""


def broker_prefix(server: BrokerServer, prefix: str) -> str:
    """Return a prefix, whose queues exist where nobody creates them."""
    if isinstance(server, SQSServer):
        server.create(f"{prefix}-default")
    return prefix


@contextmanager
def broker_server(kind: str, folder: Path) -> Iterator[BrokerServer]:
    """Run a server that stores its data in a folder; skips the test if its program is not installed."""
    with BROKERS[kind][0](folder) as server:
        yield server


class Servers:
    """The servers of an engine, for scripts: an empty database, and the broker if the engine is one."""

    url: str
    settings: dict[str, Any]
    """Those of JobSettings."""
    kill_and_start: Callable[[], None] | None = None

    def __init__(self, engine: str, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        stored = BROKERS[self._engine][1] if self._engine in BROKERS else self._engine
        server = self._stack.enter_context(postgresql_started()) if stored == "postgresql" else None

        def given() -> Any:
            return server

        self.url = database_url(stored, self._folder, given)
        self.settings = {}
        if server is not None:
            self.kill_and_start = server.kill_and_start
        if self._engine in BROKERS:
            own = self._folder / "broker"
            own.mkdir()
            broker = self._stack.enter_context(broker_server(self._engine, own))
            self.settings = {"broker": broker.url, "broker_prefix": broker_prefix(broker, "jobs")}

            def kill_and_start() -> None:
                broker.kill()
                broker.start()

            self.kill_and_start = kill_and_start
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
