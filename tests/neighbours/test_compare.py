"""The table of docs/coming-from/compare.md: what can be measured with a few requests is as the table says."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from pytest_aiohttp.plugin import AiohttpServer

from tests.neighbours.compared import blacksheep_app, fastapi_app, litestar_app, our_app

_PAGE = Path(__file__).parents[2] / "docs" / "coming-from" / "compare.md"
_COLUMNS = ("here", "FastAPI", "Litestar", "BlackSheep")
_JSON = {"Content-Type": "application/json"}
_BAD_INPUTS: list[dict[str, Any]] = [
    {"method": "POST", "url": "/items", "content": b"\xff\xfe", "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b'{"name": "\xff", "price": 1}', "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b"{", "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b"[]", "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b"null", "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b'{"name": 3, "price": "x"}', "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b"", "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b"name=a", "headers": {"Content-Type": "text/plain"}},
    {"method": "POST", "url": "/items?limit=many", "content": b'{"name": "a", "price": 1}', "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b'{"name": "\\ud800", "price": 1}', "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b'{"name": "a", "price": NaN}', "headers": _JSON},
    {"method": "POST", "url": "/items", "content": b"[" * 200_000, "headers": _JSON},
    {"method": "GET", "url": "/items/seven"},
    {"method": "GET", "url": f"/items/{'9' * 5000}"},
]


class Peer(NamedTuple):
    """A framework and how to send a request to its application."""

    name: str
    ask: Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(params=_COLUMNS)
async def peer(request: pytest.FixtureRequest, aiohttp_server: AiohttpServer) -> Any:
    """Serve the application of a column."""
    if request.param == "here":
        server = await aiohttp_server(our_app().build())
        client = httpx.AsyncClient(base_url=str(server.make_url("/")))
    else:
        made = {"FastAPI": fastapi_app, "Litestar": litestar_app, "BlackSheep": blacksheep_app}[request.param]()
        if request.param == "BlackSheep":
            await made.start()
        transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
    async with client:
        yield Peer(request.param, client.request)


def cell(name: str, column: str) -> str:
    """Return what the table says in a row, before a colon."""
    (row,) = re.findall(rf"^\| {re.escape(name)} \| (.+) \|$", _PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return str(row.split(" | ")[_COLUMNS.index(column)])


async def test_methods(peer: Peer) -> None:
    """HEAD for GET, OPTIONS, and 405 with the allowed methods."""
    head = (await peer.ask("HEAD", "/items/1")).status_code == 200
    options = (await peer.ask("OPTIONS", "/items/1")).status_code in {200, 204}
    wrong = await peer.ask("PUT", "/items/1")
    allowed = wrong.status_code == 405 and "GET" in wrong.headers.get("Allow", "")

    said = {
        (True, True, True): "yes",
        (False, False, True): "part: only 405",
        (False, True, True): "part: no HEAD",
        (False, False, False): "no",
    }
    assert cell("HEAD for GET, OPTIONS, 405 with `Allow`", peer.name) == said[head, options, allowed]


async def test_all_errors_of_a_request(peer: Peer) -> None:
    """A wrong query parameter, a wrong field and a missing field."""
    response = await peer.ask("POST", "/items?limit=many", json={"price": "x"})
    found = {word for word in ("limit", "price", "name") if word in response.text}
    problem = response.headers["Content-Type"].startswith("application/problem+json")

    complete = "yes" if problem else "part: own format"
    said = complete if found == {"limit", "price", "name"} else "no"
    assert cell("All errors of a request in one response, RFC 9457", peer.name).partition(": only")[0] == said


async def test_responses_have_the_declared_fields(peer: Peer) -> None:
    """The value of a subclass has a field more."""
    response = await peer.ask("GET", "/items/1")

    assert response.json()["name"] == "Item 1"
    hidden = "secret" not in response.json()
    said = cell("Responses contain only what the annotation declares", peer.name)
    assert said.startswith("yes") == hidden


async def test_no_input_is_a_500(peer: Peer) -> None:
    """Bodies and parameters that nobody has declared."""
    statuses = [(await peer.ask(**one)).status_code for one in _BAD_INPUTS]

    said = cell("Unknown input is never a 500", peer.name)
    assert said.startswith("yes") == (max(statuses) < 500), statuses
