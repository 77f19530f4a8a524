"""Both stores, for the tests that hold for every store."""

from collections.abc import AsyncIterator

import pytest

from framework.stores import MemoryStore, RedisStore, Store


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_namespace: str) -> AsyncIterator[Store]:
    """Open a store, and close it at the end."""
    if request.param == "memory":
        made: Store = MemoryStore()
    else:
        # Only a busy machine takes so long.
        made = RedisStore(request.getfixturevalue("shared_redis").url, namespace=redis_namespace, timeout=20)
    async with made:
        yield made
