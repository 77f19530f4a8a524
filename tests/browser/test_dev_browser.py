"""Pages of ``framework dev`` in a browser: they reload, show errors, and violate no policy."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.dev_server import Command, command

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER, BrowserPage, open_browser  # noqa: E402  needs selenium

pytestmark = IN_BROWSER

_PATIENCE = 60
_BANNER = "document.querySelector('#framework-dev-banner').shadowRoot"
SHOP = """\
from framework import App, Controller, Request, get
from framework.middleware import SecurityHeaders
from framework.middleware.security_headers import csp_nonce

VERSION = "one"
ICON = "<link rel=icon href='data:,'>"
STRICT = SecurityHeaders(
    csp={"default-src": "'self'", "img-src": "data:", "script-src": ("'nonce'", "'strict-dynamic'"),
         "require-trusted-types-for": "'script'", "connect-src": "'none'"}
)
CLOSED = SecurityHeaders(csp={"default-src": "'none'", "img-src": "data:"})


class Shop(Controller):
    @get("/open", media_type="text/html")
    async def opened(self) -> str:
        return f"<!doctype html>{ICON}<h1>{VERSION}</h1>"

    @get("/closed", media_type="text/html", middlewares=(CLOSED,))
    async def closed(self) -> str:
        return f"<!doctype html>{ICON}<h1>{VERSION}</h1>"

    @get("/strict", media_type="text/html", middlewares=(STRICT,))
    async def strict(self, request: Request) -> str:
        nonce = csp_nonce(request)
        script = f"<script nonce={nonce}>document.querySelector('h1').textContent += ' and a script'</script>"
        return f"<!doctype html>{ICON}<h1>{VERSION}</h1>{script}"

    @get("/share/{people}")
    async def share(self, people: int) -> float:
        return 1 / people


app = App([Shop])
"""


class DevPage(BrowserPage):
    """A page of the shop, or one of development."""

    ready = "h1"

    def heading(self) -> str:
        """Return the text of the heading."""
        text: str = self._driver.execute_script("return document.querySelector('h1')?.textContent ?? ''")
        return text

    def shows(self, heading: str) -> None:
        """Wait until the page has a heading, without being opened again."""
        self._until(lambda: heading in self.heading(), f"the heading {heading!r}")

    def banner(self) -> str:
        """Wait for the banner, and return its text."""
        self._find("#framework-dev-banner")
        text: str = self._driver.execute_script(f"return {_BANNER}.textContent")
        return text

    def open_details(self) -> str:
        """Follow the link of the banner, and return the text of the page."""
        self.banner()
        self._driver.execute_script(f"{_BANNER}.querySelector('a').click()")
        self._until(lambda: "/__framework__/error" in self._driver.current_url, "the page of the error")
        return self.text()

    def text(self) -> str:
        """Return the text of the page."""
        text: str = self._driver.execute_script("return document.body?.innerText ?? ''")
        return text

    def log(self) -> list[str]:
        """Return what the console shows."""
        return [one["message"] for one in self._driver.get_log("browser")]

    def unchanged(self, seconds: float) -> bool:
        """Return whether the page is not loaded again in some seconds."""
        self._driver.execute_script("globalThis.mark = 1")
        time.sleep(seconds)
        return self._driver.execute_script("return globalThis.mark === 1") is True

    def _until(self, is_true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not is_true():
            assert time.monotonic() < end, f"{what} is missing; there is {self.heading()!r}"
            time.sleep(0.02)


@asynccontextmanager
async def developing(folder: Path, source: str = SHOP) -> AsyncIterator[Command]:
    """Serve the shop in a folder."""
    (folder / "shop.py").write_text(source, encoding="utf-8")
    async with command(folder, "dev", "shop:app", "--port", "0") as running:
        await running.prints("http://")
        yield running


def version(name: str) -> str:
    """Return the shop in another version."""
    return SHOP.replace('"one"', f'"{name}"')


@pytest.mark.parametrize("path", ["/open", "/closed", "/strict"])
async def test_a_page_reloads_by_itself(tmp_path: Path, path: str) -> None:
    """Once for each version, and without a violation of its policy."""
    file = tmp_path / "shop.py"

    def use(url: str) -> list[str]:
        with open_browser() as driver:
            page = DevPage(driver, f"{url}{path}")
            page.shows("one")
            for name in ("two", "three"):
                file.write_text(version(name), encoding="utf-8")
                page.shows(name)
            assert page.unchanged(1)
            assert ("and a script" in page.heading()) is (path == "/strict")
            return page.complaints()

    async with developing(tmp_path) as running:
        assert await asyncio.to_thread(use, running.url) == []


@pytest.mark.parametrize("path", ["/open", "/strict"])
async def test_an_error_is_shown_over_the_page(tmp_path: Path, path: str) -> None:
    """The banner has the error and its hint, also on pages that are opened later; it goes with the error."""
    file = tmp_path / "shop.py"

    def use(url: str) -> list[str]:
        with open_browser() as driver:
            page = DevPage(driver, f"{url}{path}")
            file.write_text(SHOP.replace("people: int", "people"), encoding="utf-8")
            for _ in range(2):
                text = page.banner()
                assert "1 error in the application" in text
                assert "Hint: annotate it, for example people: int." in text
                assert page.heading().startswith("one")
                driver.refresh()
            details = page.open_details()
            assert "async def share(self, people)" in details
            assert page.unchanged(0.5)
            assert driver.find_elements("css selector", "#framework-dev-banner") == []
            driver.back()
            page.banner()
            file.write_text(version("two"), encoding="utf-8")
            page.shows("two")
            assert driver.find_elements("css selector", "#framework-dev-banner") == []
            return page.complaints()

    async with developing(tmp_path) as running:
        assert await asyncio.to_thread(use, running.url) == []


async def test_the_pages_of_errors_reload_too(tmp_path: Path) -> None:
    """The page of a first start that fails turns into the app, and that of an exception into its correction."""
    file = tmp_path / "shop.py"

    def use(url: str) -> tuple[list[str], Any]:
        with open_browser() as driver:
            page = DevPage(driver, f"{url}/open")
            page.shows("SyntaxError in shop.py, line 5")
            first = page.log()
            file.write_text(SHOP, encoding="utf-8")
            page.shows("one")
            page = DevPage(driver, f"{url}/share/0")
            page.shows("ZeroDivisionError")
            assert "return 1 / people" in page.text()
            assert "Shop.share (shop.py:29)" in page.text()
            violations = driver.execute_script("return violations")
            file.write_text(SHOP.replace("1 / people", "people"), encoding="utf-8")
            page._until(lambda: page.text() == "0", "the correction")  # noqa: SLF001  of the page's own class
            return violations, [one for one in first if "500" not in one]

    async with developing(tmp_path, SHOP.replace('"one"', '"one')) as running:
        assert await asyncio.to_thread(use, running.url) == ([], [])


async def test_many_tabs_do_not_use_up_the_connections_of_the_browser(tmp_path: Path) -> None:
    """A tab that is not seen reloads when it is seen again."""
    file = tmp_path / "shop.py"

    def use(url: str) -> None:
        with open_browser() as driver:

            def open_tab() -> tuple[str, DevPage]:
                driver.switch_to.new_window("tab")
                page = DevPage(driver, f"{url}/open")
                page.shows("one")
                return driver.current_window_handle, page

            tabs = [open_tab() for _ in range(8)]
            file.write_text(version("two"), encoding="utf-8")
            tabs[-1][1].shows("two")
            driver.switch_to.window(tabs[0][0])
            tabs[0][1].shows("two")

    async with developing(tmp_path) as running:
        await asyncio.to_thread(use, running.url)
