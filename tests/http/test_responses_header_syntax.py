"""Response headers that HTTP does not allow: a wrong name or a control character is a 500, and is never sent."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import Struct, field

from framework import Controller, HTTPError, Request, Response, get
from framework.responses import FileResponse
from framework.typedefs import CallNext
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem

NAMES = {"space": "X Name", "colon": "X:Name", "empty": "", "beyond ASCII": "X-N\u00e4me"}
CONTROLS = {"ESC": "\x1b", "DEL": "\x7f", "VT": "\x0b", "LF": "\n"}
WRONG_NAME = "the response header {!r} has a name that is not a token (RFC 9110, section 5.1)"
WRONG_VALUE = "the response header 'X-Text' holds a control character (RFC 9110, section 5.5)"


class Refused(HTTPError, status=409):
    """An error with headers."""


class Typed(Struct):
    """Headers by the fields of a Struct, whose names are right here and wrong below."""

    text: str = field(name="x text")


def controller(headers: dict[str, str]) -> type[Controller]:
    """Return a controller whose handlers set these headers in every way."""

    class Setting(Controller):
        @get("/value")
        async def value(self) -> Response[str]:
            return Response("ok", headers=headers)

        @get("/error")
        async def error(self) -> None:
            raise Refused("refused", headers=headers)

        @get("/middleware")
        async def middleware(self) -> str:
            return "ok"

        @get("/stream")
        async def stream(self) -> AsyncIterator[str]:
            yield "ok"

        @get("/file")
        async def file(self) -> FileResponse:
            response = FileResponse(Path(__file__))
            response.headers.extend(headers)
            return response

    return Setting


def add(headers: dict[str, str]) -> Callable[[Request, CallNext], Any]:
    """Return a middleware that sets headers on the responses of two handlers."""

    async def middleware(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        if request.path in {"/middleware", "/stream"}:
            response.headers.extend(headers)
        return response

    return middleware


async def served(serve: Serve, headers: dict[str, str], *, signals: bool) -> TestServer:
    """Serve the controller, with something that listens to responses or without."""

    async def listen(_: web.Request, __: web.StreamResponse) -> None: ...

    application = app_of(controller(headers), middlewares=[add(headers)]).build()
    if signals:
        application.on_response_prepare.append(listen)
    return await serve(application)


@pytest.mark.parametrize("signals", [False, True])
@pytest.mark.parametrize("way", ["value", "error", "middleware", "stream", "file"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_header_whose_name_is_not_a_token_is_refused(
    serve: Serve, caplog: pytest.LogCaptureFixture, name: str, way: str, *, signals: bool
) -> None:
    """A name with a space or a colon, or without a letter, is a 500 whose log line names route and header."""
    server = await served(serve, {name: "1"}, signals=signals)
    answer = await ask(server, "GET", f"/{way}")
    assert answer.problem == problem(500, f"/{way}")
    assert sorted(answer.headers) == ["Content-Length", "Content-Type", "Date"]
    assert logged(caplog) == [f"GET /{way}: {WRONG_NAME.format(name)}"]


@pytest.mark.parametrize("signals", [False, True])
@pytest.mark.parametrize("way", ["value", "error", "middleware", "stream", "file"])
@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
async def test_header_with_a_control_character_is_refused(
    serve: Serve, caplog: pytest.LogCaptureFixture, control: str, way: str, *, signals: bool
) -> None:
    """A control character in a value is a 500 whose log line names route and header, and not the value."""
    server = await served(serve, {"X-Text": f"a{control}b"}, signals=signals)
    answer = await ask(server, "GET", f"/{way}")
    assert answer.problem == problem(500, f"/{way}")
    assert sorted(answer.headers) == ["Content-Length", "Content-Type", "Date"]
    assert logged(caplog) == [f"GET /{way}: {WRONG_VALUE}"]


@pytest.mark.parametrize("way", ["value", "error", "middleware", "stream", "file"])
async def test_header_of_all_that_is_allowed_is_sent(serve: Serve, way: str) -> None:
    """Every character of a token may stand in a name, and tabs and text beyond ASCII in a value."""
    name, value = "!#$%&'*+-.^_`|~09azAZ", "a\tb \u00e9 \x80 ~"
    answer = await ask(await served(serve, {name: value}, signals=False), "GET", f"/{way}")
    assert answer.headers[name] == value


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
async def test_cookie_with_a_control_character_is_refused(serve: Serve, control: str) -> None:
    """Cookies are headers too, also those that are set past the checks of set_cookie()."""

    class Cookies(Controller):
        @get("/cookie")
        async def cookie(self) -> Response[str]:
            return Response("ok", cookies={"a": f"b{control}c"})

        @get("/attribute")
        async def attribute(self) -> Response[str]:
            response = Response("ok", cookies={"a": "1"})
            response.cookies["a"]["path"] = f"/{control}"
            return response

    server = await serve(app_of(Cookies))
    for path in ("/cookie", "/attribute"):
        answer = await ask(server, "GET", path)
        assert answer.problem == problem(500, path)
        assert sorted(answer.headers) == ["Content-Length", "Content-Type", "Date"]


async def test_reason_with_a_control_character_is_refused(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The reason phrase is text without control characters (RFC 9112, section 4)."""

    class Reason(Controller):
        @get("/reason")
        async def reason(self) -> Response[str]:
            response = Response("ok", status=200)
            response.set_status(200, "Fine\x1b[31m")
            return response

    answer = await ask(await serve(app_of(Reason)), "GET", "/reason")
    assert answer.problem == problem(500, "/reason")
    assert logged(caplog) == ["GET /reason: the reason of the response holds a control character"]


async def test_struct_gives_no_wrong_name(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A Struct whose field is renamed to what is not a token is refused as well."""

    class Renamed(Controller):
        @get("/typed")
        async def typed(self) -> Response[str]:
            return Response("ok", headers=Typed("1"))

    answer = await ask(await serve(app_of(Renamed)), "GET", "/typed")
    assert answer.problem == problem(500, "/typed")
    assert logged(caplog) == [f"GET /typed: {WRONG_NAME.format('x text')}"]
