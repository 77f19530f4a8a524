"""TrustedHosts: the rows H1 to H12 of its specification, and rows 59 and 60 of the bad inputs."""

from collections.abc import Mapping

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from framework import App, Controller, OpenAPI, Router, WebSocket, get, options, post, websocket
from framework.middleware import TrustedHosts
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, logged, problem
from tests.startup.expected import told

HOSTS = TrustedHosts("shop.example", "*.shop.example", "[::1]")
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Orders(Controller):
    """Responds with the URL that it was asked by."""

    path = "/orders"

    @get()
    async def show(self) -> str:
        """Return a text."""
        return "orders"

    @post()
    async def create(self) -> None:
        """Do nothing."""

    @options("/own")
    async def own(self) -> str:
        """Respond to OPTIONS itself."""
        return "own"

    @websocket("/feed")
    async def feed(self, socket: WebSocket[str, str]) -> None:
        """Close at once."""


_SERVED = [
    pytest.param("SHOP.example", id="H1"),
    pytest.param("shop.example:8080", id="H2"),
    pytest.param("shop.example:", id="H2-empty"),
    pytest.param("a.b.shop.example", id="H3"),
    pytest.param("[::1]:8080", id="H7"),
    pytest.param("[0:0::1]", id="H7-long"),
]
_REFUSED = [
    pytest.param(".shop.example", id="H3"),
    pytest.param("evilshop.example", id="H4-prefix"),
    pytest.param("shop.example.evil.test", id="H4-suffix"),
    pytest.param("shopXexample", id="H4-dot"),
    pytest.param("shop.example.", id="H5"),
    pytest.param("shop.example@evil.test", id="H6-userinfo"),
    pytest.param("evil.test@shop.example", id="H6-userinfo-before"),
    pytest.param("shop.example/x", id="H6-path"),
    pytest.param("shop.example:abc", id="H6-port"),
    pytest.param("shop.example:99999", id="H6-port-range"),
    pytest.param("[::2]", id="H7"),
    pytest.param("[::1].shop.example", id="H7-suffix"),
    pytest.param("evil.example", id="row-59"),
    pytest.param("", id="empty"),
]


@pytest.mark.both_loops
@pytest.mark.parametrize("host", _SERVED)
async def test_requests_for_its_own_hosts_are_served(serve: Serve, host: str) -> None:
    """Case and port do not count; a pattern stands for whole labels."""
    server = await serve(app_of(Orders, middlewares=[HOSTS]))
    answer = await ask(server, "GET", "/orders", headers={"Host": host})
    assert (answer.status, answer.body) == (200, b"orders")


@pytest.mark.both_loops
@pytest.mark.parametrize("host", _REFUSED)
async def test_requests_for_other_hosts_are_refused(serve: Serve, host: str, caplog: pytest.LogCaptureFixture) -> None:
    """400, with a problem that does not name the host."""
    server = await serve(app_of(Orders, middlewares=[HOSTS]))
    answer = await ask(server, "GET", "/orders", headers={"Host": host})
    assert (answer.status, answer.problem) == (400, problem(400, "/orders"))
    assert "Location" not in answer.headers
    assert logged(caplog) == []


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", "/orders", {}, 200),
        ("HEAD", "/orders", {}, 200),
        ("OPTIONS", "/orders", {}, 204),
        ("OPTIONS", "/orders/own", {}, 200),
        ("PUT", "/orders", {}, 405),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/%ff", {}, 400),
        ("GET", "/openapi.json", {}, 200),
        ("GET", "/docs", {}, 200),
        ("GET", "/orders/feed", HANDSHAKE, 101),
        ("GET", "/orders/feed", {}, 426),
    ],
)
async def test_every_response_needs_a_host_of_its_own(
    serve: Serve, method: str, target: str, headers: Mapping[str, str], status: int
) -> None:
    """Also those that no handler gives, sockets, and the pages of documents."""
    server = await serve(App([Orders], openapi=OpenAPI(), middlewares=[HOSTS]))
    good = await ask(server, method, target, headers={"Host": "shop.example", **headers})
    evil = await ask(server, method, target, headers={"Host": "evil.test", **headers})
    assert (good.status, evil.status) == (status, 400)
    if method != "HEAD":
        assert evil.problem == problem(400, target)


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        pytest.param("http://evil.test/orders", "shop.example", 400, id="H8-target"),
        pytest.param("http://shop.example/orders", "evil.test", 400, id="H8-header"),
        pytest.param("http://a.shop.example:81/orders", "SHOP.example:80", 200, id="H8-both"),
        pytest.param("http://shop.example@evil.test/orders", "shop.example", 400, id="H8-userinfo"),
        pytest.param("http://evil.test/nowhere", "shop.example", 400, id="H8-404"),
        pytest.param("https://evil.test/orders", "shop.example", 400, id="H8-scheme"),
    ],
)
async def test_an_absolute_target_and_the_host_header_both_count(
    serve: Serve, target: str, host: str, status: int
) -> None:
    """Whatever reads the one or the other (bad input 60)."""
    server = await serve(app_of(Orders, middlewares=[HOSTS]))
    assert (await ask(server, "GET", target, headers={"Host": host})).status == status


async def test_h9_a_forwarded_host_of_the_client_does_not_count(serve: Serve) -> None:
    """Neither for a request nor against it."""
    server = await serve(app_of(Orders, middlewares=[HOSTS]))
    evil = await ask(server, "GET", "/orders", headers={"Host": "evil.test", "X-Forwarded-Host": "shop.example"})
    good = await ask(server, "GET", "/orders", headers={"Host": "shop.example", "X-Forwarded-Host": "evil.test"})
    assert (evil.status, good.status) == (400, 200)


async def test_h10_there_is_no_redirect_to_www(serve: Serve) -> None:
    """A redirect by a host that the client named would lead anywhere."""
    server = await serve(app_of(Orders, middlewares=[TrustedHosts("www.b.example")]))
    answer = await ask(server, "GET", "/orders", headers={"Host": "b.example"})
    assert (answer.status, answer.problem) == (400, problem(400, "/orders"))
    assert "Location" not in answer.headers


async def test_h11_international_names_are_compared_as_they_are_sent(serve: Serve) -> None:
    """In punycode (UTS 46), also in an absolute target."""
    server = await serve(app_of(Orders, middlewares=[TrustedHosts("bücher.example")]))
    host = {"Host": "xn--bcher-kva.example"}
    assert (await ask(server, "GET", "/orders", headers=host)).status == 200
    assert (await ask(server, "GET", "http://XN--bcher-kva.example/orders", headers=host)).status == 200
    assert (await ask(server, "GET", "/orders", headers={"Host": "xn--bcher-kvb.example"})).status == 400


async def test_a_request_without_a_host(serve: Serve) -> None:
    """HTTP/1.0 allows it; the address of the server is not one of the hosts."""
    server = await serve(app_of(Orders, middlewares=[HOSTS]))
    async with connect(server) as connection:
        await connection.send(b"GET /orders HTTP/1.0\r\n\r\n")
        assert (await connection.receive()).status == 400


async def test_the_connection_goes_on(serve: Serve) -> None:
    """A refused request is followed by others, whose hosts are looked at again."""
    server = await serve(app_of(Orders, middlewares=[HOSTS]))
    requests = [make_request("GET", "/orders", headers={"Host": f"{one}.example"}) for one in ("evil", "shop", "evil")]
    async with connect(server) as connection:
        assert [(await connection.exchange(one)).status for one in requests] == [400, 200, 400]


@pytest.mark.parametrize(
    ("changed", "status"), [({"host": "evil.test"}, 400), ({"host": "a.shop.example"}, 200), ({"scheme": "https"}, 200)]
)
async def test_a_middleware_of_aiohttp_may_have_changed_the_host(
    serve: Serve, changed: dict[str, str], status: int
) -> None:
    """What handlers see as the host is judged, not what arrived."""

    @web.middleware
    async def change(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(**changed))  # type: ignore[arg-type]  # arguments of clone()

    application = app_of(Orders, middlewares=[HOSTS]).build()
    application.middlewares.append(change)
    assert (await ask(await serve(application), "GET", "/orders", headers={"Host": "shop.example"})).status == status


@pytest.mark.parametrize("level", ["app", "router", "controller", "route"])
async def test_it_stands_on_every_level(serve: Serve, level: str) -> None:
    """What it covers is what stands below; of several the innermost counts."""
    around, inside = TrustedHosts("outer.example"), TrustedHosts("inner.example")

    class Below(Controller):
        middlewares = (inside,) if level == "controller" else ()

        @get("/below", middlewares=(inside,) if level == "route" else ())
        async def below(self) -> str:
            """Return a text."""
            return "below"

    router = Router("", controllers=[Below], middlewares=(inside,) if level == "router" else ())
    server = await serve(app_of(router, middlewares=[inside if level == "app" else around]))
    assert (await ask(server, "GET", "/below", headers={"Host": "inner.example"})).status == 200
    assert (await ask(server, "GET", "/below", headers={"Host": "outer.example"})).status == 400


def test_the_document_has_the_status() -> None:
    """400 on every operation, as a problem."""
    document = App([Orders], middlewares=[HOSTS]).document()
    response = document["paths"]["/orders"]["get"]["responses"]["400"]
    assert response["description"] == "The request is for a host that is not served here."
    assert list(response["content"]) == ["application/problem+json"]


_USUAL = 'write it as "shop.example" or "*.shop.example"'


@pytest.mark.parametrize(
    ("hosts", "what", "hint"),
    [
        ((), "TrustedHosts() allows no host", 'name the hosts that are served: TrustedHosts("shop.example")'),
        (
            ("*",),
            "TrustedHosts('*'): the host '*' would allow every host",
            "leave the piece out, or name the hosts that are served",
        ),
        (
            ("a.*.b",),
            "TrustedHosts('a.*.b'): the host 'a.*.b' has a '*' that is not its whole first label",
            '"*.shop.example" stands for all hosts below shop.example',
        ),
        (
            ("*b",),
            "TrustedHosts('*b'): the host '*b' has a '*' that is not its whole first label",
            '"*.shop.example" stands for all hosts below shop.example',
        ),
        (
            ("https://a.example",),
            "TrustedHosts('https://a.example'): the host 'https://a.example' has a scheme or a path",
            _USUAL,
        ),
        (("a.example/x",), "TrustedHosts('a.example/x'): the host 'a.example/x' has a scheme or a path", _USUAL),
        (
            ("a.example:80",),
            "TrustedHosts('a.example:80'): the host 'a.example:80' has a port",
            f"ports are not compared; {_USUAL}",
        ),
        (("a b",), "TrustedHosts('a b'): 'a b' is not a host", _USUAL),
        (("a..b",), "TrustedHosts('a..b'): 'a..b' is not a host", _USUAL),
        (("",), "TrustedHosts(''): the host '' is not a name", _USUAL),
        ((7,), "TrustedHosts(7): the host 7 is not a name", _USUAL),
    ],
)
def test_h12_wrong_hosts_are_reported(hosts: tuple[str, ...], what: str, hint: str) -> None:
    """When the app is built."""
    ((_, text),) = told(app_of(Orders, middlewares=[TrustedHosts(*hosts)]))
    assert text.endswith(f": {what}.\n  Hint: {hint}.")
