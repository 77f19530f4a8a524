"""What ``framework dev`` adds to responses: the script of pages, and the page of an unhandled exception."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, OpenAPI, Request, Response, get
from framework.cli.dev.child import docs_of
from framework.cli.dev.development import Development
from framework.cli.dev.policies import allow_script
from framework.http_errors import NotFound
from framework.middleware import Compression, SecurityHeaders
from framework.observers import Observation, Observer
from framework.responses import FileResponse

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGE = "<!doctype html><title>Shop</title><body><h1>Café</h1></body></html>"
SCRIPT = "<script nonce="


class Prices:
    """A service."""


class Storage:
    """Another service."""


class Shop(Controller):
    """Pages and errors."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    @get("/", media_type="text/html")
    async def page(self) -> str:
        """Return a page."""
        return PAGE

    @get("/fragment", media_type="text/html")
    async def fragment(self) -> str:
        """Return a part of a page."""
        return "<li>Mug</li>"

    @get("/file")
    async def file(self) -> FileResponse:
        """Return a page from a file."""
        return FileResponse(_FILE, cookies={"basket": "7"}, headers={"X-Shop": "open"})

    @get("/download")
    async def download(self) -> FileResponse:
        """Return a file to be saved."""
        return FileResponse(_FILE, filename="shop.html")

    @get("/cookie")
    async def cookie(self) -> Response[str]:
        """Set a cookie."""
        return Response(PAGE, media_type="text/html", cookies={"basket": "7"}, headers={"ETag": '"1"'}, status=201)

    @get("/items")
    async def items(self) -> list[str]:
        """Return JSON."""
        return ["mug"] * 100

    @get("/share/{people}")
    async def share(self, people: int, storage: Storage) -> float:
        """Fail if there are no people."""
        del storage
        try:
            return 1 / people
        except ZeroDivisionError as error:
            raise RuntimeError("the <bill> is not shared") from error


_FILE = Path(__file__).with_name("shop_page.html")


class Ends(Observer):
    """Keeps the exceptions of requests."""

    def __init__(self) -> None:
        self.exceptions: list[BaseException | None] = []

    def end(self, observation: Observation, state: Any) -> None:
        """Keep one."""
        del state
        self.exceptions.append(observation.exception)


@pytest.fixture
def serve(aiohttp_client: AiohttpClient) -> Callable[..., Awaitable[TestClient[Any, Any]]]:
    """Serve the shop for development."""

    async def start(*middlewares: Any, observers: Any = ()) -> TestClient[Any, Any]:
        container = Container()
        container.add_singleton(Prices)
        container.add_scoped(Storage)
        app = App([Shop], container=container, middlewares=middlewares, observers=observers)
        application = app.build()

        async def plain(_: web.Request) -> web.Response:
            raise LookupError("of aiohttp's own")

        application.router.add_get("/plain", plain)
        Development("127.0.0.1", app).install(application)
        return await aiohttp_client(application)

    return start


async def test_a_page_gets_the_script_once(serve: Any) -> None:
    """It is at the end of the body; the text around it, the status, and cookies stay."""
    client = await serve()

    for _ in range(2):
        text = await (await client.get("/", headers=HTML)).text()
        before, _, after = text.partition(SCRIPT)
        assert before == PAGE.removesuffix("</body></html>")
        assert after.endswith("</script></body></html>")
        assert SCRIPT not in after
    response = await client.get("/cookie", headers={**HTML, "If-None-Match": '"1"'})
    assert response.status == 201
    assert response.cookies["basket"].value == "7"
    assert SCRIPT in await response.text()
    # A cached page would have the script of an old version.
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


async def test_a_page_from_a_file_gets_the_script(serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a client that has the file; downloads stay as they are."""
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(sys.modules[__name__], "_FILE", file)
    client = await serve()
    known = (await client.get("/file")).headers["ETag"]

    response = await client.get("/file", headers={**HTML, "If-None-Match": known})

    assert response.status == 200
    assert SCRIPT in await response.text()
    assert response.cookies["basket"].value == "7"
    assert response.headers["X-Shop"] == "open"
    assert await (await client.get("/download", headers=HTML)).text() == PAGE
    file.unlink()
    assert (await client.get("/file", headers=HTML)).status == 404


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/", {"Accept": "*/*"}),
        ("/fragment", HTML),
        ("/", {**HTML, "Sec-Fetch-Dest": "empty"}),
        ("/", {**HTML, "Host": "attacker.example"}),
        ("/items", HTML),
    ],
)
async def test_other_responses_have_no_script(serve: Any, path: str, headers: dict[str, str]) -> None:
    """Other clients, fragments that a script requests, and JSON get what production sends."""
    client = await serve()

    response = await client.get(path, headers=headers)

    assert response.status == 200
    assert SCRIPT not in await response.text()


async def test_a_short_page_that_a_browser_opens_is_a_page(serve: Any) -> None:
    """Sec-Fetch-Dest distinguishes it from a fragment."""
    client = await serve()

    text = await (await client.get("/fragment", headers={**HTML, "Sec-Fetch-Dest": "document"})).text()

    assert text.startswith(f"<li>Mug</li>{SCRIPT}")


async def test_compression_leaves_pages_alone(serve: Any) -> None:
    """Pages are sent uncompressed, because the script is added; other responses are compressed."""
    client = await serve(Compression(minimum_size=1))

    page = await client.get("/", headers={**HTML, "Accept-Encoding": "gzip"})
    items = await client.get("/items", headers={"Accept-Encoding": "gzip"})

    assert SCRIPT in await page.text()
    assert "Content-Encoding" not in page.headers
    assert items.headers["Content-Encoding"] == "gzip"


async def test_the_policy_of_a_page_allows_the_script(serve: Any) -> None:
    """Nothing else is allowed beside it."""
    client = await serve(SecurityHeaders())

    response = await client.get("/", headers=HTML)

    nonce = (await response.text()).partition(f'{SCRIPT}"')[2].partition('"')[0]
    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'none'; frame-ancestors 'none'; script-src-elem 'nonce-{nonce}'; connect-src 'self'"
    )
    assert (await client.get("/")).headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("frame-ancestors 'none'", "frame-ancestors 'none'"),
        ("default-src *", "default-src *; script-src-elem * 'nonce-new'"),
        ("script-src 'nonce-old'", "script-src 'nonce-old'"),
        ("script-src 'nonce-old'; connect-src 'none'", "script-src 'nonce-old'; connect-src 'self'"),
        ("script-src 'self'", "script-src 'self'; script-src-elem 'self' 'nonce-new'"),
        ("script-src-elem 'self'; script-src 'none'", "script-src-elem 'self' 'nonce-new'; script-src 'none'"),
        ("script-src 'unsafe-inline'; connect-src *", "script-src 'unsafe-inline'; connect-src *"),
        (
            "script-src 'unsafe-inline' 'strict-dynamic'",
            "script-src 'unsafe-inline' 'strict-dynamic'; script-src-elem 'unsafe-inline' 'strict-dynamic' 'nonce-new'",
        ),
        (
            "Default-Src https://cdn.example; default-src 'self';",
            "default-src https://cdn.example; script-src-elem https://cdn.example 'nonce-new'; "
            "connect-src https://cdn.example 'self'",
        ),
    ],
)
def test_a_policy_is_widened_by_what_it_lacks(policy: str, allowed: str) -> None:
    """The nonce of a policy is used; sources that it has stay."""
    assert allow_script(policy, "new") == (allowed, "old" if "'nonce-old'" in policy else "new")


async def test_an_unhandled_exception_has_a_page(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It has the cause, the source, the request without credentials, the services and the emitted code."""
    ends = Ends()
    client = await serve(observers=[ends])
    headers = {**HTML, "Authorization": "Bearer secret", "Cookie": "session=secret"}

    response = await client.get("/share/0?note=lunch", headers=headers)

    page = await response.text()
    assert (response.status, response.content_type) == (500, "text/html")
    assert "<h1>RuntimeError</h1>" in page
    assert "RuntimeError: the &lt;bill&gt; is not shared" in page
    assert "<h2>It was raised from:</h2>" in page
    assert "ZeroDivisionError: division by zero" in page
    assert "return 1 / people</mark>" in page
    assert '<th scope="row">query: note</th><td>lunch</td>' in page
    assert '<th scope="row">path: people</th><td>0</td>' in page
    assert "<td>(hidden)</td>" in page
    assert "secret" not in page
    assert "<td>Shop.share (tests/cli/test_dev_development.py:" in page
    assert '<tr><th scope="row">Storage</th><td>scoped</td></tr>' in page
    assert '<tr><th scope="row">Prices</th><td>singleton</td></tr>' in page
    assert "async def endpoint(request):" in page
    assert SCRIPT in page
    assert [record.getMessage() for record in caplog.records] == ["GET /share/0 failed"]
    assert [type(error) for error in ends.exceptions] == [RuntimeError]


async def test_secrets_of_a_request_are_hidden(serve: Any) -> None:
    """By the names of query parameters and headers, as in the access log; also in the target and in Referer."""
    client = await serve()
    query = "page=2&reset_token=hunter2&user%5Bpassword%5D=hunter2&code=hunter2"
    hidden = ("X-Auth-Token", "X-API-Key", "Proxy-Authorization", "Cookie")
    headers = {**HTML, **dict.fromkeys(hidden, "a=hunter2"), "Referer": f"http://127.0.0.1/login?{query}"}

    page = await (await client.get(f"/share/0?{query}", headers=headers)).text()

    assert "hunter2" not in page
    masked = "page=2&amp;reset_token=***&amp;user%5Bpassword%5D=***&amp;code=***"
    assert f'<th scope="row">target</th><td>/share/0?{masked}</td>' in page
    assert f'<th scope="row">Referer</th><td>http://127.0.0.1/login?{masked}</td>' in page
    assert '<th scope="row">query: page</th><td>2</td>' in page
    assert '<th scope="row">query: user[password]</th><td>(hidden)</td>' in page
    assert all(f'<th scope="row">{name}</th><td>(hidden)</td>' in page for name in hidden)


async def test_an_exception_of_a_handler_of_aiohttp_has_a_page(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Without the parts that only controllers have; it is logged once."""
    client = await serve()

    page = await (await client.get("/plain", headers=HTML)).text()

    assert "<h1>LookupError</h1>" in page
    assert "Emitted code" not in page
    assert [record.getMessage() for record in caplog.records] == ["GET /plain failed"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Accept": "application/json"}, {**HTML, "Host": "attacker.example"}, {**HTML, "Host": "127.0.0.1.nip.io"}],
)
async def test_others_get_the_response_of_production(serve: Any, headers: dict[str, str]) -> None:
    """These are clients that do not accept HTML, and pages of another host, which DNS may lead here."""
    client = await serve()

    response = await client.get("/share/0", headers=headers)

    assert (response.status, response.content_type) == (500, "application/problem+json")
    assert await response.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "instance": "/share/0",
    }


@pytest.mark.parametrize("host", ["localhost", "shop.localhost:8080", "[::1]:8080", "10.0.0.7", "127.0.0.1:80"])
async def test_pages_are_shown_under_names_of_this_machine(serve: Any, host: str) -> None:
    """An address is no name that DNS could lead elsewhere."""
    client = await serve()

    response = await client.get("/share/0", headers={**HTML, "Host": host})

    assert response.content_type == "text/html"


async def refuse(_: Request) -> None:
    """Guard the documents."""
    raise NotFound


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, "/docs"),
        ({"openapi": None}, None),
        ({"openapi": OpenAPI(docs_path=None)}, None),
        ({"openapi": OpenAPI(guards=(refuse,))}, None),
        ({"guards": [refuse]}, None),
        ({"default_guard": refuse}, None),
        ({"default_guard": refuse, "openapi": OpenAPI(guards=())}, "/docs"),
    ],
)
def test_the_documentation_is_announced_unless_a_guard_would_refuse_it(
    options: dict[str, Any], path: str | None
) -> None:
    """A browser that opens the link has no credentials."""
    app = App([], **options)
    assert docs_of(app.build(), app) == path


async def test_reserved_paths_are_those_of_development(serve: Any) -> None:
    """There is no error to show, and nothing for other hosts."""
    client = await serve()

    assert (await client.get("/__framework__/error", headers=HTML)).status == 404
    assert (await client.get("/__framework__/events", headers={"Host": "attacker.example"})).status == 404


async def test_production_has_none_of_it(aiohttp_client: AiohttpClient) -> None:
    """Without the command there is no page, no script and no reserved path, whatever a header names."""
    container = Container()
    container.add_singleton(Prices)
    container.add_scoped(Storage)
    client = await aiohttp_client(App([Shop], container=container).build())

    assert (await client.get("/share/0", headers=HTML)).content_type == "application/problem+json"
    assert await (await client.get("/", headers=HTML)).text() == PAGE
    assert (await client.get("/__framework__/events")).status == 404
