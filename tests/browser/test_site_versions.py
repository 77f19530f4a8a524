"""The list of versions in the sidebar of the documentation leads to the same page of another version."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.webdriver.support.select import Select  # noqa: E402  as above

from tests.browser.page import IN_BROWSER, BrowserPage, open_browser  # noqa: E402  needs selenium
from tests.site.serving import served  # noqa: E402  as above

pytestmark = IN_BROWSER
_SCRIPT = Path(__file__).parents[2] / "docs" / "_static" / "site.js"
_PAGE = """<!doctype html>
<html lang="en" data-content_root="{root}">
<link rel="icon" href="data:,">
<title>{version}</title>
<script src="{root}site.js"></script>
<div id="versions" data-version="{version}" hidden><label>Version <select></select></label></div>
"""
_PAGES = {"1.0": ("index.html", "how-to/deploy.html", "how-to/run.html"), "2.0": ("index.html", "how-to/deploy.html")}


class _Page(BrowserPage):
    ready = "select"

    def offered(self) -> tuple[list[str], str]:
        """Return the versions, and the one that is selected."""
        select: Any = Select(self._find("select"))
        return [one.text for one in select.options], select.first_selected_option.text

    def choose(self, version: str) -> str:
        """Choose a version, and return the address of the page that is opened."""
        before = self._driver.current_url
        Select(self._find("select")).select_by_visible_text(version)
        self._wait.until(lambda driver: driver.current_url != before, f"{version} is not opened")
        address: str = self._driver.current_url
        return address


async def test_another_version_is_opened(tmp_path: Path) -> None:
    """At the same page if it has that page, and at its first one otherwise."""
    for version, pages in _PAGES.items():
        for name in pages:
            page = tmp_path / version / name
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(_PAGE.format(root="../" * name.count("/") or "./", version=version), encoding="utf-8")
        shutil.copy(_SCRIPT, tmp_path / version)
    (tmp_path / "versions.json").write_text(json.dumps({"versions": ["2.0", "1.0"]}), encoding="utf-8")

    def run() -> tuple[Any, ...]:
        with served(tmp_path) as address, open_browser() as driver:
            page = _Page(driver, f"{address}/1.0/how-to/deploy.html")
            offered, same = page.offered(), page.choose("2.0")
            other = _Page(driver, f"{address}/1.0/how-to/run.html").choose("2.0")
            return offered, same.removeprefix(address), other.removeprefix(address), page.hosts()

    offered, same, other, hosts = await asyncio.to_thread(run)

    assert offered == (["2.0", "1.0"], "1.0")
    assert (same, other) == ("/2.0/how-to/deploy.html", "/2.0/")
    assert len(hosts) == 1
