"""Pages of the documentation have the same shape, and links between them lead to headings."""

import re
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_REFERENCE = sorted((_ROOT / "docs" / "reference").rglob("*.md"))
_PAGES = sorted([_ROOT / "README.md", _ROOT / "CHANGELOG.md", *(_ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ANCHOR_LINK = re.compile(r"\]\((?!https?:)([^)#]*)#([^)]+)\)")
_SERVED = "framework run todo:app --port 8000\n"
# Commands that need no server, and errors that keep an app from being served.
_NOT_SERVED = {"command-line", "errors-at-startup"}


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", _REFERENCE, ids=lambda page: page.stem)
def test_a_page_of_the_reference_begins_with_its_use(page: Path) -> None:
    """The first sentence after the title is what a reader can do after the page."""
    _, first, _ = page.read_text(encoding="utf-8").split("\n\n", maxsplit=2)

    assert first.startswith("After this page you can ")


@pytest.mark.parametrize(
    "page", [page for page in _REFERENCE if page.stem not in _NOT_SERVED], ids=lambda page: page.stem
)
def test_a_page_of_the_reference_shows_how_its_file_is_served(page: Path) -> None:
    """The command is beside the first program, before the first variation of it."""
    text = page.read_text(encoding="utf-8")
    program = text.index("```python\n")

    assert _SERVED in text[program : text.index("\n## ", program)]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_the_anchors_of_a_page_lead_to_headings(page: Path) -> None:
    """A link to a part of a page names one of its headings."""
    links = _ANCHOR_LINK.findall(page.read_text(encoding="utf-8"))
    targets = [(page.parent / target if target else page, anchor) for target, anchor in links]

    missing = [f"{target.name}#{anchor}" for target, anchor in targets if anchor not in anchors_of(target)]

    assert missing == []


def test_the_page_about_installing_lists_every_extra() -> None:
    """Those that only the framework's own tests and documentation need are not listed."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (_ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {*project["optional-dependencies"]} - {
        "check",
        "docs",
        "test",
    }
