"""Swagger UI in a real browser: it loads, tries out and authorizes, under the strict policy and without other hosts."""

import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from app_template.application import create_app, create_container
from app_template.settings import Settings
from tests.browser.apps import guarded_app

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import CHROMEDRIVER, CHROMIUM, DocsPage  # noqa: E402  needs selenium

pytestmark = pytest.mark.skipif(CHROMIUM is None or CHROMEDRIVER is None, reason="no chromium with its chromedriver")


def shop(folder: Path) -> web.Application:
    """Return the template's application over a database of its own."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{folder / 'shop.db'}")
    return create_app(settings, create_container(settings)).build()


async def test_an_order_is_placed(look: Any, tmp_path: Path) -> None:
    """«Try it out» sends what is written there, and shows the answer; DOCS_PICTURE=1 keeps a picture of the page."""

    def work(page: DocsPage) -> tuple[int, Any]:
        if os.environ.get("DOCS_PICTURE"):
            page.picture(Path(__file__).parents[2] / "docs" / "images" / "swagger-ui.png")
        return page.execute("orders", "create", {"customer": "ann", "lines": [{"sku": "MUG-1", "quantity": 1}]})

    status, order = await look(shop(tmp_path), DocsPage, "/docs", work)
    assert (status, order["customer"]) == (201, "ann")


_CREDENTIALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bearer": ("bearer", ("the-token",)),
    "basic": ("basic", ("ann", "the-token")),
    "key": ("header-X-Key", ("the-token",)),
    "oauth2": ("oauth2", ()),
}


async def test_authorize_opens_operations(look: Any) -> None:
    """What is given to «Authorize» goes along with requests; OAuth 2 comes back through the vendored page."""

    def work(page: DocsPage) -> dict[str, tuple[int, Any]]:
        found = {}
        for operation, (scheme, values) in _CREDENTIALS.items():
            page.authorize(scheme, *values)
            found[operation] = page.execute("default", operation)
            page.forget(scheme)
        return found

    visitor = {"name": "ann", "scopes": ["read"]}
    assert await look(guarded_app().build(), DocsPage, "/docs", work) == dict.fromkeys(_CREDENTIALS, (200, visitor))
