"""The page of the guide to presence, in two tabs of a real browser."""

import asyncio
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytest_aiohttp.plugin import AiohttpServer

from tests.pages import blocks_of

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402  needs selenium
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402  needs selenium

from tests.browser.page import IN_BROWSER, open_browser  # noqa: E402  needs selenium

pytestmark = IN_BROWSER

PATIENCE = 30.0
_GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "show-who-is-present.md"
_NAMES = "return [...document.querySelectorAll('#viewers li')].map((one) => one.textContent).sort()"
_NOTE = """
window.seen = [];
new MutationObserver(() => window.seen.push(document.querySelectorAll("#viewers li").length))
  .observe(document.getElementById("viewers"), { childList: true });
"""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the program of the page."""
    monkeypatch.delenv("CHANNELS_URL", raising=False)
    first = next(one for one in blocks_of(_GUIDE) if one.language == "python")
    module = ModuleType("todo")
    monkeypatch.setitem(sys.modules, "todo", module)
    exec(compile(first.text, "todo.py", "exec"), vars(module))  # noqa: S102  the example of a page
    return module


def shown(driver: Any, *names: str) -> None:
    """Wait until the page of the present tab shows exactly these names."""
    WebDriverWait(driver, PATIENCE, poll_frequency=0.1).until(
        lambda _: driver.execute_script(_NAMES) == [*names], f"never {names}"
    )


def use(driver: Any, url: str) -> list[int]:
    """Open two tabs, type, load one again, and close it; return what the other has shown meanwhile."""
    driver.get(f"{url}?name=Ada")
    shown(driver, "Ada")
    ada = driver.current_window_handle
    driver.switch_to.new_window("tab")
    driver.get(f"{url}?name=Bob")
    bob = driver.current_window_handle
    shown(driver, "Ada", "Bob")
    driver.find_element(By.ID, "text").send_keys("hello")
    driver.switch_to.window(ada)
    shown(driver, "Ada", "Bob is typing")
    shown(driver, "Ada", "Bob")
    driver.execute_script(_NOTE)
    driver.switch_to.window(bob)
    driver.refresh()
    shown(driver, "Ada", "Bob")
    driver.close()
    driver.switch_to.window(ada)
    shown(driver, "Ada")
    counts: list[int] = driver.execute_script("return window.seen")
    return counts


async def test_two_tabs(program: Any, aiohttp_server: AiohttpServer) -> None:
    """Both show both; one that is loaded again is not reported, and one that is closed is."""
    # Loading a page may take longer than a second here, and a person types for three.
    program.VIEWERS.settle = 2.0
    server = await aiohttp_server(program.app.build(), host="127.0.0.1")

    def run() -> list[int]:
        with open_browser() as driver:
            return use(driver, str(server.make_url("/pages/7")))

    assert await asyncio.to_thread(run) == [1]


async def test_the_page_connects_again(program: Any, aiohttp_server: AiohttpServer) -> None:
    """Its process has ended, and another one serves at the same address."""
    server = await aiohttp_server(program.app.build(), host="127.0.0.1")
    port = server.port
    loop = asyncio.get_running_loop()

    async def restart() -> None:
        await server.close()
        await aiohttp_server(program.app.build(), host="127.0.0.1", port=port)

    def run() -> None:
        with open_browser() as driver:
            driver.get(f"http://127.0.0.1:{port}/pages/7?name=Ada")
            shown(driver, "Ada")
            driver.execute_script("window.loaded = true; document.getElementById('viewers').replaceChildren()")
            asyncio.run_coroutine_threadsafe(restart(), loop).result(PATIENCE)
            shown(driver, "Ada")
            assert driver.execute_script("return window.loaded")

    await asyncio.to_thread(run)
