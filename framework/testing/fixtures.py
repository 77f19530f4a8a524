"""Fixtures for pytest, switched on in ``conftest.py`` with ``pytest_plugins = ["framework.testing.fixtures"]``."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework.app import App
from framework.testing.clients import ContractClient, check_answers

__all__ = ("contract_client",)


@pytest.fixture
def contract_client(aiohttp_client: AiohttpClient) -> ContractClient:
    """Serve an app and return a client for it, with which an answer that the document does not declare is a failure.

    ``client = await contract_client(app)``; give the ``App``, not what it was built into.
    """

    async def connect(app: App, **settings: Any) -> TestClient[web.Request, web.Application]:
        middlewares = (*settings.pop("middlewares", ()), check_answers(app))
        return await aiohttp_client(app.build(), middlewares=middlewares, **settings)

    return connect
