"""Redirects lead where they may, whoever names the target."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import Struct
from yarl import URL

from framework import Controller, Request, Response, get, post
from framework.responses import Redirect, permanent_redirect, see_other, temporary_redirect
from framework.typedefs import CallNext
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, logged, problem


class Order(Struct):
    """An order."""

    number: int


class Ways(Controller):
    """Leads elsewhere."""

    @get("/to")
    async def to(self, target: str) -> Redirect:
        """Lead where the client says."""
        return Redirect(target, hosts=("Shop.example", "shop.example:8443"))

    @get("/permanent", status=308)
    async def permanent(self) -> Redirect:
        """Lead elsewhere for good."""
        return Redirect(URL("/größe").with_query(a="b c"), headers={"X-Own": "1"}, cookies={"a": "1"})

    @get("/either")
    async def either(self, found: bool) -> Order | Redirect:
        """Lead elsewhere if need be."""
        return Order(1) if found else Redirect("/to")

    @get("/helpers/{name}")
    async def helper(self, name: str) -> Redirect:
        """Lead elsewhere in every way."""
        return {"see": see_other, "temporary": temporary_redirect, "permanent": permanent_redirect}[name]("/x")

    @post("/orders", status=201)
    async def place(self) -> Response[Order]:
        """Say where what was made is."""
        return Response(Order(7), location=APP.url_for(Ways.to).with_query(target="/7"))

    @get("/middleware")
    async def middleware(self) -> None:
        """Return what a middleware answers otherwise."""


APP = app_of(Ways)


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the ways."""
    return await serve(APP)


async def led_to(server: TestServer, target: str, **headers: str) -> Answer:
    """Ask to be led somewhere."""
    return await ask(server, "GET", str(URL("/to").with_query(target=target)), headers=headers)


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/", "/"),
        ("/orders?a=1#b", "/orders?a=1#b"),
        ("orders", "orders"),
        ("./orders", "./orders"),
        ("?page=2", "?page=2"),
        ("/a//b", "/a//b"),
        ("/at@sign:80", "/at@sign:80"),
        ("/gr\u00f6\u00dfe", "/gr%C3%B6%C3%9Fe"),
        ("/%67", "/%67"),
        ("https://shop.example/x", "https://shop.example/x"),
        ("HTTPS://SHOP.EXAMPLE:443/x", "HTTPS://SHOP.EXAMPLE:443/x"),
        ("http://shop.example:8443", "http://shop.example:8443"),
        ("//shop.example/x", "//shop.example/x"),
        ("http://own.example:81/x", "http://own.example:81/x"),
        ("//own.example:81/x", "//own.example:81/x"),
    ],
)
async def test_target_that_is_allowed(server: TestServer, target: str, location: str) -> None:
    """Paths, the own host, and hosts that are named."""
    answer = await led_to(server, target, Host="own.example:81")
    assert (answer.status, answer.headers["Location"], answer.body) == (303, location, b"")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "//evil.com",
        "//evil.com/shop.example",
        "///evil.com",
        "////evil.com",
        "/\\evil.com",
        "\\\\evil.com",
        "/\t/evil.com",
        " //evil.com",
        "/ /evil.com",
        "https://evil.com",
        "https://shop.example.evil.com",
        "https://shop.example@evil.com",
        "https://user@shop.example/",
        "https://shop.example:9999/",
        "https://own.example/",
        "https:evil.com",
        "https:/evil.com",
        "https:///evil.com",
        "http://",
        "http://[::1",
        "http://shop.example:port/",
        "https://shop.example\\.evil.com",
        "https://\u0455hop.example/",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "ftp://shop.example/",
        "/x\r\nSet-Cookie: a=1",
        "/x\nX: 1",
        "/x\x7f",
    ],
)
async def test_target_that_is_refused(server: TestServer, target: str, caplog: pytest.LogCaptureFixture) -> None:
    """What leads elsewhere, or might in some browser, is a 400 and one line in the log; nothing is injected."""
    answer = await led_to(server, target, Host="own.example:81")
    assert answer.problem == problem(400, "/to", "The target of the redirect is not allowed", errors=[])
    assert not answer.headers.keys() & {"Location", "Set-Cookie", "X"}
    (line,) = logged(caplog)
    assert line.startswith("A redirect to ")
    assert line.isprintable()


async def test_status_of_a_redirect(server: TestServer) -> None:
    """303 unless the route or the redirect says otherwise."""
    answer = await ask(server, "GET", "/permanent")
    assert (answer.status, answer.headers["Location"]) == (308, "/gr%C3%B6%C3%9Fe?a=b+c")
    assert (answer.headers["X-Own"], answer.headers["Set-Cookie"]) == ("1", "a=1; HttpOnly; Path=/; SameSite=Lax")
    found = await ask(server, "GET", "/either?found=true")
    assert (found.status, found.json) == (200, {"number": 1})
    assert (await ask(server, "GET", "/either?found=false")).status == 303
    for name, status in (("see", 303), ("temporary", 307), ("permanent", 308)):
        assert (await ask(server, "GET", f"/helpers/{name}")).status == status
    with pytest.raises(ValueError, match="200 is not a redirect"):
        Redirect("/", status=200)


async def test_where_what_was_made_is(server: TestServer) -> None:
    """A 201 names the new resource in Location."""
    answer = await ask(server, "POST", "/orders")
    assert (answer.status, answer.headers["Location"], answer.json) == (201, "/to?target=/7", {"number": 7})


async def test_redirect_from_a_middleware(serve: Serve) -> None:
    """A middleware may redirect; its target is looked at as well."""

    async def elsewhere(request: Request, call_next: CallNext) -> web.StreamResponse:
        await call_next(request)
        return Redirect(f"http://{request.query['host']}/")

    server = await serve(app_of(Ways, middlewares=[elsewhere]))
    own = await ask(server, "GET", "/middleware?host=own.example", headers={"Host": "own.example"})
    assert (own.status, own.headers["Location"]) == (303, "http://own.example/")
    other = await ask(server, "GET", "/middleware?host=evil.example", headers={"Host": "own.example"})
    assert other.problem == problem(400, "/middleware", "The target of the redirect is not allowed", errors=[])


async def test_location_that_would_split_the_answer(serve: Serve) -> None:
    """A Location of a programmer's own with a line break is a 500 without injection."""

    class Made(Controller):
        @post("/made", status=201)
        async def make(self, name: str) -> Response[None]:
            return Response(location=f"/made/{name}")

    server = await serve(app_of(Made))
    answer = await ask(server, "POST", "/made?name=a%0d%0aX-Bad:%201")
    assert answer.problem["status"] == 500
    assert "X-Bad" not in answer.headers
