"""The checks of the documentation's site find what is wrong on a page, in Chromium."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.node_packages import installed

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER  # noqa: E402  needs selenium
from tests.site.__main__ import findings  # noqa: E402  as above

pytestmark = [
    *IN_BROWSER,
    pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js is not installed"),
]
_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="icon" href="data:,">
  <title>A page</title>
  <style>
    body {{ background: #fff; color: #000; }}
    @media (prefers-color-scheme: dark) {{ body {{ background: #000; color: #fff; }} .pale {{ color: #333; }} }}
  </style>
</head>
<body><main><h1>A page</h1>{content}</main></body>
</html>
"""
_RESULTS = """<ul id="search-results">
  <li><a href="api/framework.middleware.html#framework.middleware.RateLimit">RateLimit</a></li>
</ul>"""
_WRONG = {
    "contrast.html": '<p class="pale">Dark on dark</p>',
    "headings.html": "<h4>Too deep</h4>",
    "picture.html": '<img src="data:,">',
    "label.html": "<input>",
    "console.html": "<script>console.error('broken')</script>",
    "elsewhere.html": "<script>fetch('http://elsewhere.example/').catch(() => 0)</script>",
    "wide.html": '<div class="wide" style="width: 800px">wide</div>',
}


async def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    """Each page has one error, and a page without errors has no finding; the search finds one of two words."""
    pages = {"right.html": "<h2>A heading</h2>", **_WRONG}
    for name, content in {**pages, "search.html": _RESULTS}.items():
        (tmp_path / name).write_text(_PAGE.format(content=content), encoding="utf-8")
    axe = installed(Path(__file__).parents[1] / "site" / "node", ".node-site") / "axe-core" / "axe.min.js"

    found = await asyncio.to_thread(lambda: list(findings(list(pages), axe.read_text(encoding="utf-8"), tmp_path)))

    assert {(one.page, one.view, one.rule) for one in found} == {
        ("contrast.html", "390 dark", "color-contrast"),
        ("contrast.html", "1400 dark", "color-contrast"),
        *(("headings.html", f"{width} light", "heading-order") for width in (390, 1400)),
        *(("picture.html", f"{width} light", "image-alt") for width in (390, 1400)),
        *(("label.html", f"{width} light", "label") for width in (390, 1400)),
        ("console.html", "", "console"),
        ("elsewhere.html", "", "console"),
        ("elsewhere.html", "", "requests another host"),
        ("wide.html", "390", "scrolls sideways"),
        ("search.html", "", "does not find idempotency"),
    }
