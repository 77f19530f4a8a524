"""What stands around every route: ids, hosts, security headers, pages of other origins and the access log."""

import logging
import re

import msgspec
import pytest
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.settings import Settings
from app_template.tests.shop import ShopClient

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
JSON = {"Content-Type": "application/json", "X-Request-ID": "abc-1", **SECURITY_HEADERS}
PROBLEM = JSON | {"Content-Type": "application/problem+json"}


async def headers_of(client: ShopClient, path: str, method: str = "GET", **sent: str) -> tuple[int, dict[str, str]]:
    """Return the status and all headers of a response, but those of the connection."""
    names = {name.replace("_", "-"): value for name, value in sent.items()}
    async with client.request(method, path, headers={"X-Request-ID": "abc-1"} | names) as response:
        found = {"ETag" if name == "Etag" else name: value for name, value in response.headers.items()}
        assert len(found) == len(response.headers), "no header is sent twice"
        return response.status, {
            name: found[name] for name in found if name not in {"Date", "Server", "Content-Length", "Connection"}
        }


@pytest.fixture
async def guarded(settings: Settings, aiohttp_client: AiohttpClient) -> ShopClient:
    """Serve the shop for two hosts and for the pages of one origin."""
    strict = msgspec.structs.replace(settings, hosts=("shop.example", "127.0.0.1"), origins=("https://app.example",))
    return await aiohttp_client(create_app(strict, create_container(strict)).build())


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/api/products/MUG-1", 200, JSON | {"ETag": '"v1"', "Vary": "Accept"}),
        ("/api/products/CUP-1", 404, PROBLEM),
        ("/api/products/x", 422, PROBLEM),
        ("/nothing", 404, PROBLEM),
    ],
)
async def test_every_response_has_an_id_and_security_headers(
    client: ShopClient, path: str, status: int, expected: dict[str, str]
) -> None:
    """Without hosts and origins these are all headers, of errors too."""
    assert await headers_of(client, path, Origin="https://app.example", Host="any.example") == (status, expected)


async def test_an_invalid_or_missing_id_is_replaced(client: ShopClient) -> None:
    """The shop makes an id; it is also in the body of a problem."""
    headers: tuple[dict[str, str], ...] = ({"X-Request-ID": "two words"}, {})
    for sent in headers:
        async with client.get("/nothing", headers=sent) as response:
            assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])
            assert (await response.json())["request_id"] == response.headers["X-Request-ID"]


async def test_the_documentation_page_has_its_own_policy(client: ShopClient) -> None:
    """The page may load its files, so its Content-Security-Policy is another one; the other headers are the shop's."""
    status, headers = await headers_of(client, "/docs")
    policy = headers.pop("Content-Security-Policy")
    (script,) = re.findall(r'src="(docs/assets/\w+/initializer\.js)"', await (await client.get("/docs")).text())

    assert status == 200
    assert "script-src 'self'" in policy
    assert headers == {
        "Cache-Control": "no-cache",
        "Content-Type": "text/html; charset=utf-8",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Request-ID": "abc-1",
    }
    assert (await client.get(f"/{script}")).status == 200


async def test_other_hosts_are_refused(guarded: ShopClient) -> None:
    """Only requests for the hosts of the settings are served; the port does not count."""
    assert (await headers_of(guarded, "/api/products", Host="shop.example:8000"))[0] == 200
    for path in ("/api/products", "/docs", "/nothing"):
        assert await headers_of(guarded, path, Host="evil.example") == (400, PROBLEM | {"Vary": "Origin"})


async def test_pages_of_an_allowed_origin_may_read(guarded: ShopClient) -> None:
    """They may read links, locations and ids too. Other pages get no permission."""
    permission = {
        "Access-Control-Allow-Origin": "https://app.example",
        "Access-Control-Expose-Headers": "Link, Location, X-Request-ID",
    }
    varied = JSON | {"ETag": '"v1"', "Vary": "Accept, Origin"}

    assert await headers_of(guarded, "/api/products/MUG-1", Origin="https://app.example") == (200, varied | permission)
    assert await headers_of(guarded, "/api/products/MUG-1", Origin="https://evil.example") == (200, varied)


async def test_a_preflight_names_the_methods_of_the_path(guarded: ShopClient) -> None:
    """The browser then sends the PATCH of an allowed page. The preflight of another page is refused."""
    asked = {"Access_Control_Request_Method": "PATCH", "Access_Control_Request_Headers": "content-type"}
    path = "/api/products/MUG-1"

    allowed = await headers_of(guarded, path, "OPTIONS", Origin="https://app.example", **asked)
    refused = await headers_of(guarded, path, "OPTIONS", Origin="https://evil.example", **asked)

    varied = {"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
    permission = {
        "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Language, Content-Type",
        "Access-Control-Allow-Methods": "GET, HEAD, PATCH",
        "Access-Control-Allow-Origin": "https://app.example",
        "Access-Control-Max-Age": "600",
    }
    assert allowed == (204, SECURITY_HEADERS | {"X-Request-ID": "abc-1"} | varied | permission)
    assert refused == (403, PROBLEM | varied)


async def test_each_request_has_one_line_in_the_access_log(
    client: ShopClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The line has no secrets, and the id of its request."""
    caplog.set_level(logging.INFO, "framework.access")

    await headers_of(client, "/api/products/MUG-1?token=secret", User_Agent="test")
    await headers_of(client, "/nothing", User_Agent="test")
    await client.close()

    records = [record for record in caplog.records if record.name == "framework.access"]
    lines = [re.sub(r"\d+\.\d{6}", "TIME", record.getMessage()) for record in records]
    assert lines == [
        '127.0.0.1 "GET /api/products/MUG-1?token=***" 200 78 TIME "test" abc-1',
        '127.0.0.1 "GET /nothing" 404 98 TIME "test" abc-1',
    ]
    assert [vars(record)["request_id"] for record in records] == ["abc-1", "abc-1"]
    assert [vars(record)["route"] for record in records] == ["/api/products/{sku}", None]
