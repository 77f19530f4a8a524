"""Checks the built site in Chromium; see tests/site/checks.py.

``python -m tests.site`` checks a sample of pages, ``--all`` all of them, and names check those. Prints a line for each
finding, and exits with 1 if there is any; with 2 if a program that it uses is missing.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.browser.page import CHROMEDRIVER, CHROMIUM, open_browser
from tests.node_packages import Unreachable, install
from tests.site.checks import Finding, SitePage
from tests.site.serving import served

__all__ = ("main",)

_ROOT = Path(__file__).parents[2]
_SITE = _ROOT / "build" / "site"
# A page of each kind: lists, long code, wide tables, pictures, generated entries.
_SAMPLE = (
    "index.html",
    "tutorial/1-controllers.html",
    "how-to/deploy.html",
    "reference/parameters.html",
    "reference/middleware/index.html",
    "design/floors.html",
    "errors/E101.html",
    "api/framework.caching.html",
    "changelog.html",
    "search.html",
)
# What a search must find, and where.
_SEARCHES = {
    "RateLimit": "/api/framework.middleware.html#framework.middleware.RateLimit",
    "idempotency": "/reference/middleware/idempotency.html",
}


def findings(pages: Sequence[str], axe: str, site: Path = _SITE) -> Iterator[Finding]:
    """Yield what is wrong on pages of the site, and the searches that do not find what they should."""
    with served(site) as address, open_browser() as driver:
        for page in pages:
            yield from SitePage(driver, f"{address}/{page}").findings(page, axe)
        for text, wanted in _SEARCHES.items():
            found = SitePage(driver, f"{address}/search.html?q={text}").found()
            if f"{address}{wanted}" not in {one.split("?")[0] for one in found}:
                yield Finding("search.html", "", f"does not find {text}", f"{wanted} is not among {found[:5]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the pages. Returns the exit code."""
    parser = ArgumentParser(prog="python -m tests.site", description="Checks the built site in Chromium.")
    parser.add_argument("--all", action="store_true", help="check all pages, which takes some minutes")
    parser.add_argument("pages", nargs="*", help="pages to check, such as reference/routing.html")
    options = parser.parse_args(arguments)
    if missing := [name for name, found in (("chromium", CHROMIUM), ("chromedriver", CHROMEDRIVER)) if not found]:
        sys.stderr.write(f"not installed: {', '.join(missing)}\n")
        return 2
    try:
        axe = install(Path(__file__).parent / "node", ".node-site") / "axe-core" / "axe.min.js"
    except Unreachable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    everything = sorted(one.relative_to(_SITE).as_posix() for one in _SITE.rglob("*.html"))
    pages = everything if options.all else options.pages or _SAMPLE
    return report(pages, findings(pages, axe.read_text(encoding="utf-8")))


def report(pages: Sequence[str], found: Iterator[Finding]) -> int:
    """Print findings as they are found, and their number. Returns the exit code."""
    start, number = time.monotonic(), 0
    for one in found:
        number += 1
        sys.stdout.write(f"{one}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(pages)} pages, {number} findings, {time.monotonic() - start:.0f} s\n")
    return int(number > 0)


if __name__ == "__main__":
    sys.exit(main())
