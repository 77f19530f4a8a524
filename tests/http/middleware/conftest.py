"""Fixtures for middlewares that keep something in a store, and for sessions."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from framework.middleware import Sessions
from framework.stores import MemoryStore, RedisStore, Store
from tests.http.middleware.session_shop import SECRET, Cart, Clock, Gate, Make
from tests.waiting import PATIENCE


@pytest.fixture
def closed_gate() -> None:
    """Begin a test with a closed gate."""
    Gate.reset()


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest, redis_namespace: str) -> Store:
    """Make a store; the app closes it."""
    if request.param == "memory":
        return MemoryStore()
    return RedisStore(request.getfixturevalue("shared_redis").url, namespace=redis_namespace, timeout=PATIENCE)


@pytest.fixture(params=["secret", "memory", "redis"])
def make(request: pytest.FixtureRequest, redis_namespace: str) -> Make:
    """Make sessions of each kind."""
    if request.param == "secret":
        place: dict[str, Any] = {"secret": SECRET}
    elif request.param == "memory":
        place = {"store": MemoryStore()}
    else:
        url = request.getfixturevalue("shared_redis").url
        place = {"store": RedisStore(url, namespace=redis_namespace, timeout=PATIENCE)}
    return lambda **options: Sessions(Cart, **{**place, **options})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give sessions a clock of the test's own."""
    made = Clock()
    for module in ("sessions", "session_sealed", "session_stored", "session_owners"):
        fake = SimpleNamespace(time=made.time, monotonic=time.monotonic)
        monkeypatch.setattr(f"framework.middleware.{module}.clock", fake)
    return made
