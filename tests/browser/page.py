"""The documentation pages in Chromium, as a person uses them; every call blocks, and belongs into a thread."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

__all__ = (
    "CHROMEDRIVER",
    "CHROMIUM",
    "IN_BROWSER",
    "BrowserPage",
    "DocsPage",
    "ReDocPage",
    "ScalarPage",
    "open_browser",
)

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
IN_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None or CHROMEDRIVER is None, reason="no chromium with its chromedriver"),
]
"""The marks of tests in Chromium, which takes seconds to start."""
_PATIENCE = 30
_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--window-size=1200,900",
)
# A script that catches what is refused to it leaves no trace in the console.
_WATCH = """
globalThis.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@contextmanager
def open_browser() -> Iterator[Chrome]:
    """Start Chromium with a profile of its own."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for one in (*_SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(one)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = Chrome(options=options, service=Service(executable_path=CHROMEDRIVER or ""))
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        try:
            yield driver
        finally:
            driver.quit()


class BrowserPage:
    """A page of one application, seen as soon as ``ready`` is."""

    ready = "body"

    def __init__(self, driver: Chrome, url: str) -> None:
        # Not all of selenium is typed.
        self._driver: Any = driver
        self._wait = WebDriverWait(driver, _PATIENCE)
        driver.get(url)
        self._find(self.ready)

    def _find(self, selector: str) -> WebElement:
        """Return an element as soon as it can be seen."""

        def seen(driver: Any) -> WebElement | Literal[False]:
            found: list[WebElement] = driver.find_elements(By.CSS_SELECTOR, selector)
            visible = [one for one in found if one.is_displayed()]
            return visible[0] if visible else False

        return self._wait.until(seen, f"there is no {selector}")

    def _click(self, selector: str) -> None:
        element = self._find(selector)
        self._driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        self._wait.until(lambda _: element.is_enabled())
        element.click()

    def headings(self, wanted: str = "") -> list[str]:
        """Return the headings that are made, seen or not, when the wanted one is among them."""
        if wanted:
            self._wait.until(lambda _: wanted in self.headings(), f"there is no heading {wanted!r}")
        found = self._driver.find_elements(By.CSS_SELECTOR, "h1, h2, h3")
        return [one.get_attribute("textContent").strip() for one in found]

    def complaints(self) -> list[str]:
        """Return what the console shows (errors of scripts, warnings), and all violations of the policy."""
        shown = [one["message"] for one in self._driver.get_log("browser") if one["level"] in {"SEVERE", "WARNING"}]
        return [*shown, *self._driver.execute_script("return violations")]

    def hosts(self) -> set[str]:
        """Return all hosts that the page has asked since it was opened."""
        events = (json.loads(one["message"])["message"] for one in self._driver.get_log("performance"))
        urls = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
        return {parts.netloc for url in urls if (parts := urlsplit(url)).scheme in {"http", "https", "ws", "wss"}}

    def picture(self, path: Path) -> None:
        """Save what is seen as a PNG."""
        self._driver.execute_script("window.scrollTo(0, 0)")
        self._driver.save_screenshot(str(path))


class DocsPage(BrowserPage):
    """Swagger UI."""

    ready = ".opblock"

    def authorize(self, scheme: str, *values: str) -> None:
        """Fill in the form of one security scheme, and leave the dialog."""
        self._click(".scheme-container .authorize")
        form = self._form(scheme)
        fields = [one for one in form.find_elements(By.CSS_SELECTOR, "input") if one.is_displayed()]
        texts = [one for one in fields if one.get_attribute("type") in {"text", "password"}]
        for field, value in zip(texts, values, strict=False):
            field.send_keys(value)
        for box in form.find_elements(By.CSS_SELECTOR, ".scopes .item"):
            box.click()
        form.find_element(By.CSS_SELECTOR, ".auth-btn-wrapper .authorize").click()
        self._wait.until(lambda _: "Logout" in self._form(scheme).text, f"{scheme} is not authorized")
        self._click(".btn-done")

    def forget(self, scheme: str) -> None:
        """Take back what was given for a scheme, so that it goes along with no more requests."""
        self._click(".scheme-container .authorize")
        form = self._form(scheme)
        form.find_element(By.XPATH, ".//button[text()='Logout']").click()
        self._wait.until(lambda _: "Logout" not in self._form(scheme).text, f"{scheme} is still authorized")
        self._click(".btn-done")

    def _form(self, scheme: str) -> WebElement:
        # OAuth 2 has an explanation above its name.
        starts = re.compile(rf"^{re.escape(scheme)} ", re.MULTILINE)

        def found(driver: Any) -> WebElement | Literal[False]:
            forms: list[WebElement] = driver.find_elements(By.CSS_SELECTOR, ".dialog-ux .auth-container")
            named = [one for one in forms if starts.search(one.text)]
            return named[0] if named else False

        return self._wait.until(found, f"there is no scheme {scheme}")

    def execute(self, tag: str, operation: str, body: object = None) -> tuple[int, Any]:
        """Open an operation, try it out, and return status and JSON of the answer that the page shows."""
        block = f"[id^='operations-{tag}-'][id$='{operation}']"
        if not self._driver.find_elements(By.CSS_SELECTOR, f"{block}.is-open"):
            self._click(f"{block} .opblock-summary-control")
        if body is not None:
            field = self._find(f"{block} textarea.body-param__text")
            # React listens to what is typed.
            field.clear()
            field.send_keys(json.dumps(body))
        self._click(f"{block} .execute")
        answer = f"{block} .live-responses-table .response"
        status = self._find(f"{answer} .response-col_status").text.split()[0]
        text = self._find(f"{answer} .highlight-code code, {answer} .microlight").get_attribute("textContent") or ""
        return int(status), json.loads(text)

    def example(self, tag: str, operation: str) -> Any:
        """Open an operation, and return the example of a JSON body that the page shows."""
        block = f"[id^='operations-{tag}-'][id$='{operation}']"
        self._click(f"{block} .opblock-summary-control")
        return json.loads(self._find(f"{block} textarea.body-param__text").get_attribute("value") or "")

    def choose(self, operation: str, files: Mapping[str, Path], texts: Mapping[str, str]) -> None:
        """Open an operation with a form, and fill it in."""
        block = f"[id$='{operation}']"
        self._click(f"{block} .opblock-summary-control")
        for name, path in files.items():
            self._find(f"{block} [data-property-name='{name}'] input[type=file]").send_keys(str(path))
        for name, text in texts.items():
            field = self._find(f"{block} [data-property-name='{name}'] input[type=text]")
            field.clear()
            field.send_keys(text)

    def code(self, title: str) -> str:
        """Return the code in a language that sends the request which was sent."""
        tab = f"//*[contains(@class, 'request-snippets')]//*[text()='{title}']"
        found = self._wait.until(lambda driver: driver.find_elements(By.XPATH, tab), f"there is no {title}")
        self._driver.execute_script("arguments[0].click()", found[0])
        return self._find(".request-snippets pre").get_attribute("textContent") or ""

    def run(self, script: str) -> str:
        """Run a script that awaits, and return what it logs, or its error."""
        start = "const [done] = arguments, console = {log: done};"
        wrapped = f"{start} (async () => {{ {script} }})().catch((error) => done(`${{error}}`))"
        found: str = self._driver.execute_async_script(wrapped)
        return found


class ReDocPage(BrowserPage):
    """ReDoc."""

    ready = "h1"

    def follow(self, method: str, path: str) -> str:
        """Follow the link to an operation, and return what the menu says of the place that is seen then."""
        links = self._driver.find_elements(By.CSS_SELECTOR, "a[href^='#/']")
        link = next(one for one in links if one.text.split() == [method, path])
        self._driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
        link.click()
        self._wait.until(lambda driver: "#/" in driver.current_url)
        return self._find("[data-active=true]:has([data-component-name='Tags/HttpTag']) [data-text]").text

    def search(self, text: str) -> list[str]:
        """Return what is found for a text."""
        opener = "//div[text()[starts-with(., 'Search')]]"
        self._wait.until(lambda driver: driver.find_elements(By.XPATH, opener), "there is no search")[0].click()
        self._find("input[placeholder^='Search ']").send_keys(text)
        self._find("[data-component-name='Search/SearchItem']")
        found = self._driver.find_elements(By.CSS_SELECTOR, "[data-component-name='Search/SearchItem']")
        return [one.text for one in found]


class ScalarPage(BrowserPage):
    """Scalar."""

    ready = "h3"

    def execute(self, method: str) -> tuple[str, str]:
        """Send a request of the first operation with a method, and return status and body that are shown."""
        self._click(f"button.show-api-client-button[method={method}]")
        send = "//*[@role='dialog']//button[starts-with(normalize-space(.), 'Send')]"
        self._wait.until(lambda driver: [one for one in driver.find_elements(By.XPATH, send) if one.is_displayed()])
        next(one for one in self._driver.find_elements(By.XPATH, send) if one.is_displayed()).click()
        body = self._find("[role=dialog] .response-section-content-body .cm-content")
        found = re.search(r"\b\d{3} [A-Z].*", self._find("[role=dialog] .response-heading + *").text)
        return found[0] if found else "", body.text
