"""HTTPSRedirect: the rows T1 to T6 of its specification."""

from typing import Any

import pytest

from framework import App, Controller, Router, WebSocket, get, post, websocket
from framework.middleware import HTTPSRedirect, ProxyHeaders, TrustedHosts
from tests.http.raw import IN_PYTHON, ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem
from tests.http.tls import client_context, server_context
from tests.startup.expected import told

SHOP = {"Host": "shop.example:80"}


class Anything(Controller):
    """Responds on every path."""

    @get("/{rest:path}")
    async def show(self, rest: str) -> str:
        """Return the path."""
        return rest

    @post("/orders")
    async def create(self, order: dict[str, int]) -> None:
        """Take an order."""

    @websocket("/feed")
    async def feed(self, socket: WebSocket[str, str]) -> None:
        """Close at once."""


_TARGETS = [
    pytest.param("/a%2Fb?q=%20", "https://shop.example/a%2Fb?q=%20", id="T1"),
    pytest.param("/?b=%2F&c=a+b&&=", "https://shop.example/?b=%2F&c=a+b&&=", id="T1-query"),
    pytest.param("/%7Ea/%e4/./../x;y", "https://shop.example/%7Ea/%e4/./../x;y", id="T1-path"),
    pytest.param("/", "https://shop.example/", id="T1-root"),
    pytest.param("//evil.test/x", "https://shop.example//evil.test/x", id="T1-two-slashes"),
    pytest.param("/\\evil.test", "https://shop.example/\\evil.test", id="T1-backslash"),
    pytest.param("/nowhere", "https://shop.example/nowhere", id="T1-404"),
    pytest.param("http://shop.example:80/a?b=%2F", "https://shop.example/a?b=%2F", id="T1-absolute"),
]
"""What is asked for, and where it leads."""


@pytest.mark.both_loops
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("target", "location"), _TARGETS)
async def test_a_safe_method_over_http_is_redirected(serve: Serve, method: str, target: str, location: str) -> None:
    """308 to the same target, byte for byte, on the default port."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]))
    answer = await ask(server, method, target, headers=SHOP)
    assert (answer.status, answer.headers["Location"], answer.body) == (308, location, b"")


async def test_bytes_beyond_ascii_are_escaped(serve: Serve) -> None:
    """A header is ASCII, whatever the parser lets pass in a target: the one in C refuses them."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]))
    answer = await ask(server, "GET", "/é", headers=SHOP)
    expected = (308, "https://shop.example/%C3%A9") if IN_PYTHON else (400, None)
    assert (answer.status, answer.headers.get("Location")) == expected


@pytest.mark.both_loops
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_t2_an_unsafe_method_is_refused(serve: Serve, method: str) -> None:
    """Body and credentials went in clear; a redirect would hide that. The body is not even validated."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]))
    answer = await ask(server, method, "/orders", headers=SHOP, body=b"nonsense")
    assert (answer.status, answer.problem) == (403, problem(403, "/orders"))
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("trusted", "sent", "status"),
    [
        pytest.param("127.0.0.1", {"X-Forwarded-Proto": "https"}, 200, id="T3"),
        pytest.param("127.0.0.1", {"X-Forwarded-Proto": "http"}, 308, id="T3-http"),
        pytest.param("127.0.0.1", {}, 308, id="T3-none"),
        pytest.param("10.0.0.0/8", {"X-Forwarded-Proto": "https"}, 308, id="T4"),
    ],
)
async def test_a_proxy_tells_the_scheme(serve: Serve, trusted: str, sent: dict[str, str], status: int) -> None:
    """One that is known; a stranger's header changes nothing."""
    pieces = [ProxyHeaders(trusted=(trusted,)), HTTPSRedirect()]
    server = await serve(app_of(Anything, middlewares=pieces))
    assert (await ask(server, "GET", "/x", headers={**SHOP, **sent})).status == status
    other = await ask(server, "POST", "/orders", headers={**SHOP, **sent}, body={"a": 1})
    assert other.status == {200: 204, 308: 403}[status]


async def test_the_redirect_has_the_prefix_that_a_proxy_took_off(serve: Serve) -> None:
    """The client never sees the path behind the proxy."""
    headers = ("X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix")
    pieces = [ProxyHeaders(trusted=("127.0.0.1",), headers=headers), HTTPSRedirect()]
    server = await serve(app_of(Anything, middlewares=pieces))
    sent = dict(zip(headers, ("http", "shop.example:8080", "/api"), strict=True))
    answer = await ask(server, "GET", "/x", headers={"Host": "inner", **sent})
    assert (answer.status, answer.headers["Location"]) == (308, "https://shop.example/api/x")


async def test_t5_another_host_is_refused_first(serve: Serve) -> None:
    """TrustedHosts outside of it: no redirect leads to a host that a client made up."""
    server = await serve(app_of(Anything, middlewares=[TrustedHosts("shop.example"), HTTPSRedirect()]))
    answer = await ask(server, "GET", "/x", headers={"Host": "evil.test"})
    assert (answer.status, answer.headers.get("Location")) == (400, None)


@pytest.mark.parametrize("host", ["user@shop.example", "shop.example/x", "shop.example.", "[::g]", "a b", ""])
async def test_a_host_that_is_not_one_is_never_redirected_to(serve: Serve, host: str) -> None:
    """Nor is anything served for it over plain HTTP."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]))
    answer = await ask(server, "GET", "/x", headers={"Host": host})
    assert answer.status in {400, 403}
    assert "Location" not in answer.headers


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "shop.localhost"])
async def test_t6_loopback_hosts_are_served(serve: Serve, host: str) -> None:
    """Development has no certificates."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]))
    assert (await ask(server, "GET", "/x", headers={"Host": host})).status == 200
    assert (await ask(server, "POST", "/orders", headers={"Host": host}, body={"a": 1})).status == 204


async def test_over_tls_everything_is_served(serve: Serve) -> None:
    """The scheme is that of the connection, not that of an absolute target."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]), ssl=server_context())
    async with connect(server, tls=client_context()) as connection:
        for target in ("/x", "http://shop.example/x"):
            assert (await connection.exchange(make_request("GET", target, headers=SHOP))).status == 200
    plain = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]))
    assert (await ask(plain, "GET", "https://shop.example/x", headers=SHOP)).status == 308


@pytest.mark.parametrize("host", ["localhost.evil.test", "127.0.0.1.evil.test", "evil-localhost", "10.0.0.1"])
async def test_other_hosts_are_not_loopback(serve: Serve, host: str) -> None:
    """However much they look like it."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect()]))
    answer = await ask(server, "GET", "/x", headers={"Host": host})
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{host}/x")


async def test_another_port_stands_in_the_redirect(serve: Serve) -> None:
    """Where HTTPS is not on 443."""
    server = await serve(app_of(Anything, middlewares=[HTTPSRedirect(port=8443)]))
    answer = await ask(server, "GET", "/x", headers={"Host": "[2001:DB8::1]:8080"})
    assert answer.headers["Location"] == "https://[2001:db8::1]:8443/x"


@pytest.mark.parametrize("level", ["app", "router", "controller", "route"])
async def test_it_stands_on_every_level(serve: Serve, level: str) -> None:
    """What it covers is what stands below."""
    piece = HTTPSRedirect()

    class Below(Controller):
        middlewares = (piece,) if level == "controller" else ()

        @get("/below", middlewares=(piece,) if level == "route" else ())
        async def below(self) -> str:
            """Return a text."""
            return "below"

    class Beside(Controller):
        @get("/health")
        async def health(self) -> str:
            """Return a text."""
            return "fine"

    router = Router("", controllers=[Below], middlewares=(piece,) if level == "router" else ())
    server = await serve(App([router, Beside], middlewares=[piece] if level == "app" else []))
    assert (await ask(server, "GET", "/below", headers=SHOP)).status == 308
    assert (await ask(server, "GET", "/health", headers=SHOP)).status == (308 if level == "app" else 200)


def test_the_document_has_the_statuses() -> None:
    """308 for what is redirected, 403 for what is refused."""
    paths = App([Anything], middlewares=[HTTPSRedirect()]).document()["paths"]
    get_, post_ = paths["/{rest}"]["get"]["responses"], paths["/orders"]["post"]["responses"]
    assert get_["308"] == {
        "description": "The request came over plain HTTP.",
        "headers": {
            "Location": {
                "description": "The same URL with the scheme https.",
                "required": True,
                "schema": {"type": "string", "format": "uri"},
            }
        },
    }
    assert "403" not in get_
    assert "308" not in post_
    assert post_["403"]["description"] == ("The request came over plain HTTP: its content was readable on the network.")
    assert list(post_["403"]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize("port", [0, 65_536, "443", True, None])
def test_wrong_options_are_reported(port: Any) -> None:
    """When the app is built."""
    ((_, text),) = told(app_of(Anything, middlewares=[HTTPSRedirect(port=port)]))
    assert text.endswith(
        f": HTTPSRedirect(port={port!r}) is not a port.\n  Hint: give a number from 1 to 65535, or none for 443."
    )
