"""Looks at a page in a real browser, and at what it complains of."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpServer

T = TypeVar("T")


@pytest.fixture
def look(aiohttp_server: AiohttpServer) -> Any:
    """Serve an application, open its page and use it; what the page complains of, or asks elsewhere, is a failure."""
    # Where selenium is not installed, the modules that ask for this are skipped.
    from tests.browser.page import BrowserPage, open_browser

    async def use(application: web.Application, kind: type[BrowserPage], path: str, work: Callable[[Any], T]) -> T:
        server = await aiohttp_server(application, host="127.0.0.1")

        def run() -> tuple[T, list[str], set[str]]:
            with open_browser() as driver:
                page = kind(driver, str(server.make_url(path)))
                return work(page), page.complaints(), page.hosts()

        found, complaints, hosts = await asyncio.to_thread(run)
        assert complaints == []
        assert hosts == {f"127.0.0.1:{server.port}"}
        return found

    return use
