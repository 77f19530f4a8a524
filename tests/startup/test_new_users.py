"""Errors of new users, each in the smallest application that has it; see the tables in ``new_users/``.

A table has three parts for each error: a title, the file as a user of another framework would write it, and what is
reported: when the file is imported, when the app is built, or in the log of the first request.
"""

import gc
import importlib.util
import logging
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, DefinitionError, errors

_ROW = re.compile(
    r"^## (?P<title>.+?)\n+```python\n(?P<source>.*?)```\n+```text\n(?P<report>.*?)```", re.DOTALL | re.MULTILINE
)


class Row(NamedTuple):
    """One error."""

    title: str
    source: str
    report: str


def rows_of(table: Path) -> list[Row]:
    """Read a table."""
    return [Row(**found.groupdict()) for found in _ROW.finditer(table.read_text(encoding="utf-8"))]


ROWS = [row for table in sorted(Path(__file__).with_name("new_users").glob("*.md")) for row in rows_of(table)]


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Drop the coroutines of functions that were called too early, before other tests run."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        gc.collect()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
async def test_it_is_reported(
    row: Row,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    aiohttp_client: AiohttpClient,
) -> None:
    """Nothing is silent: the whole report is where, what and a hint."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "shop.py"
    file.write_text(row.source, encoding="utf-8")
    found = errors_at_start(file, monkeypatch)
    if not found:
        app = sys.modules["shop"].app
        with caplog.at_level(logging.ERROR, "framework"):
            await request_all(app, await aiohttp_client(app.build()))
        # Futures of earlier tests may be reported by asyncio at this moment.
        found = [one.exc_info[1] for one in caplog.records if one.exc_info and one.name == "framework"]
    assert report_of(found) == row.report


def errors_at_start(file: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[BaseException | None]:
    """Return what importing a file and building its app raises."""
    try:
        load(file, monkeypatch).app.build()
    except Exception as error:  # noqa: BLE001  also the TypeErrors of constructors
        return error.exceptions if isinstance(error, ExceptionGroup) else [error]
    return []


def load(file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a file as ``shop``."""
    spec = importlib.util.spec_from_file_location("shop", file)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "shop", module)
    spec.loader.exec_module(module)
    return module


def report_of(errors: Sequence[BaseException | None]) -> str:
    """Return the errors as a table has them."""
    return "".join(f"{type(one).__name__}: {one}\n" for one in errors)


async def request_all(app: App, client: TestClient[web.Request, web.Application]) -> None:
    """Send a request to each route; an error is a 500."""
    for route in app.routes():
        response = await client.request(route.method, route.path)
        assert response.status == 500


def test_the_page_lists_every_kind() -> None:
    """The reference has a line for each DefinitionError."""
    page = Path("docs/reference/errors-at-startup.md").read_text(encoding="utf-8")
    kinds = [name for name in errors.__all__ if issubclass(getattr(errors, name), DefinitionError)]
    assert [name for name in kinds if name != "DefinitionError" and f"| `{name}` |" not in page] == []


def test_there_are_many_of_them() -> None:
    """Each has a title of its own."""
    assert len(ROWS) >= 62
    assert len({row.title for row in ROWS}) == len(ROWS)
