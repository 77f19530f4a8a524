"""Fixtures: the engines, each on a real server."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.nats_server import NATSServer, nats_started

_NUMBERS = itertools.count()
ENGINES = ("memory", "redis", "redis+streams", "nats", "postgresql")


@pytest.fixture(scope="session")
def shared_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NATSServer]:
    """Run one server, with JetStream, for all tests of this process that do not disturb it."""
    with nats_started(tmp_path_factory.mktemp("nats")) as server:
        yield server


def url_on(engine: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of an engine on a shared server."""
    if engine == "memory":
        return "memory://"
    if engine == "nats":
        nats: Any = request.getfixturevalue("shared_nats")
        return str(nats.url)
    if engine == "postgresql":
        postgresql: Any = request.getfixturevalue("shared_postgresql")
        return str(postgresql.database())
    redis: Any = request.getfixturevalue("shared_redis")
    return str(redis.url.replace("redis", engine, 1))


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of each engine."""
    return url_on(request.param, request)


@pytest.fixture(params=[one for one in ENGINES if one != "memory"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of each engine that several processes share."""
    return url_on(request.param, request)


@pytest.fixture(params=["redis+streams", "postgresql"])
def lasting_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of each engine that keeps the history for all processes."""
    return url_on(request.param, request)


@pytest.fixture
def prefix() -> str:
    """Return a prefix that no other test of this process uses."""
    return f"test{next(_NUMBERS)}"
