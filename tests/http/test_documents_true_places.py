"""Where the document says that an application is: mounted below a prefix, and behind a proxy that takes one off."""

from typing import Any
from urllib.parse import urljoin

import aiohttp
import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient, AiohttpServer

from framework import App, Controller, OpenAPI, get


class Books(Controller):
    """Keeps books."""

    @get("/books")
    async def search(self) -> list[str]:
        """Return books."""
        return ["Ulysses"]


async def servers(client: Any, path: str, **headers: str) -> Any:
    """Return the servers of a document."""
    response = await client.get(path, headers=headers)
    assert response.status == 200
    return (await response.json()).get("servers")


async def test_an_application_of_its_own_has_no_servers(aiohttp_client: AiohttpClient) -> None:
    """Without servers the root of the host is meant (OpenAPI 3.1, section 4.8.1.1), whatever header a client sends."""
    client = await aiohttp_client(App([Books]).build())

    assert await servers(client, "/openapi.json") is None
    assert await servers(client, "/openapi.json", **{"X-Forwarded-Prefix": "/evil"}) is None


@pytest.mark.parametrize("suffix", ["json", "yaml"])
async def test_a_mounted_application_names_its_prefix(aiohttp_client: AiohttpClient, suffix: str) -> None:
    """Below one prefix and below two, in the order of the members; paths and prefix together are a URL that works."""
    middle, outer = web.Application(), web.Application()
    middle.add_subapp("/shop", App([Books]).build())
    outer.add_subapp("/api", middle)
    client = await aiohttp_client(outer)
    response = await client.get(f"/api/shop/openapi.{suffix}")
    text = await response.text()

    assert ('"url":"/api/shop"' if suffix == "json" else "- url: /api/shop") in text
    assert text.index("servers") < text.index("paths")
    assert await (await client.get("/api/shop/books")).json() == ["Ulysses"]


async def test_servers_of_the_users_own_stay(aiohttp_client: AiohttpClient) -> None:
    """What is said is not changed."""
    outer = web.Application()
    outer.add_subapp("/api", App([Books], openapi=OpenAPI(servers=("https://shop.example/x",))).build())
    client = await aiohttp_client(outer)

    assert await servers(client, "/api/openapi.json") == [{"url": "https://shop.example/x"}]


@pytest.fixture
async def proxy(aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient) -> Any:
    """Have a proxy that takes /public/v1 off, before an application that is mounted itself."""
    inner = web.Application()
    inner.add_subapp("/inner", App([Books], openapi=OpenAPI(forwarded_prefix=True, redoc_path="/a/redoc")).build())
    behind = await aiohttp_server(inner)

    async def forward(request: web.Request) -> web.Response:
        headers = {"X-Forwarded-Prefix": request.headers.get("X-Test", "/public/v1")}
        async with aiohttp.ClientSession() as session:
            url = behind.make_url(request.path.removeprefix("/public/v1"))
            async with session.get(url, headers=headers) as response:
                return web.Response(body=await response.read(), status=response.status, content_type="text/plain")

    front = web.Application()
    front.router.add_get("/public/v1/{rest:.*}", forward)
    return await aiohttp_client(front)


async def test_a_proxy_that_takes_a_prefix_off(proxy: Any) -> None:
    """The document names both prefixes, so that its paths lead back through the proxy."""
    response = await proxy.get("/public/v1/inner/openapi.json")
    document = await response.json(content_type=None)
    (server,) = document["servers"]

    assert server == {"url": "/public/v1/inner"}
    answered = await proxy.get(server["url"] + next(iter(document["paths"])))
    assert await answered.json(content_type=None) == ["Ulysses"]


@pytest.mark.parametrize("page", ["/public/v1/inner/docs", "/public/v1/inner/a/redoc"])
async def test_links_of_pages_lead_back_through_the_proxy(proxy: Any, page: str) -> None:
    """Scripts, styles and the document are relative to the page."""
    html = await (await proxy.get(page)).text()
    links = [one.partition('"')[0] for part in html.split('src="')[1:] + html.split('href="')[1:] for one in [part]]
    scripts = [one for one in links if not one.startswith("data:")]

    assert scripts
    for one in scripts:
        assert (await proxy.get(urljoin(page, one))).status == 200, one
    start = await (await proxy.get(urljoin(page, next(one for one in links if "initializer" in one)))).text()
    reference = next(one for one in start.split('"') if one.endswith("openapi.json"))
    assert (await proxy.get(urljoin(page, reference))).status == 200


@pytest.mark.parametrize("prefix", ["", "/", "no-slash", "//evil.example", "/a b", "https://evil.example", "/a?b"])
async def test_a_prefix_that_is_no_plain_path_is_ignored(proxy: Any, prefix: str) -> None:
    """Neither another host nor half a URL comes into the document."""
    response = await proxy.get("/public/v1/inner/openapi.json", headers={"X-Test": prefix})

    assert (await response.json(content_type=None))["servers"] == [{"url": "/inner"}]


async def test_many_prefixes_are_not_kept(proxy: Any) -> None:
    """Each is right, whatever came before."""
    for number in range(40):
        response = await proxy.get("/public/v1/inner/openapi.json", headers={"X-Test": f"/p{number}"})
        assert (await response.json(content_type=None))["servers"] == [{"url": f"/p{number}/inner"}]
