"""Scalar in a real browser: it loads and is used under its policy, without complaints and without other hosts."""

from typing import Any

import pytest

from tests.browser.apps import singing_app

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER, ScalarPage  # noqa: E402  needs selenium

pytestmark = IN_BROWSER


async def test_an_operation_is_shown(look: Any) -> None:
    """The summaries of operations are on the page."""
    headings = await look(singing_app(scalar_path="/scalar").build(), ScalarPage, "/scalar", ScalarPage.headings)
    assert {"Songs", "Return songs.", "Add a song to the repertoire."} <= set(headings)


@pytest.mark.parametrize(
    ("method", "status", "text"), [("get", "200 OK", "Blackbird"), ("post", "201 Created", "Her Majesty")]
)
async def test_requests_are_sent(look: Any, method: str, status: str, text: str) -> None:
    """«Test Request» opens editors with styles of their own, sends what is in them and shows the answer."""

    def work(page: ScalarPage) -> tuple[str, str]:
        return page.execute(method)

    shown, body = await look(singing_app(scalar_path="/in/scalar").build(), ScalarPage, "/in/scalar", work)
    assert (shown, text in body) == (status, True)
