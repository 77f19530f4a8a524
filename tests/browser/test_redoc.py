"""ReDoc in a real browser: it loads and is used under its policy, without complaints and without other hosts."""

from typing import Any

import pytest

from tests.browser.apps import singing_app

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER, ReDocPage  # noqa: E402  needs selenium

pytestmark = IN_BROWSER


async def test_an_operation_is_shown(look: Any) -> None:
    """Tags and operations are on the page, and links lead to them; no place of it is an address of its own."""

    def work(page: ReDocPage) -> tuple[str, list[str]]:
        return page.follow("POST", "/songs"), page.headings("Return songs.")

    followed, headings = await look(singing_app(redoc_path="/redoc").build(), ReDocPage, "/redoc", work)
    assert followed == "Add a song to the repertoire."
    assert {"Songs (0.1.0)", "songs", "Return songs.", "Add a song to the repertoire."} <= set(headings)


async def test_the_document_is_searched(look: Any) -> None:
    """The search needs neither a worker nor evaluated text."""

    def work(page: ReDocPage) -> list[str]:
        return page.search("repertoire")

    found = await look(singing_app(redoc_path="/in/redoc").build(), ReDocPage, "/in/redoc", work)
    assert ["Add a song to the repertoire." in one for one in found] == [True]
