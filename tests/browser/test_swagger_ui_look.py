"""Swagger UI can be read by everybody: contrast and names of fields, in light and dark, checked by axe-core."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.node_packages import installed

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER, DocsPage  # noqa: E402  needs selenium
from tests.browser.test_swagger_ui import shop  # noqa: E402  as above
from tests.site.checks import DESKTOP, PHONE, show, violations  # noqa: E402  as above

pytestmark = [
    *IN_BROWSER,
    pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js is not installed"),
]
_RULES = ("color-contrast", "label", "select-name", "button-name", "image-alt", "scrollable-region-focusable")
_NO_TRANSITIONS = """
const sheet = new CSSStyleSheet();
sheet.replaceSync("* { transition: none !important; }");
document.adoptedStyleSheets.push(sheet);
"""


class Page(DocsPage):
    """Swagger UI, with what axe-core finds on it."""

    def findings(self, axe: str) -> list[tuple[str, ...]]:
        """Return what is wrong, by width and theme."""
        self._driver.execute_script(axe)
        self._driver.execute_script(_NO_TRANSITIONS)
        found: list[tuple[str, ...]] = []
        for width in (PHONE, DESKTOP):
            for theme in ("light", "dark"):
                show(self._driver, width, theme)
                self._find("html.dark-mode" if theme == "dark" else "html:not(.dark-mode)")
                found += [(f"{width} {theme}", *one) for one in violations(self._driver, "rule", _RULES)]
        return found


async def test_the_page_is_readable_in_light_and_dark(look: Any, tmp_path: Path) -> None:
    """As it is opened, in the dialog of the credentials, and after a request was sent."""
    axe = installed(Path(__file__).parents[1] / "site" / "node", ".node-site") / "axe-core" / "axe.min.js"
    source = axe.read_text(encoding="utf-8")

    def work(page: Page) -> list[tuple[str, ...]]:
        found = page.findings(source)
        page._click(".scheme-container .authorize")  # noqa: SLF001  what a person does
        found += page.findings(source)
        page._click(".btn-done")  # noqa: SLF001  as above
        page.execute("products", "search")
        page.authorize("oauth2", "ada@shop.example", "only for development")
        page.execute("orders", "create", {"lines": [{"sku": "MUG-1", "quantity": 1}]})
        return found + page.findings(source)

    assert await look(shop(tmp_path), Page, "/docs", work) == []
