"""What is checked on a page of the site, in light and dark, as wide as a phone and as a desktop.

axe-core checks contrast (WCAG 2.1 AA), headings, alternative texts, labels and landmarks. The rest is checked here: the
page does not scroll sideways, its console is empty, and it requests nothing from another host.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from selenium.webdriver.common.by import By

from tests.browser.page import BrowserPage

__all__ = ("DESKTOP", "PHONE", "Finding", "SitePage", "show", "violations")

PHONE, DESKTOP = 390, 1400
_HEIGHT = 1000
_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
_RUN_AXE = """
const [rules, done] = arguments;
axe.run(document, {runOnly: rules, resultTypes: ["violations"]}).then(
  ({violations}) => done(violations.map(({id, help, nodes}) => ({
    id, help, nodes: nodes.map(({target, any}) => [target.join(" "), any.map(({message}) => message).join("; ")]),
  }))),
  (error) => done([{id: "axe", help: String(error), nodes: [["document", ""]]}]),
);
"""
# Elements that end beyond the window and that no box clips or scrolls.
_TOO_WIDE = """
const [width] = arguments;
if (document.documentElement.scrollWidth <= width) return [];
const body = document.body;
const clips = (one) =>
  one && one !== body && (getComputedStyle(one).overflowX !== "visible" || clips(one.parentElement));
const wide = [...body.querySelectorAll("*")].filter(
  (one) => one.getBoundingClientRect().right > width + 1 && !clips(one.parentElement),
);
return ["html", ...new Set(wide.map((one) => `${one.tagName.toLowerCase()}.${[...one.classList].join(".")}`))];
"""


class Finding(NamedTuple):
    """Something that is wrong on a page."""

    page: str
    view: str
    """The width and the theme in which it was found."""
    rule: str
    where: str

    def __str__(self) -> str:
        return f"{self.page} ({self.view}) {self.rule}: {self.where}"


class SitePage(BrowserPage):
    """A page of the site."""

    ready = "h1"

    def findings(self, page: str, axe: str) -> Iterator[Finding]:
        """Yield what is wrong on the page that is open; ``axe`` is the source of axe-core."""
        self._driver.execute_script(axe)
        for width in (PHONE, DESKTOP):
            for theme in _THEMES:
                show(self._driver, width, theme)
                view = f"{width} {theme}"
                # What does not depend on colours is checked once for each width.
                light = theme == "light"
                rules = violations(self._driver, "tag" if light else "rule", _LEVELS if light else ("color-contrast",))
                for rule, where in rules:
                    yield Finding(page, view, rule, where)
            wide = self._driver.execute_script(_TOO_WIDE, width)
            yield from (Finding(page, str(width), "scrolls sideways", one) for one in wide)
        yield from (Finding(page, "", "console", one) for one in self.complaints())
        own = urlsplit(self._driver.current_url).netloc
        yield from (Finding(page, "", "requests another host", one) for one in self.hosts() - {own})

    def found(self) -> list[str]:
        """Return where the results of a search lead, in their order, as soon as there are some."""
        self._find("#search-results li a")
        links = self._driver.find_elements(By.CSS_SELECTOR, "#search-results li a")
        return [str(one.get_attribute("href")) for one in links]


def show(driver: Any, width: int, theme: str) -> None:
    """Emulate a window of a width, whose system prefers a theme."""
    metrics = {"width": width, "height": _HEIGHT, "deviceScaleFactor": 1, "mobile": width == PHONE}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    preferred = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", preferred)


def violations(driver: Any, kind: Literal["rule", "tag"], values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield rules of axe-core that the open page violates, and where; its source was executed before."""
    found: list[dict[str, Any]] = driver.execute_async_script(_RUN_AXE, {"type": kind, "values": values})
    for one in found:
        for target, message in one["nodes"]:
            yield one["id"], f"{target}: {message or one['help']}"
