"""The pages for users of other frameworks: the code of the other framework runs, and responds to the same requests.

Blocks of ``py`` are the other framework's; ``tests/unit/test_docs.py`` runs those of ``python``. Each ``curl`` gets the
response of the page from the other framework's application of that moment too.
"""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

_FOLDER = Path(__file__).parents[2] / "docs" / "coming-from"
_BLOCK = re.compile(r"^```(py|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _commands(text: str) -> Iterator[tuple[list[str], str]]:
    for part in text.split("$ ")[1:]:
        command, _, response = part.partition("\n")
        yield shlex.split(command)[1:], response


def _request(words: list[str]) -> dict[str, Any]:
    """Return the arguments of httpx that are those of a command of curl."""
    headers: dict[str, str] = {}
    made: dict[str, Any] = {"method": None, "headers": headers}
    fields: list[str] = []
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
            fields.append(next(given))
        else:
            made["url"] = word
    if fields:
        made["data"] = dict(field.split("=", 1) for field in fields)
    made["method"] = made["method"] or ("POST" if fields or "content" in made else "GET")
    return made


def _respond_to_wsgi(app: Any, words: list[str]) -> httpx.Response:
    with httpx.Client(transport=httpx.WSGITransport(app=app)) as client:
        return client.request(**_request(words))


async def _respond(app: Any, words: list[str]) -> httpx.Response:
    """Send a request to an application of ASGI or WSGI."""
    if hasattr(app, "wsgi_app"):
        return _respond_to_wsgi(app, words)
    if hasattr(app, "start") and not getattr(app, "started", True):
        await app.start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        return await client.request(**_request(words))


@pytest.mark.parametrize("page", ["blacksheep", "fastapi", "flask-and-django", "litestar"])
async def test_the_other_framework_responds_to_the_same_requests(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status and JSON are those that the page shows."""
    module = ModuleType("other")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    compared = 0
    for language, text in _BLOCK.findall((_FOLDER / f"{page}.md").read_text(encoding="utf-8")):
        if language == "py":
            exec(compile(text, page, "exec"), vars(module))  # noqa: S102  our own pages
            continue
        for words, expected in _commands(text):
            response = await _respond(vars(module)["app"], words)
            assert response.is_success, (words, response.text)
            assert response.json() == json.loads(expected), words
            compared += 1
    assert compared > 1
