"""The pages in Chromium, as a customer uses them: with keyboard and mouse, on a phone and in the dark."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from app_template.tests.shop import ShopClient

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SECONDS = 30

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None or CHROMEDRIVER is None, reason="no chromium with its chromedriver"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """Start Chromium with a profile of its own."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for one in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(executable_path=CHROMEDRIVER or ""))
    yield driver
    driver.quit()


def resize(browser: Any, width: int, *, dark: bool = False) -> None:
    """Show pages as a screen of this width does."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def picture(browser: Any, name: str) -> None:
    """Keep pictures of a page, for a phone in the dark and for a desk, in the folder of PAGE_PICTURES."""
    folder = os.environ.get("PAGE_PICTURES")
    for width, dark in ((390, True), (1400, False)):
        resize(browser, width, dark=dark)
        wide: int = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is wider than a screen of {width} pixels"
        if folder:
            browser.save_screenshot(f"{folder}/{name}-{width}.png")


def wait_for(browser: Chrome, text: str) -> None:
    """Wait until the page shows a text; it may be another page by then."""
    wait = WebDriverWait(browser, SECONDS, ignored_exceptions=[StaleElementReferenceException])
    wait.until(lambda _: text in browser.find_element(By.TAG_NAME, "body").text)


def order_a_mug(browser: Chrome, url: str) -> None:
    """Log in by the keyboard alone, and order."""
    browser.get(f"{url}/")
    picture(browser, "products")
    browser.get(f"{url}/login")
    picture(browser, "login")
    browser.find_element(By.NAME, "email").send_keys("ada@shop.example", Keys.TAB, "only for development", Keys.ENTER)
    wait_for(browser, "Welcome, Ada.")
    quantity = browser.find_element(By.CSS_SELECTOR, "[aria-label='Quantity of Coffee mug']")
    quantity.clear()
    quantity.send_keys("3", Keys.ENTER)
    for text in ("Your order 1 is placed.", "37.50 €", "New orders appear here"):
        wait_for(browser, text)


def mistakes(browser: Any) -> list[Any]:
    """Return the errors of the console, and fields and buttons without a name for screen readers."""
    unnamed = """
        return [...document.querySelectorAll("input:not([type=hidden]), select, button, a")]
          .filter((one) => !(one.labels?.length || one.textContent.trim() || one.ariaLabel)).map((one) => one.outerHTML)
    """
    return [*browser.get_log("browser"), *browser.execute_script(unnamed)]


async def test_an_order_and_the_live_feed(browser: Chrome, server: TestServer, client: ShopClient) -> None:
    """A page that is open shows an order that is placed elsewhere; nothing violates the policy of the pages."""
    url = str(server.make_url("")).rstrip("/")
    await asyncio.to_thread(order_a_mug, browser, url)
    assert (await client.post("/api/orders", json={"lines": [{"sku": "POT-1", "quantity": 1}]})).status == 201

    def appears() -> None:
        # It is transparent at first, and has no text while nobody can see it.
        wait = WebDriverWait(browser, SECONDS, ignored_exceptions=[StaleElementReferenceException])
        wait.until(lambda _: "POT-1" in browser.find_element(By.CSS_SELECTOR, "[data-feed] li").text)

    await asyncio.to_thread(appears)
    await asyncio.to_thread(picture, browser, "orders")
    assert await asyncio.to_thread(mistakes, browser) == []
