"""Headers and cookies of answers: safe defaults, and nothing that would split a response."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import Controller, HTTPError, Request, Response, get
from framework.typedefs import CallNext
from tests.http.raw import ask, exchange, make_request
from tests.http.shapes import Serve, app_of, logged, problem, reading


class Cookies(Controller):
    """Sets cookies in every way."""

    path = "/cookies"

    @get("/given")
    async def given(self) -> Response[str]:
        """Give cookies to the constructor."""
        return Response("ok", cookies={"a": "1", "b": "two words"})

    @get("/set")
    async def set(self) -> Response[str]:
        """Set cookies with attributes of their own."""
        response = Response("ok")
        response.set_cookie("a", "1", max_age=60, path="/cookies", domain="example.com")
        response.set_cookie("b", "2", httponly=False, samesite="Strict", secure=True)
        response.set_cookie("c", "3", samesite="None")
        response.set_cookie("d", "4", httponly=None, samesite=None, secure=None)
        return response

    @get("/deleted")
    async def deleted(self) -> Response[str]:
        """Delete a cookie."""
        response = Response("ok", cookies={"a": "1"})
        response.del_cookie("a")
        response.del_cookie("b", path="/x")
        return response

    @get("/dropped")
    async def dropped(self) -> Response[str]:
        """Set a cookie, and think better of it."""
        response = Response("ok", cookies={"a": "1", "b": "2"})
        del response.cookies["a"]
        return response


def cookies_of(headers: list[str]) -> list[list[str]]:
    """Return the parts of Set-Cookie headers, attributes sorted."""
    return [[first, *sorted(rest)] for first, *rest in (one.split("; ") for one in headers)]


async def set_cookies(serve: Serve, path: str, host: str) -> list[list[str]]:
    """Ask for cookies under a Host."""
    answer = await ask(await serve(app_of(Cookies)), "GET", path, headers={"Host": host})
    assert answer.body == b"ok"
    return cookies_of(answer.headers.getall("Set-Cookie", []))


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "LOCALHOST", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080"]
)
async def test_cookie_on_a_loopback_host_needs_no_https(serve: Serve, host: str) -> None:
    """Cookies are HttpOnly and SameSite=Lax; over plain HTTP to the own machine they are not Secure."""
    assert await set_cookies(serve, "/cookies/given", host) == [
        ["a=1", "HttpOnly", "Path=/", "SameSite=Lax"],
        ['b="two words"', "HttpOnly", "Path=/", "SameSite=Lax"],
    ]


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.com:8080",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "[::2]:80",
        "192.168.0.1",
        "",
    ],
)
async def test_cookie_on_another_host_is_secure(serve: Serve, host: str) -> None:
    """Everywhere else cookies are Secure, over plain HTTP as well: a proxy may have ended TLS."""
    assert await set_cookies(serve, "/cookies/given", host) == [
        ["a=1", "HttpOnly", "Path=/", "SameSite=Lax", "Secure"],
        ['b="two words"', "HttpOnly", "Path=/", "SameSite=Lax", "Secure"],
    ]


async def test_cookie_has_the_attributes_that_it_is_given(serve: Serve) -> None:
    """What set_cookie says counts; None says nothing."""
    assert await set_cookies(serve, "/cookies/set", "example.com") == [
        ["a=1", "Domain=example.com", "HttpOnly", "Max-Age=60", "Path=/cookies", "SameSite=Lax", "Secure"],
        ["b=2", "Path=/", "SameSite=Strict", "Secure"],
        ["c=3", "HttpOnly", "Path=/", "SameSite=None", "Secure"],
        ["d=4", "HttpOnly", "Path=/", "SameSite=Lax", "Secure"],
    ]


async def test_deleted_cookie_is_as_safe_as_it_was(serve: Serve) -> None:
    """A cookie is deleted with the attributes that it was set with, or browsers keep a __Host- cookie."""
    expired = "expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert await set_cookies(serve, "/cookies/deleted", "example.com") == [
        ['a=""', "HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure", expired],
        ['b=""', "HttpOnly", "Max-Age=0", "Path=/x", "SameSite=Lax", "Secure", expired],
    ]


async def test_cookie_that_was_dropped_is_not_sent(serve: Serve) -> None:
    """A cookie may be taken out again."""
    assert await set_cookies(serve, "/cookies/dropped", "localhost") == [["b=2", "HttpOnly", "Path=/", "SameSite=Lax"]]


async def test_middleware_sets_cookies_with_the_same_defaults(serve: Serve) -> None:
    """An answer that a handler returned as a value takes cookies as a Response does."""

    async def session(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.set_cookie("sid", "1")
        return response

    server = await serve(app_of(Cookies, reading(get("/read"), str, "x"), middlewares=[session]))
    for path in ("/read", "/cookies/set", "/nowhere"):
        answer = await ask(server, "GET", path, headers={"Host": "example.com"})
        found = cookies_of(answer.headers.getall("Set-Cookie"))
        assert found[-1] == ["sid=1", "HttpOnly", "Path=/", "SameSite=Lax", "Secure"]


class Injected(HTTPError, status=409):
    """An error whose headers the client has written."""


class Injection(Controller):
    """Puts what the client sends into the head of the answer."""

    path = "/inject"

    @get("/value")
    async def value(self, text: str) -> Response[str]:
        """Put it into a header."""
        return Response("ok", headers={"X-Text": text}, cookies={"a": "1"})

    @get("/name")
    async def name(self, text: str) -> Response[str]:
        """Put it into a header's name."""
        return Response("ok", headers={text: "1"})

    @get("/type")
    async def type(self, text: str) -> Response[str]:
        """Put it into the media type."""
        return Response("ok", media_type=text)

    @get("/cookie")
    async def cookie(self, text: str) -> Response[str]:
        """Put it into an attribute of a cookie."""
        response = Response("ok")
        response.set_cookie("a", "1", path=text)
        return response

    @get("/error")
    async def error(self, text: str) -> None:
        """Put it into a header of an error."""
        raise Injected("refused", headers={"X-Text": text})

    @get("/set")
    async def set(self, text: str) -> str:
        """Leave it to the middleware."""
        return text


async def inject(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Put the answer's own text into a header."""
    response = await call_next(request)
    if request.path == "/inject/set":
        response.headers["X-Text"] = request.query["text"]
    return response


@pytest.fixture
async def injection(serve: Serve) -> TestServer:
    """Serve the controller."""
    return await serve(app_of(Injection, middlewares=[inject]))


@pytest.mark.parametrize(
    "text", ["a%0D%0AX-Evil:%201", "a%0AX-Evil:%201", "a%0DX-Evil:%201", "a%00b", "%0D%0A%0D%0Abody"]
)
@pytest.mark.parametrize("way", ["value", "name", "type", "cookie", "error", "set"])
async def test_header_that_would_split_the_response_is_a_crash(
    injection: TestServer, caplog: pytest.LogCaptureFixture, way: str, text: str
) -> None:
    """Row 34: CR, LF or NUL in a header is a 500, told in the log, and nothing of it reaches the client."""
    data = make_request("GET", f"/inject/{way}?text={text}")
    answer = await exchange(injection, data, probe=make_request("GET", "/inject/set?text=fine"))
    assert answer.problem == problem(500, f"/inject/{way}")
    assert sorted(answer.headers) == ["Content-Length", "Content-Type", "Date"]
    assert b"Evil" not in answer.head + answer.body
    assert len(logged(caplog)) == 1


@pytest.mark.parametrize("way", ["value", "error", "set"])
async def test_signals_do_not_let_a_split_response_pass(serve: Serve, way: str) -> None:
    """Row 34: the same where aiohttp writes the head, since somebody listens to on_response_prepare."""

    async def stamp(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Signal"] = "1"

    application = app_of(Injection, middlewares=[inject]).build()
    application.on_response_prepare.append(stamp)
    answer = await ask(await serve(application), "GET", f"/inject/{way}?text=a%0D%0AX-Evil:%201")
    assert answer.problem == problem(500, f"/inject/{way}")
    assert sorted(answer.headers) == ["Content-Length", "Content-Type", "Date", "X-Signal"]


@pytest.mark.parametrize("signals", [False, True])
@pytest.mark.parametrize("path", ["/echo", "/number"])
async def test_header_that_is_no_text_is_a_crash(
    serve: Serve, caplog: pytest.LogCaptureFixture, path: str, *, signals: bool
) -> None:
    """A header that cannot be written is a 500 rather than silence: no UTF-8, or no text at all."""

    class Echo(Controller):
        @get("/echo")
        async def echo(self, request: Request) -> Response[str]:
            return Response("ok", headers={"X-Text": request.headers.get("X-Text", "")})

        @get("/number")
        async def number(self) -> Response[str]:
            return Response("ok", headers={"X-Count": 5})  # type: ignore[dict-item]  # the mistake

    async def listen(_: web.Request, __: web.StreamResponse) -> None: ...

    application = app_of(Echo).build()
    if signals:
        application.on_response_prepare.append(listen)
    data = make_request("GET", path, headers={"X-Text": b"\xff"})
    answer = await exchange(await serve(application), data, probe=make_request("GET", "/echo"))
    assert answer.problem == problem(500, path)
    assert len(logged(caplog)) == 1


async def test_header_beyond_ascii_is_written(serve: Serve) -> None:
    """A header in UTF-8 goes out as it came in."""
    server = await serve(app_of(Injection, middlewares=[inject]))
    answer = await ask(server, "GET", "/inject/value?text=%C3%A9")
    assert answer.headers["X-Text"] == "\u00e9"
    assert answer.body == b"ok"


async def test_several_values_of_a_header_are_written(serve: Serve) -> None:
    """A header may stand there more than once."""

    class Many(Controller):
        @get("/many")
        async def many(self) -> Response[str]:
            response = Response("ok")
            for one in ("a", "b"):
                response.headers.add("Link", one)
            return response

    answer = await ask(await serve(app_of(Many)), "GET", "/many")
    assert answer.headers.getall("Link") == ["a", "b"]


class Numbered(Controller):
    """Answers the same with another header."""

    @get("/{value}")
    async def show(self, value: str) -> str:
        """Send a string."""
        return value


async def add_number(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Add a header whose value a request may choose, and one that is always the same."""
    response = await call_next(request)
    response.headers["X-Same"] = "1"
    response.headers["X-Number"] = request.path.removeprefix("/")
    return response


async def test_headers_that_are_the_same_or_others(serve: Serve) -> None:
    """Each response has its own, however often the same ones were written, and however many others."""
    server = await serve(app_of(Numbered, middlewares=[add_number]))
    values = ["1", "1", "2", "1", *map(str, range(40)), "1", "1", "broken%0Ay", "1"]

    answers = [await ask(server, "GET", f"/{value}") for value in values]

    sent = [(one.status, one.headers.get("X-Number"), one.headers.get("X-Same"), one.body.decode()) for one in answers]
    assert sent[:-2] == [(200, value, "1", value) for value in values[:-2]]
    assert sent[-2][:2] == (500, None)
    assert sent[-1] == (200, "1", "1", "1")
