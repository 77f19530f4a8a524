"""Fixtures of all tests: Redis and PostgreSQL. The tests that take long begin first."""

import gc
import itertools
import os
from collections.abc import Iterator

import pytest

from tests.postgresql_server import PostgreSQLServer, postgresql_started
from tests.redis_server import RedisServer, started
from tests.running_order import spread

_NUMBERS = itertools.count()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which they run."""
    items[:] = spread(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the garbage collector away from what is collected, which stays to the end, and from tests that are short."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        # Once for some dozens of tests, in the place of several times for each.
        gc.set_threshold(50_000, 20, 100)
        gc.enable()


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """Run one server for all tests of this process that only need some Redis; they use namespaces of their own."""
    with started() as server:
        yield server


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[PostgreSQLServer]:
    """Run one server for all tests of this process."""
    with postgresql_started() as server:
        yield server


@pytest.fixture
def shared_postgresql(running_postgresql: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """Return the server of all tests of this process, each with databases of its own."""
    yield running_postgresql
    running_postgresql.take_back()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Run a server for one test, which may kill or pause it."""
    with started() as server:
        yield server


@pytest.fixture
def redis_namespace() -> str:
    """Return a namespace that no other test of this process uses."""
    return f"test-{next(_NUMBERS)}"
