"""Fixtures of all tests: Redis and PostgreSQL. Coverage is not measured in slow tests, which are many repetitions."""

import itertools
from collections.abc import Iterator, Sequence

import pytest

from tests.postgresql_server import PostgreSQLServer, postgresql_started
from tests.redis_server import RedisServer, started

_NUMBERS = itertools.count()


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Let pytest-cov pause in slow tests: it would double their time, and they reach no line that others do not."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """Run one server for all tests of this process that only need some Redis; they use namespaces of their own."""
    with started() as server:
        yield server


@pytest.fixture(scope="session")
def shared_postgresql() -> Iterator[PostgreSQLServer]:
    """Run one server for all tests of this process, each with a database of its own."""
    with postgresql_started() as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Run a server for one test, which may kill or pause it."""
    with started() as server:
        yield server


@pytest.fixture
def redis_namespace() -> str:
    """Return a namespace that no other test of this process uses."""
    return f"test-{next(_NUMBERS)}"
