"""The examples of the documentation work.

A page's Python blocks run in order in one module, and what they print stands in the ``text`` block that follows. Each
``$ curl`` of a ``console`` block is answered by the page's ``app`` of that moment as the page says. Blocks that begin
with ``# test_….py`` pass under pytest, configured by the page's ``toml`` block if it has one.
Blocks of ``sh`` are not run.
"""

import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.settings import Settings
from framework import App
from tests.forked import run_pytest
from tests.pages import Block, blocks_of, commands, comparable, read_curl

_ROOT = Path(__file__).parents[2]
_README = _ROOT / "README.md"
_FOLDERS = (
    "start",
    "concepts",
    "coming-from",
    "tutorial",
    "reference",
    "reference/middleware",
    "reference/security",
    "how-to",
    "design",
)
_PAGES = [
    _README,
    _ROOT / "CHANGELOG.md",
    _ROOT / "CONTRIBUTING.md",
    _ROOT / "SECURITY.md",
    _ROOT / "docs" / "index.md",
    *(page for folder in _FOLDERS for page in sorted((_ROOT / "docs" / folder).glob("*.md"))),
]
# The packages of one page are in an environment of their own: tests/neighbours/test_page.py follows it. The tutorial is
# about projects of several files: tests/tutorial follows its pages.
_ELSEWHERE = {_ROOT / "docs" / "how-to" / "neighbours.md", *(_ROOT / "docs" / "tutorial").glob("*.md")}
_FOLLOWED = [page for page in _PAGES if page not in _ELSEWHERE]
# Their tests take long.
_LONG = {"contract-tests", "test-an-app"}
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Undo what a page configures."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def program_of(page: Path) -> str:
    """Return the name of the module that the page's readers write."""
    return "shop" if page == _README else "todo"


class Reader:
    """Does what a reader does: writes a program block by block, runs it, and asks it with curl."""

    def __init__(self, file: Path, aiohttp_client: AiohttpClient, capsys: pytest.CaptureFixture[str]) -> None:
        self.module = ModuleType(file.stem)
        self.module.__file__ = str(file)
        self._file = file
        self._aiohttp_client = aiohttp_client
        self._capsys = capsys
        self._served: App | None = None
        self._client: TestClient[web.Request, web.Application] | None = None
        self._printed = ""

    async def read(self, block: Block) -> None:
        """Do what a block asks for."""
        if block.language == "python":
            self._run(block.text)
        elif block.language == "text":
            assert self._printed == block.text
            self._printed = ""
        elif block.language == "console":
            await self._ask(block.text)

    def _run(self, text: str) -> None:
        """Append a block to the program's file and run it, so that messages name the lines of that file."""
        self.finish()
        before = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        self._file.write_text(before + text, encoding="utf-8")
        code = compile("\n" * before.count("\n") + text, self._file, "exec")
        exec(code, vars(self.module))  # noqa: S102  the examples of our own pages
        self._printed = self._capsys.readouterr().out

    async def _ask(self, text: str) -> None:
        for command, answer in commands(text):
            method, target, options = read_curl(command)
            async with (await self._serve()).request(method, target, **options) as response:
                assert comparable(await response.text()) == comparable(answer), command

    async def _serve(self) -> TestClient[web.Request, web.Application]:
        app: App = vars(self.module)["app"]
        if self._client is None or self._served is not app:
            self._served = app
            self._client = await self._aiohttp_client(app.build())
        return self._client

    def finish(self) -> None:
        """Check that nothing was printed that the page does not show."""
        assert self._printed == "", "the page does not show what its program prints"


@pytest.mark.parametrize("page", _FOLLOWED, ids=lambda page: page.stem)
async def test_the_examples_of_a_page_work(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    aiohttp_client: AiohttpClient,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever follows a page from top to bottom sees what the page shows."""
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path / f"{program_of(page)}.py", aiohttp_client, capsys)
    monkeypatch.setitem(sys.modules, reader.module.__name__, reader.module)
    if page == _README:
        # What ``make run`` serves, until the page shows an app of its own.
        settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        vars(reader.module)["app"] = create_app(settings, create_container(settings))

    for block in blocks_of(page):
        if block.test_file is None:
            await reader.read(block)
    reader.finish()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow if page.stem in _LONG else (), id=page.stem)
        for page in _FOLLOWED
        if any(block.test_file for block in blocks_of(page))
    ],
)
def test_the_tests_of_a_page_pass(page: Path, tmp_path: Path) -> None:
    """Tests that a page shows pass under pytest, beside the program and with the settings that it shows."""
    files = {"toml": "pyproject.toml", "python": f"{program_of(page)}.py"}
    for block in blocks_of(page):
        name = block.test_file or files.get(block.language)
        if name is not None:
            with (tmp_path / name).open("a", encoding="utf-8") as file:
                file.write(block.text)

    options: list[str] = []
    if not (tmp_path / "pyproject.toml").exists():
        options = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    done = run_pytest(tmp_path, *options)

    assert done.status == 0, done.printed


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    """Files that a page links to exist."""
    # A generic class that is called is no link.
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)

    assert [target for target in targets if not (page.parent / target).exists()] == []
