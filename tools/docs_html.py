"""Changes and checks of the pages that Sphinx has written, for tools/build_docs.py."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

# A signature of several lines is a list without terms, which is wrong HTML.
_PARAMETERS = re.compile(r'(<span class="sig-paren">\(</span>)\s*<dl>\n(.*?)</dl>', re.DOTALL)
_ID = re.compile(r'\bid="([^"]+)"')
_HREF = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')
# What furo leaves out for screen readers.
_REPLACED = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="Pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<aside class="toc-drawer no-toc">': '<aside class="toc-drawer no-toc" aria-label="On this page">',
    '<th class="head"><p></p></th>': "<td></td>",
}


def make_accessible(site: Path) -> None:
    """Repair in all pages of a site what screen readers would read wrongly."""
    for page in site.rglob("*.html"):
        page.write_text(accessible(page.read_text(encoding="utf-8")), encoding="utf-8")


def accessible(html: str) -> str:
    """Return a page, repaired."""
    for found, right in _REPLACED.items():
        html = html.replace(found, right)
    return _PARAMETERS.sub(_in_lines, html)


def _in_lines(match: re.Match[str]) -> str:
    lines = match[2].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
    return match[1] + lines


class Loading(HTMLParser):
    """Collects what a page loads by itself: scripts, styles, images, frames."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the addresses of elements that a browser loads."""
        given = dict(attrs)
        if tag == "link" and given.get("rel") in ("canonical", "author", "search", "next", "prev"):
            return
        if tag in ("script", "link", "img", "iframe", "source", "video", "audio"):
            self.found += [value for name in ("src", "href") if (value := given.get(name)) is not None]


def loaded_from_elsewhere(site: Path) -> Iterator[str]:
    """Yield what the pages of a site load from other hosts."""
    for page in site.rglob("*.html"):
        loading = Loading()
        loading.feed(page.read_text(encoding="utf-8"))
        yield from (one for one in loading.found if re.match(r"(?:\w+:)?//", one))
    for style in site.rglob("*.css"):
        yield from re.findall(r"url\([\"']?((?:https?:)?//[^)\"']+)", style.read_text(encoding="utf-8"))


def dead_links(site: Path) -> Iterator[str]:
    """Yield the links between the pages of a site that lead to no file, or to no element of a page."""
    texts = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    anchors = {page: {unescape(one) for one in _ID.findall(text)} for page, text in texts.items()}
    for page, text in texts.items():
        for link in dict.fromkeys(_HREF.findall(text)):
            path, _, anchor = unescape(link).partition("#")
            target = (page.parent / unquote(path)).resolve() if path else page
            if not re.match(r"\w+:|//", link) and not _exists(target, unquote(anchor), anchors):
                yield f"{page.relative_to(site)}: {link}"


def _exists(target: Path, anchor: str, anchors: Mapping[Path, set[str]]) -> bool:
    """Return whether a file has an anchor. Only pages have anchors; an empty one is the begin of each."""
    return target.exists() and (not anchor or anchor in anchors.get(target, ()))
