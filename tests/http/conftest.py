"""Fixtures of the tests through HTTP: an app is served, and the log is watched."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pytest_aiohttp.plugin import AiohttpServer

from framework import App
from tests.http.items import ItemController
from tests.http.shapes import LOGGERS, Serve, app_of


@pytest.fixture
def serve(aiohttp_server: AiohttpServer) -> Serve:
    """Serve apps, and close them when the test ends."""

    async def start(app: App | web.Application, **runner: Any) -> TestServer:
        return await aiohttp_server(app.build() if isinstance(app, App) else app, **runner)

    return start


@pytest.fixture
async def items(serve: Serve) -> TestServer:
    """Serve the app that the bad inputs are sent to."""
    return await serve(app_of(ItemController))


@pytest.fixture
def few_lines(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let a test log no more than one line, whatever the client sends."""
    yield
    lines = [one for one in caplog.get_records("call") if one.name in LOGGERS]
    assert len(lines) <= 1
