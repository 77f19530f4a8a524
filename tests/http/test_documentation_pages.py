"""The documentation pages as browsers get them: where they are, what fences them in, and what may be kept."""

import gzip
import re
from typing import Any
from urllib.parse import urljoin

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, OpenAPI, Request, get
from framework.http_errors import Forbidden
from framework.security import OAuth2
from framework.typedefs import CallNext

Client = TestClient[web.Request, web.Application]
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'{hosts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'{more}"
)
EMPTY = " 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
STYLES = {
    "docs_path": {"style": "", "more": ""},
    "redoc_path": {"style": EMPTY, "more": "; font-src data:"},
    "scalar_path": {"style": " 'nonce-{nonce}'", "more": "; style-src-attr 'unsafe-inline'"},
}
SCRIPTS = {"docs_path": "swagger-ui-bundle.js", "redoc_path": "redoc.standalone.js", "scalar_path": "scalar.js"}
ON: dict[str, Any] = {"redoc_path": "/redoc", "scalar_path": "/scalar"}
every_page = pytest.mark.parametrize("setting", SCRIPTS)


class Songs(Controller):
    """Songs."""

    @get("/songs")
    async def search(self) -> list[str]:
        """List songs."""
        return []


def only(setting: str, place: str, **settings: Any) -> OpenAPI:
    """Return settings with one page alone."""
    return OpenAPI(**{"docs_path": None, **settings, setting: place})


async def read(client: Client, path: str) -> tuple[int, str, dict[str, str]]:
    """Return status, text and the headers that an application decides about."""
    async with client.get(path) as response:
        kept = {name: value for name, value in response.headers.items() if name not in {"Date", "Content-Length"}}
        return response.status, await response.text(), kept


def nonce_in(headers: dict[str, str]) -> str:
    """Return the nonce of a policy."""
    found = re.search(r"'nonce-([^']+)'", headers["Content-Security-Policy"])
    return found[1] if found else ""


@every_page
async def test_a_page_and_its_files(aiohttp_client: AiohttpClient, setting: str) -> None:
    """Page and start are asked for anew, files never again; each with a policy of no more than it needs."""
    client = await aiohttp_client(App([Songs], openapi=only(setting, "/page", title="Songs & <more>")).build())

    status, page, headers = await read(client, "/page")
    base = re.findall(r'src="(page/assets/[0-9a-f]{12})/initializer\.js"', page)[0]
    start = await read(client, f"/{base}/initializer.js")
    files = await read(client, f"/{base}/{SCRIPTS[setting]}")
    strict = STRICT.format(style="", hosts="", more="")

    assert (status, re.findall("<title>(.*)</title>", page)) == (200, ["Songs &amp; &lt;more&gt;"])
    assert headers == {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": STRICT.format(hosts="", **STYLES[setting]).format(nonce=nonce_in(headers)),
        "X-Content-Type-Options": "nosniff",
    }
    assert '"openapi.json"' in start[1]
    assert start[::2] == (
        200,
        {
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": "no-cache",
            "Content-Security-Policy": strict,
            "X-Content-Type-Options": "nosniff",
        },
    )
    assert files[::2] == (
        200,
        {
            "Content-Type": "text/javascript; charset=utf-8",
            "Content-Encoding": "gzip",
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": strict,
            "X-Content-Type-Options": "nosniff",
        },
    )


@every_page
async def test_files_that_there_are_not(aiohttp_client: AiohttpClient, setting: str) -> None:
    """What is stored beside the files is not served, nor are files of an older version or of another page."""
    client = await aiohttp_client(App([Songs], openapi=only(setting, "/page")).build())
    _, page, _ = await read(client, "/page")
    base = re.findall(r'src="(page/assets/[0-9a-f]{12})/', page)[0]
    others = [name for other, name in SCRIPTS.items() if other != setting]

    for name in ("MANIFEST", "VERSION", "LICENSE", f"{SCRIPTS[setting]}.gz", "", "..%2fui.py", *others):
        assert (await read(client, f"/{base}/{name}"))[0] == 404
    assert (await read(client, f"/page/assets/000000000000/{SCRIPTS[setting]}"))[0] == 404


async def test_the_stored_bytes_are_served(aiohttp_client: AiohttpClient) -> None:
    """Files are compressed once and for all, and sent as they are stored."""
    client = await aiohttp_client(App([Songs], openapi=OpenAPI(docs_path=None, scalar_path="/scalar")).build())
    _, page, _ = await read(client, "/scalar")
    script = re.findall(r'src="(.*/scalar\.js)"', page)[0]

    async with client.get(f"/{script}", auto_decompress=False) as response:
        assert b"Scalar" in gzip.decompress(await response.read())


async def test_a_nonce_is_used_once(aiohttp_client: AiohttpClient) -> None:
    """Each answer has one of its own, the same in header and page; a title cannot ask for it."""
    client = await aiohttp_client(App([Songs], openapi=OpenAPI(title="{nonce}", scalar_path="/scalar")).build())

    answers = [await read(client, "/scalar") for _ in range(3)]
    nonces = [nonce_in(headers) for _, _, headers in answers]

    assert [re.findall('csp-nonce" content="(.*)"', page) for _, page, _ in answers] == [[nonce] for nonce in nonces]
    assert len(set(nonces)) == 3
    assert {len(nonce) for nonce in nonces} == {22}
    assert {re.findall("<title>(.*)</title>", page)[0] for _, page, _ in answers} == {"{nonce}"}


@every_page
async def test_a_page_may_ask_the_servers_of_its_document(aiohttp_client: AiohttpClient, setting: str) -> None:
    """And who gives tokens, and nobody else."""

    async def verify(_: str) -> str | None:
        return None

    scheme = OAuth2(verify, flows={"clientCredentials": {"tokenUrl": "https://id.example/token", "scopes": {}}})
    openapi = only(setting, "/page", servers=("https://api.example/v1",))

    class Guarded(Controller):
        @get("/guarded", guards=(scheme,))
        async def show(self) -> str:
            return ""

    client = await aiohttp_client(App([Guarded], openapi=openapi).build())
    _, _, headers = await read(client, "/page")

    hosts = " https://id.example https://api.example"
    expected = STRICT.format(hosts=hosts, **STYLES[setting]).format(nonce=nonce_in(headers))
    assert headers["Content-Security-Policy"] == expected


async def test_pages_are_off_unless_asked_for(aiohttp_client: AiohttpClient) -> None:
    """Swagger UI is on; the others are on where they have a path; without a document there is none."""
    usual = await aiohttp_client(App([Songs]).build())
    every = await aiohttp_client(App([Songs], openapi=OpenAPI(**ON)).build())
    none = await aiohttp_client(App([Songs], openapi=None).build())

    async def statuses(client: Client) -> list[int]:
        return [(await read(client, path))[0] for path in ("/docs", "/redoc", "/scalar")]

    assert await statuses(usual) == [200, 404, 404]
    assert await statuses(every) == [200, 200, 200]
    assert await statuses(none) == [404, 404, 404]


def test_pages_are_not_told() -> None:
    """They stand in no document and are no routes of the application."""
    app = App([Songs], openapi=OpenAPI(**ON))

    assert list(app.document()["paths"]) == ["/songs"]
    assert [route.path for route in app.routes()] == ["/songs"]


@pytest.mark.parametrize("path", ["/", "/page", "/page/", "/internal/deep/page"])
@pytest.mark.parametrize("prefix", ["", "/mounted"])
@every_page
async def test_a_page_finds_its_files_wherever_it_is(
    aiohttp_client: AiohttpClient, setting: str, prefix: str, path: str
) -> None:
    """All references are relative, so that they hold below any path and any prefix."""
    application = App([Songs], openapi=only(setting, path, path="/internal/openapi.json")).build()
    if prefix:
        outer = web.Application()
        outer.add_subapp(prefix, application)
        application = outer
    client = await aiohttp_client(application)

    _, page, _ = await read(client, f"{prefix}{path}")
    found = [urljoin(f"{prefix}{path}", one) for one in re.findall(r'(?:src|href)="(?!data:)([^"]*)"', page)]
    start = next(one for one in found if one.endswith("/initializer.js"))
    source = re.findall(r'"([^"]*openapi\.json)"', (await read(client, start))[1])[0]
    document = await read(client, urljoin(f"{prefix}{path}", source))

    for one in (*found, urljoin(start, SCRIPTS[setting])):
        assert (await client.head(one)).status == 200
    assert document[2]["Content-Type"] == "application/json"


async def test_guards_and_middlewares_stand_before_all_pages(aiohttp_client: AiohttpClient) -> None:
    """Who may not read the document sees none of its pages, and none of their files."""

    async def require_key(request: Request) -> None:
        if request.headers.get("X-Key") != "sing":
            raise Forbidden

    async def mark(request: web.Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.headers["X-Marked"] = "yes"
        return response

    openapi = OpenAPI(guards=(require_key,), middlewares=(mark,), **ON)
    client = await aiohttp_client(App([Songs], openapi=openapi).build())

    for path in ("/docs", "/redoc", "/scalar"):
        async with client.get(path, headers={"X-Key": "sing"}) as response:
            page = await response.text()
        script = re.findall(r'src="(.*/initializer\.js)"', page)[0]
        async with client.get(path) as page_refused, client.get(f"/{script}") as script_refused:
            refused = [page_refused, script_refused]
        assert (response.status, response.headers["X-Marked"]) == (200, "yes")
        assert [(one.status, one.headers["X-Marked"]) for one in refused] == [(403, "yes")] * 2


async def test_each_document_has_pages_of_its_own(aiohttp_client: AiohttpClient) -> None:
    """A page shows the document in whose settings it stands."""
    documents = (
        OpenAPI(title="Public", redoc_path="/redoc"),
        OpenAPI(title="Internal", path="/i.json", docs_path=None, redoc_path="/i/redoc", scalar_path="/i/scalar"),
    )
    client = await aiohttp_client(App([Songs], openapi=documents).build())

    found = {}
    for path in ("/redoc", "/i/redoc", "/i/scalar"):
        _, page, _ = await read(client, path)
        script = urljoin(path, re.findall(r'src="(.*/initializer\.js)"', page)[0])
        source = re.findall(r'"([^"]*\.json)"', (await read(client, script))[1])[0]
        found[path] = re.findall("<title>(.*)</title>", page)[0], urljoin(path, source)

    assert found == {
        "/redoc": ("Public", "/openapi.json"),
        "/i/redoc": ("Internal", "/i.json"),
        "/i/scalar": ("Internal", "/i.json"),
    }
