"""The pytest plugin: fixtures that serve an app to a typed client and control what surrounds it.

pytest loads it wherever the framework is installed, so it imports nothing until a fixture is used.
"""

from collections.abc import Iterator
from typing import Any

import pytest

__all__ = ("app_client", "clock", "contract_client", "jobs", "overrides", "tasks")


@pytest.fixture
def _framework_builder() -> Any:
    from framework.testing.control import Builder

    return Builder()


@pytest.fixture
def overrides(_framework_builder: Any) -> Any:
    """Replace services in this test: ``overrides.replace(Mailer, instance=fake)``, before ``app_client(app)``."""
    from framework.testing.control import Overrides

    return Overrides(_framework_builder)


@pytest.fixture
def tasks(_framework_builder: Any) -> Any:
    """Capture background tasks instead of running them; ``await tasks.run()`` runs them."""
    from framework.testing.control import Tasks

    return Tasks(_framework_builder)


@pytest.fixture
def jobs(_framework_builder: Any) -> Any:
    """Capture jobs instead of storing them; ``await jobs.drain()`` runs them."""
    from framework.testing.jobs import CapturedJobs

    return CapturedJobs(_framework_builder)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Stop the clock that the framework reads; ``clock.move(60)`` moves it."""
    from framework import clock as read
    from framework.testing.control import Clock

    made = Clock()
    with monkeypatch.context() as patch:
        patch.setattr(read, "time", made.time)
        patch.setattr(read, "monotonic", made.monotonic)
        yield made


@pytest.fixture
def app_client(_framework_builder: Any, aiohttp_client: Any) -> Any:
    """Serve an app, and return a client with typed calls of its handlers.

    ``client = await app_client(app)``, where ``app`` is the ``App``.

    Further arguments are passed to pytest-aiohttp's ``aiohttp_client``.
    """
    from framework.testing.app_client import AppClient, keep_refusal

    async def connect(app: Any, **settings: Any) -> AppClient:
        middlewares = (*settings.pop("middlewares", ()), keep_refusal)
        http = await aiohttp_client(_framework_builder.build(app), middlewares=middlewares, **settings)
        return AppClient(app, http)

    return connect


@pytest.fixture
def contract_client(_framework_builder: Any, aiohttp_client: Any) -> Any:
    """Serve an app and return a client that fails the test if a response differs from the document.

    ``client = await contract_client(app)``; pass the ``App``, not the built application.
    """
    from framework.testing.clients import check_answers

    async def connect(app: Any, **settings: Any) -> Any:
        middlewares = (*settings.pop("middlewares", ()), check_answers(app))
        return await aiohttp_client(_framework_builder.build(app), middlewares=middlewares, **settings)

    return connect
