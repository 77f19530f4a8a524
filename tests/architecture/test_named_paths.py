"""The files and folders that the pages for contributors name exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / ".github" / "pull_request_template.md",
    *sorted((ROOT / "docs" / "design").glob("*.md")),
)
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
# A name with a slash in it that ends with a slash or an extension, or begins with a folder of the project.
_PATH = re.compile(r"(?:[\w.*-]+/)+(?:[\w*-]+\.(?:py|pyi|md|json|svg|txt|toml|cfg|yaml|yml))?\Z")
_ROOTS = ("framework/", "tests/", "docs/", "tools/", "app_template/", ".ci/", ".github/", "requirements/")
_FILE = re.compile(r"[\w.-]+\.(?:py|pyi|md|toml|cfg|yaml|yml)\Z")
# Made by a command: the wheel, the site.
_MADE = frozenset({"build/versions/", "dist/", "dist/*"})
# Where a page names what is in a part of the house without the way to it.
_BELOW = ("", "framework", "framework/_serve", "framework/_compile", "framework/_document", "docs/design", "tests")


def named(text: str) -> Iterator[str]:
    """Yield what looks like a path in the code of a page."""
    for code in _CODE.findall(_BLOCK.sub("", text)):
        for word in code.split():
            if word not in _MADE and (word.startswith(_ROOTS) or _PATH.match(word) or _FILE.match(word)):
                yield word


def exists(path: str) -> bool:
    """Tell whether a path leads somewhere, from the root or from the part of the house that a page is about."""
    return any(any((ROOT / below).glob(path.rstrip("/"))) for below in _BELOW)


def test_what_is_a_path() -> None:
    """Files, folders and patterns are; names of Python, media types and paths of requests are not."""
    text = (
        "`framework/params.py`, `_serve/sockets/`, `tests/http` and `setup.cfg`; `a.b`, `text/csv`, `/orders/{id}`, "
        "`make test`\n```sh\nrm framework/none.py\n```\n`python tools/none.py --check`"
    )
    assert list(named(text)) == [
        "framework/params.py",
        "_serve/sockets/",
        "tests/http",
        "setup.cfg",
        "tools/none.py",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_named_path_exists(page: Path) -> None:
    """What a walk names can be opened."""
    assert [path for path in named(page.read_text(encoding="utf-8")) if not exists(path)] == []


def test_contributors_find_what_they_need() -> None:
    """The page names a good part of the house, so the test above looks at something."""
    paths = set(named((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert len(paths) > 60
