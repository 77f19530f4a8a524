"""Errors as answers: HTTPErrors with their members, and what aiohttp raises."""

import dataclasses
import datetime as dt
import uuid

import pytest
from aiohttp import web
from msgspec import Struct

from framework import Controller, HTTPError, Request, get
from framework.http_errors import (
    BadRequest,
    FieldError,
    NotFound,
    ServiceUnavailable,
    Unauthorized,
    UnprocessableContent,
)
from tests.http.raw import Answer, ask, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, logged, problem


class Line(Struct):
    """A Struct among the members."""

    sku: str


@dataclasses.dataclass
class Plain:
    """A dataclass among the members."""

    when: dt.datetime


class OutOfStock(HTTPError, status=409, title="Out of stock", type="https://example.com/out-of-stock"):
    """An error with everything."""

    sku: str
    left: int = 0
    line: Line | None = None
    at: Plain | None = None
    id: uuid.UUID | None = None


class SoldOut(OutOfStock, title="Sold out"):
    """An error that inherits members."""

    until: dt.date | None = None


class Loose(HTTPError, status=409):
    """An error with a member of any type."""

    what: object = None


class Teapot(HTTPError, status=418, title="I'm a teapot"):
    """A status that RFC 9110 leaves unused."""


def raising(error: BaseException) -> type[Controller]:
    """Return a controller that raises on one path and is fine on another."""

    class Raising(Controller):
        @get("/raise")
        async def fail(self) -> None:
            raise error

        @get("/probe")
        async def probe(self) -> str:
            return "fine"

    return Raising


async def raised(serve: Serve, error: BaseException) -> Answer:
    """Return the answer to a request whose handler raises; the connection must stay usable."""
    server = await serve(app_of(raising(error)))
    return await exchange(server, make_request("GET", "/raise"), probe=make_request("GET", "/probe"))


async def test_error_is_a_problem_with_its_members(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The members of an error stand beside those of every problem; its headers are sent, and nothing is logged."""
    answer = await raised(
        serve,
        OutOfStock(
            "3 left",
            sku="A-1",
            left=3,
            line=Line("A-1"),
            at=Plain(dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)),
            id=uuid.UUID(int=1),
            headers={"Retry-After": "5"},
        ),
    )
    assert (answer.status, answer.reason, answer.headers["Retry-After"]) == (409, "Conflict", "5")
    assert answer.problem == {
        "type": "https://example.com/out-of-stock",
        "title": "Out of stock",
        "status": 409,
        "detail": "3 left",
        "instance": "/raise",
        "sku": "A-1",
        "left": 3,
        "line": {"sku": "A-1"},
        "at": {"when": "2026-11-22T09:00:00Z"},
        "id": "00000000-0000-0000-0000-000000000001",
    }
    assert logged(caplog) == []


async def test_error_inherits_members_and_status(serve: Serve) -> None:
    """A subclass has the members of its base, and the settings that it does not change."""
    assert (await raised(serve, SoldOut(sku="A-1"))).problem == {
        "type": "https://example.com/out-of-stock",
        "title": "Sold out",
        "status": 409,
        "instance": "/raise",
        "sku": "A-1",
        "left": 0,
        "line": None,
        "at": None,
        "id": None,
        "until": None,
    }


async def test_error_without_detail_has_none(serve: Serve) -> None:
    """A detail that nobody gave is left out."""
    assert (await raised(serve, NotFound())).problem == problem(404, "/raise")
    assert (await raised(serve, NotFound("No such order"))).problem == problem(404, "/raise", "No such order")


async def test_status_without_a_phrase_has_a_title_of_its_own(serve: Serve) -> None:
    """A status that RFC 9110 does not name is sent without a phrase."""
    answer = await raised(serve, Teapot())
    assert (answer.status, answer.reason, answer.problem["title"]) == (418, "", "I'm a teapot")


async def test_faults_may_be_raised_by_hand(serve: Serve) -> None:
    """A handler reports faults of its own in the shape of all others."""
    found = FieldError("body", "/sku", "value", "No such article")
    answer = await raised(serve, UnprocessableContent("1 error in the request", errors=[found]))
    assert answer.problem == problem(
        422, "/raise", "1 error in the request", errors=[fault("body", "/sku", "value", "No such article")]
    )
    assert (await raised(serve, BadRequest("no"))).problem == problem(400, "/raise", "no", errors=[])


async def test_instance_is_the_encoded_path(serve: Serve) -> None:
    """The instance is the path as it came, percent-encoded, without the query."""

    class Named(Controller):
        @get("/named/{name}")
        async def show(self, name: str) -> None:
            raise NotFound(f"No {name}")

    server = await serve(app_of(Named))
    answer = await ask(server, "GET", "/named/a%2Fb%20%C3%A9?secret=1")
    assert answer.problem == problem(404, "/named/a%2Fb%20%C3%A9", "No a/b \u00e9")


async def test_head_of_an_error_has_no_body(serve: Serve) -> None:
    """HEAD has the status and length of the problem, and no body."""
    server = await serve(app_of(raising(NotFound("gone"))))
    data = make_request("HEAD", "/raise")
    answer = await exchange(server, data, method="HEAD", probe=make_request("GET", "/probe"))
    assert (answer.status, answer.media_type) == (404, "application/problem+json")
    assert int(answer.headers["Content-Length"]) == len((await ask(server, "GET", "/raise")).body)


@pytest.mark.parametrize(
    "error",
    [Loose(what=object()), Loose(headers={"X": 5})],  # type: ignore[dict-item]  # the mistake
)
async def test_error_that_cannot_be_written_is_a_crash(
    serve: Serve, error: HTTPError, caplog: pytest.LogCaptureFixture
) -> None:
    """A member that nothing encodes, or a header that is not text, is a 500 and one line of the log."""
    assert (await raised(serve, error)).problem == problem(500, "/raise")
    assert len(logged(caplog)) == 1


@pytest.mark.parametrize("error", [NotFound("no \udcff"), Loose(what="no \udcff"), Loose(what=[{"a": "no \udcff"}])])
async def test_text_that_is_no_utf_8_is_replaced(serve: Serve, error: HTTPError) -> None:
    """What a client sent that is not UTF-8 may stand in a detail or a member, a question mark in its place."""
    answer = await raised(serve, error)
    assert answer.status == error.status
    assert b"no ?" in answer.body
    assert answer.problem["instance"] == "/raise"


async def test_error_of_aiohttp_is_a_problem(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """What aiohttp and its libraries raise has the same shape, with the text that it was given."""
    assert (await raised(serve, web.HTTPForbidden())).problem == problem(403, "/raise")
    assert (await raised(serve, web.HTTPForbidden(text="Not you"))).problem == problem(403, "/raise", "Not you")
    assert (await raised(serve, web.HTTPForbidden(reason="Not you"))).problem == problem(403, "/raise")
    refused = await raised(serve, web.HTTPMethodNotAllowed("GET", ["POST", "PUT"]))
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/raise"), "POST,PUT")
    large = await raised(serve, web.HTTPRequestEntityTooLarge(max_size=1, actual_size=2, text="too much"))
    assert large.problem == problem(413, "/raise", "too much")
    assert logged(caplog) == []


async def test_error_of_aiohttp_keeps_headers_and_cookies(serve: Serve) -> None:
    """Headers and cookies that were put onto an aiohttp exception are sent with the problem."""
    error = web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
    error.set_cookie("a", "1")
    error.del_cookie("b")
    error.headers.add("Link", "x")
    error.headers.add("Link", "y")
    answer = await raised(serve, error)
    assert answer.problem == problem(401, "/raise")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers.getall("Link") == ["x", "y"]
    cookies = answer.headers.getall("Set-Cookie")
    assert [one.partition(";")[0] for one in cookies] == ["a=1", 'b=""']


@pytest.mark.parametrize(
    ("error", "status", "headers", "body"),
    [
        (web.HTTPFound("/there?a=1"), 302, {"Location": "/there?a=1"}, b""),
        (web.HTTPSeeOther("https://example.com/"), 303, {"Location": "https://example.com/"}, b""),
        (web.HTTPPermanentRedirect("/x"), 308, {"Location": "/x"}, b""),
        (web.HTTPNotModified(headers={"ETag": '"1"'}), 304, {"ETag": '"1"'}, b""),
        (web.HTTPNoContent(), 204, {}, b""),
        (web.HTTPOk(text="fine"), 200, {"Content-Type": "text/plain; charset=utf-8"}, b"fine"),
        (
            web.HTTPCreated(text="<p>", content_type="text/html"),
            201,
            {"Content-Type": "text/html; charset=utf-8"},
            b"<p>",
        ),
        (web.HTTPFound("/x", text="moved"), 302, {"Location": "/x"}, b"moved"),
    ],
)
async def test_what_aiohttp_raises_without_an_error_is_itself(
    serve: Serve, error: web.HTTPException, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Redirects and other answers that are no errors keep status, headers and text."""
    answer = await raised(serve, error)
    assert (answer.status, answer.body) == (status, body)
    assert {name: answer.headers[name] for name in headers} == headers


async def test_redirect_keeps_its_cookies(serve: Serve) -> None:
    """A login that redirects sets its cookie."""
    error = web.HTTPSeeOther("/home")
    error.set_cookie("sid", "1", httponly=True)
    answer = await raised(serve, error)
    assert (answer.headers["Location"], answer.headers["Set-Cookie"]) == ("/home", "sid=1; HttpOnly; Path=/")


async def test_redirect_that_would_split_the_response_is_a_crash(serve: Serve) -> None:
    """Row 35: CR and LF do not reach the head through Location."""

    class Redirecting(Controller):
        @get("/go")
        async def go(self, to: str) -> None:
            raise web.HTTPFound(to)

    answer = await ask(await serve(app_of(Redirecting)), "GET", "/go?to=/x%0D%0AX-Evil:%201")
    assert b"\r\nX-Evil" not in answer.head
    assert answer.status in {302, 500}


@pytest.mark.parametrize(
    "error", [ValueError("secret"), KeyError("secret"), TimeoutError(), StopIteration(), NotImplementedError()]
)
async def test_any_other_exception_is_a_crash(serve: Serve, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is no answer is a 500 without detail, and one line of the log that names the request."""
    answer = await raised(serve, error)
    assert answer.problem == problem(500, "/raise")
    assert logged(caplog) == ["GET /raise failed"]


async def test_errors_keep_their_status_in_every_place(serve: Serve) -> None:
    """503 and 401 with their headers come out of a guard as out of a handler."""

    async def refuse(request: Request) -> None:
        if request.query.get("user"):
            raise ServiceUnavailable("Come back", headers={"Retry-After": "1"})
        raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})

    server = await serve(app_of(raising(NotFound()), guards=[refuse]))
    answer = await ask(server, "GET", "/raise")
    assert (answer.problem, answer.headers["WWW-Authenticate"]) == (problem(401, "/raise"), "Bearer")
    answer = await ask(server, "GET", "/raise?user=ann")
    assert (answer.problem, answer.headers["Retry-After"]) == (problem(503, "/raise", "Come back"), "1")
