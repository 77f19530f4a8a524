"""Fixtures of the tests through HTTP: an app is served, and the log is watched."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import uvloop
from aiohttp import web
from aiohttp.test_utils import TestServer
from pytest_aiohttp.plugin import AiohttpServer

from framework import App
from tests.http.events import EVENTS
from tests.http.items import ItemController
from tests.http.shapes import LOGGERS, Serve, app_of

_LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run a test marked ``both_loops`` once with asyncio's event loop and once with uvloop's."""
    return _LOOPS if item.get_closest_marker("both_loops") else {"asyncio": _LOOPS["asyncio"]}


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
def no_events() -> None:
    """Forget what other tests have noted."""
    EVENTS.clear()


@pytest.fixture
def few_lines(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let a test log no more than one line, whatever the client sends."""
    yield
    lines = [one for one in caplog.get_records("call") if one.name in LOGGERS]
    assert len(lines) <= 1
