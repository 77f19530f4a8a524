"""The pages for users of other frameworks: the code of the other framework runs, and responds to the same requests.

Blocks of ``py`` are the other framework's, those of ``python`` are ours (``tests/unit/test_docs.py`` runs them too).
Each ``curl`` gets the response of the page from the other framework's application of that moment too. Where it responds
otherwise, a block of ``http`` with its response to the last command follows.
"""

import asyncio
import json
import re
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import httpx
import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App

_FOLDER = Path(__file__).parents[2] / "docs" / "coming-from"
_BLOCK = re.compile(r"^```(py|python|console|http)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAME_HEADERS = ("Location", "X-Version", "Access-Control-Allow-Origin")
# What differs between two descriptions of the same operation, apart from the names of headers.
_METHODS = {"get", "post", "put", "patch", "delete"}


class Ask(NamedTuple):
    """A request of a page, and how both respond to it."""

    words: list[str]
    ours: str
    theirs: tuple[int, str] | None
    """Status and body, if the page shows others than ours."""


def _asks(text: str, other: str | None) -> Iterator[Ask]:
    parts = text.split("$ ")[1:]
    for number, part in enumerate(parts, 1):
        command, _, response = part.partition("\n")
        theirs = None
        if other is not None and number == len(parts):
            head, _, body = other.partition("\n\n")
            theirs = int(head.split()[1]), body
        yield Ask(shlex.split(command)[1:], response, theirs)


def _steps(page: str) -> Iterator[tuple[str, Any]]:
    """Yield the blocks of a page; a console with the other framework's response to it."""
    blocks: list[tuple[str, str]] = _BLOCK.findall((_FOLDER / f"{page}.md").read_text(encoding="utf-8"))
    for number, (language, text) in enumerate(blocks):
        following = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
        if language == "console":
            yield language, [*_asks(text, following[1] if following[0] == "http" else None)]
        elif language != "http":
            yield language, text


def _request(words: list[str]) -> dict[str, Any]:
    """Return the arguments of httpx that are those of a command of curl."""
    headers: dict[str, str] = {}
    made: dict[str, Any] = {"method": None, "headers": headers}
    fields: list[tuple[str, Any]] = []
    files: list[tuple[str, Any]] = []
    given = iter(words)
    for word in given:
        if word == "-X":
            made["method"] = next(given)
        elif word == "-H":
            name, _, value = next(given).partition(": ")
            headers[name] = value
        elif word == "--json":
            made["content"] = next(given)
            headers["Content-Type"] = "application/json"
        elif word == "-d":
            fields.append(tuple(next(given).split("=", 1)))
        elif word == "-F":
            name, _, value = next(given).partition("=")
            path = Path(value.removeprefix("@"))
            files.append((name, (path.name, path.read_bytes(), "text/plain") if value[0] == "@" else (None, value)))
        else:
            made["url"] = word
    if fields:
        made["data"] = dict(fields)
    if files:
        made["files"] = files
    made["method"] = made["method"] or ("POST" if fields or files or "content" in made else "GET")
    return made


def _ask_wsgi(app: Any, words: list[str]) -> httpx.Response:
    with httpx.Client(transport=httpx.WSGITransport(app=app)) as client:
        return client.request(**_request(words))


async def _ask(app: Any, words: list[str]) -> httpx.Response:
    """Send a request to an application of ASGI or WSGI."""
    if hasattr(app, "wsgi_app"):
        return _ask_wsgi(app, words)
    if hasattr(app, "start") and not getattr(app, "started", True):
        await app.start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False)) as client:
        return await client.request(**_request(words))


def _comparable(text: str) -> Any:
    """Leave out how JSON is laid out, also in lines and in the data of events."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return [re.sub(r'(?<=[:,]) (?=["\d{\[])', "", line) for line in lines]


def _described(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """Return what a document says of each operation: parameters, successes, and whether it is deprecated."""
    return {
        (method, path): (
            sorted(
                (one["in"], one["name"].lower(), one.get("required", False))
                for one in operation.get("parameters", [])
                if one["in"] != "cookie"
            ),
            sorted(status for status in operation["responses"] if status.startswith("2")),
            operation.get("tags", []),
            operation.get("deprecated", False),
            bool(operation.get("security")),
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    }


class Reader:
    """Runs both programs of a page block by block."""

    def __init__(self, serve: AiohttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self._serve = serve
        self.theirs, self.ours = ModuleType("theirs"), ModuleType("todo")
        for module in (self.theirs, self.ours):
            monkeypatch.setitem(sys.modules, module.__name__, module)
        self.compared = self.operations = 0
        self._client: TestClient[Any, Any] | None = None
        self._served: App | None = None

    async def run(self, language: str, text: str) -> None:
        """Run a block in its module, and the tests that it adds to the other framework's."""
        if language == "python" and text.startswith("# test_"):
            return
        module = vars(self.ours if language == "python" else self.theirs)
        before = {*module}
        with warnings.catch_warnings():
            # Those of the other framework's test client, about the version of its own client.
            warnings.simplefilter("ignore")
            exec(compile(text, module["__name__"], "exec"), module)  # noqa: S102  our own pages
            tests: list[Callable[[], None]] = [module[name] for name in {*module} - before if name.startswith("test_")]
            for test in tests:
                await asyncio.to_thread(test)

    async def compare(self, asks: list[Ask]) -> None:
        """Send the requests of a console to both applications."""
        for ask in asks:
            ours, theirs = await self._ask_ours(ask.words), await _ask(vars(self.theirs)["app"], ask.words)
            assert _comparable(ours.text) == _comparable(ask.ours), ask.words
            status, body = ask.theirs or (ours.status_code, ask.ours)
            assert (theirs.status_code, _comparable(theirs.text)) == (status, _comparable(body)), ask.words
            for name in _SAME_HEADERS:
                assert theirs.headers.get(name) == ours.headers.get(name), (name, ask.words)
            self.compared += 1

    async def compare_documents(self) -> None:
        """Compare the descriptions of operations that both have."""
        theirs = _described(vars(self.theirs)["app"].openapi())
        response = await self._ask_ours(["/openapi.json"])
        ours = _described(json.loads(response.text))
        both = {*theirs} & {*ours}
        assert {one: ours[one] for one in both} == {one: theirs[one] for one in both}
        self.operations += len(both)

    async def _ask_ours(self, words: list[str]) -> httpx.Response:
        app: App = vars(self.ours)["app"]
        if self._client is None or self._served is not app:
            self._served, self._client = app, await self._serve(app.build())
        url = str(self._client.make_url("/"))
        given = [word.replace("http://127.0.0.1:8000/", url) for word in words]
        given = [f"{url}{word[1:]}" if word == "/openapi.json" else word for word in given]
        async with httpx.AsyncClient() as client:
            return await client.request(**_request(given))


@pytest.mark.parametrize("page", ["blacksheep", "fastapi", "flask-and-django", "litestar"])
async def test_both_respond_to_the_same_requests(
    page: str, aiohttp_client: AiohttpClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Status, body and some headers are the same, or the page shows both."""
    monkeypatch.chdir(tmp_path)
    reader = Reader(aiohttp_client, monkeypatch)
    for language, step in _steps(page):
        if language == "console":
            await reader.compare(step)
            if page == "fastapi":
                await reader.compare_documents()
        else:
            await reader.run(language, step)
    assert reader.compared > 1
    assert page != "fastapi" or reader.operations > 40


def test_every_chapter_is_on_the_page() -> None:
    """The table of chapters names a section of the page, or says why there is none."""
    text = (_FOLDER / "fastapi.md").read_text(encoding="utf-8")
    chapters = re.findall(r"^\| \*(.+?)\* \| (.+) \|$", text, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    sections = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}

    assert len(chapters) == len({name for name, _ in chapters}) > 45
    for name, where in chapters:
        linked = re.findall(r"\]\(#([\w-]+)\)", where)
        assert linked, name
        assert sections.issuperset(linked), name
