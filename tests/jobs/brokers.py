"""Brokers for tests of jobs: servers of NATS, Redis and RabbitMQ, and where the table is for each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.nats_server import nats_started
from tests.rabbitmq_server import rabbitmq_started
from tests.redis_server import started as redis_started

__all__ = ("BROKERS", "BrokerServer", "broker_server")


class BrokerServer(Protocol):
    """A server that can be killed, and started again with what it has stored."""

    @property
    def url(self) -> str:
        """Where it listens."""
        ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


# The server, and the database of the table.
BROKERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "nats": (nats_started, "postgresql"),
    "redis": (redis_started, "sqlite"),
    "rabbitmq": (rabbitmq_started, "sqlite"),
}


@contextmanager
def broker_server(kind: str, folder: Path) -> Iterator[BrokerServer]:
    """Run a server that stores its data in a folder; skips the test if its program is not installed."""
    with BROKERS[kind][0](folder) as server:
        yield server
