"""Headers with types, cookies of all kinds, and responses that are returned twice."""

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import UNSET, Struct, UnsetType, field

from framework import Controller, Request, Response, get
from framework.caching import CacheControl
from framework.responses import SetCookie
from framework.typedefs import CallNext
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, logged, problem

NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


class PageHeaders(Struct, kw_only=True):
    """Headers of a page."""

    x_total_count: int
    link: str | None = None
    x_ids: list[uuid.UUID] = field(default_factory=list)
    x_more: bool = False
    x_price: Decimal | UnsetType = UNSET
    expires: dt.datetime | None = None
    day: dt.date | None = field(name="x-day", default=None)


KEPT: Response[Any] = Response({"a": 1}, headers={"X-Own": "1"}, cookies={"b": "2"})
HEADERS = PageHeaders(
    x_total_count=3, x_ids=[uuid.UUID(int=1), uuid.UUID(int=2)], x_more=True, expires=NOON, day=NOON.date()
)


def cookie_controller(make: Callable[[], SetCookie]) -> type[Controller]:
    """Return a controller that sets a cookie."""

    class Cookies(Controller):
        @get("/cookie")
        async def cookie(self) -> Response[str]:
            return Response("ok", cookies=[make()])

    return Cookies


class Headers(Controller):
    """Sets headers."""

    @get("/typed", response_headers=PageHeaders)
    async def typed(self) -> Response[list[int]]:
        """Return a page with headers."""
        return Response([1], headers=HEADERS, cache_control=CacheControl(no_store=True))

    @get("/kept")
    async def kept(self) -> Response[dict[str, int]]:
        """Return one response for all requests."""
        return KEPT

    @get("/value")
    async def value(self) -> str:
        """Return a value, which becomes a response of the framework's own."""
        return "value"

    @get("/contradiction")
    async def contradiction(self) -> Response[str]:
        """Return what contradicts itself."""
        return Response("ok", cache_control=CacheControl(no_store=True, max_age=1))


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the headers."""
    return await serve(app_of(Headers))


async def test_headers_with_types(server: TestServer) -> None:
    """The fields of a Struct are headers: dates as HTTP writes them, lists with commas, what is not set left out."""
    answer = await ask(server, "GET", "/typed")
    assert dict(answer.headers) | {"Date": ""} == {
        "x-total-count": "3",
        "x-ids": "00000000-0000-0000-0000-000000000001, 00000000-0000-0000-0000-000000000002",
        "x-more": "true",
        "expires": "Fri, 01 May 2026 12:00:00 GMT",
        "x-day": "2026-05-01",
        "Cache-Control": "no-store",
        "Content-Type": "application/json",
        "Vary": "Accept",
        "Content-Length": "3",
        "Date": "",
    }


async def test_policy_that_contradicts_itself(server: TestServer) -> None:
    """What start-up cannot see is a 500."""
    assert (await ask(server, "GET", "/contradiction")).problem == problem(500, "/contradiction")


@pytest.mark.parametrize(
    ("cookie", "line"),
    [
        (lambda: SetCookie(name="a", value="1"), "a=1; HttpOnly; Path=/; SameSite=Lax; Secure"),
        (
            lambda: SetCookie(
                name="a",
                value="two words",
                max_age=60,
                expires=NOON,
                domain="example.com",
                path="/x",
                httponly=False,
                samesite="Strict",
            ),
            'a="two words"; Domain=example.com; expires=Fri, 01 May 2026 12:00:00 GMT; Max-Age=60; Path=/x;'
            " SameSite=Strict; Secure",
        ),
        (lambda: SetCookie(name="a", value="1", secure=False), "a=1; HttpOnly; Path=/; SameSite=Lax"),
        (
            lambda: SetCookie(name="__Host-a", value="1", partitioned=True),
            "__Host-a=1; HttpOnly; Partitioned; Path=/; SameSite=Lax; Secure",
        ),
        (lambda: SetCookie(name="a", value="1", samesite="None"), "a=1; HttpOnly; Path=/; SameSite=None; Secure"),
        (
            lambda: SetCookie.deletion("__Host-a"),
            '__Host-a=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure',
        ),
        (
            lambda: SetCookie.deletion("a", path="/x", domain="example.com"),
            'a=""; Domain=example.com; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=0; Path=/x;'
            " SameSite=Lax; Secure",
        ),
    ],
)
async def test_cookie(serve: Serve, cookie: Callable[[], SetCookie], line: str) -> None:
    """Every attribute of a cookie, with safe ones where nothing is said."""
    server = await serve(app_of(cookie_controller(cookie)))
    answer = await ask(server, "GET", "/cookie", headers={"Host": "example.com"})
    assert sorted(answer.headers["Set-Cookie"].split("; ")) == sorted(line.split("; "))


async def test_cookie_that_promises_is_secure_everywhere(serve: Serve) -> None:
    """Over plain HTTP to the own machine as well, or browsers would ignore it."""
    server = await serve(app_of(cookie_controller(lambda: SetCookie(name="__Secure-a", value="1"))))
    answer = await ask(server, "GET", "/cookie")
    assert answer.headers["Set-Cookie"] == "__Secure-a=1; HttpOnly; Path=/; SameSite=Lax; Secure"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "a b"}, "'a b' cannot be the name of a cookie"),
        ({"name": ""}, "'' cannot be the name of a cookie"),
        ({"name": "a=b"}, "'a=b' cannot be the name of a cookie"),
        ({"value": "a\r\nb"}, "The value of the cookie a holds a control character"),
        ({"value": "x" * 4096}, "The cookie a has more than 4096 bytes"),
        ({"path": "/;x"}, "The path of the cookie a holds a control character or ';'"),
        ({"domain": "a\nb"}, "The domain of the cookie a holds a control character or ';'"),
        ({"name": "__Host-a", "path": "/x"}, "promises by its name to have the path / and no domain"),
        ({"name": "__HOST-a", "domain": "x.example"}, "promises by its name to have the path / and no domain"),
        ({"name": "__Secure-a", "secure": False}, "promises by its name to be Secure"),
        ({"samesite": "None", "secure": False}, "is for other sites and must be Secure"),
        ({"partitioned": True, "secure": False}, "is for other sites and must be Secure"),
    ],
)
def test_cookie_that_a_browser_would_ignore(settings: dict[str, Any], message: str) -> None:
    """It is refused where it is made."""
    made: dict[str, Any] = {"name": "a", "value": "1", **settings}
    with pytest.raises(ValueError, match="ookie") as caught:
        SetCookie(**made)
    assert message in str(caught.value)
    with pytest.raises(ValueError, match="ookie"):
        Response().set_cookie(made.pop("name"), made.pop("value"), **made)


async def test_one_response_for_many_requests(serve: Serve) -> None:
    """Each request has a copy, so nobody gets what a middleware has added for somebody else."""

    async def session(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        if "X-User" in request.headers:
            response.set_cookie("session", request.headers["X-User"])
            response.headers["X-User"] = request.headers["X-User"]
        return response

    server = await serve(app_of(Headers, middlewares=[session]))
    plain = ["b=2; HttpOnly; Path=/; SameSite=Lax"]
    for user in ("ada", None, "bob", None):
        answer = await ask(server, "GET", "/kept", headers={} if user is None else {"X-User": user})
        own = [] if user is None else [f"session={user}; HttpOnly; Path=/; SameSite=Lax"]
        assert (answer.json, answer.headers["X-Own"], answer.headers.get("X-User")) == ({"a": 1}, "1", user)
        assert sorted(answer.headers.getall("Set-Cookie")) == sorted(plain + own)


async def test_response_of_a_middleware_that_is_spent(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A middleware that answers one response twice gets a 500 and a line in the log, and the client an answer."""
    spent = Response("spent")

    async def again(request: Request, call_next: CallNext) -> web.StreamResponse:  # noqa: ARG001
        return spent

    server = await serve(app_of(Headers, middlewares=[again]))
    assert (await ask(server, "GET", "/kept")).body == b"spent"
    assert (await ask(server, "GET", "/kept")).problem == problem(500, "/kept")
    assert logged(caplog) == [
        "GET /kept: a response that was sent already is answered once more; make a new one for each request"
    ]


async def test_answer_that_a_middleware_keeps(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A middleware that keeps answers to give them to others is told, and nobody waits for ever."""
    kept: list[web.StreamResponse] = []

    async def keeping(request: Request, call_next: CallNext) -> web.StreamResponse:
        kept.append(await call_next(request))
        return kept[0]

    server = await serve(app_of(Headers, middlewares=[keeping]))
    assert (await ask(server, "GET", "/value")).body == b"value"
    assert (await ask(server, "GET", "/value")).problem == problem(500, "/value")
    assert len(logged(caplog)) == 1


async def test_response_that_is_prepared_by_hand(serve: Serve) -> None:
    """A middleware may send a response itself; it is not sent a second time."""

    async def early(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        await response.prepare(request)
        return response

    server = await serve(app_of(Headers, middlewares=[early]))
    async with connect(server) as connection:
        for target, body in (("/typed", b"[1]"), ("/value", b"value")) * 2:
            assert (await connection.exchange(make_request("GET", target))).body == body
            assert await connection.is_open()
