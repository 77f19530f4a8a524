"""ResponseHeader: a header that is set on a response, whatever that response is and whatever else happens to it."""

import pytest
from aiohttp import web

from framework import Request
from framework.responses import ResponseHeader, set_header
from framework.typedefs import CallNext
from tests.http.changed_responses import After, Change, Values, answer
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of


def setting(name: str, value: str, *, plain: bool = False) -> Change:
    """Return what sets a header on a response."""
    header = ResponseHeader(name, plain=plain)
    return lambda response: header.set(response, value)


@pytest.mark.both_loops
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("target", ["/value", "/nothing", "/own", "/raw", "/stream", "/nowhere"])
async def test_every_response_has_it_once(serve: Serve, target: str, method: str) -> None:
    """In the place of one that the handler has set."""
    found = await answer(serve, target, setting("X-One", "1"), method=method)
    assert found.headers.getall("X-One") == ["1"]
    assert found.headers.get("X-Other") == ("other" if target == "/own" and method != "OPTIONS" else None)
    if target == "/value" and method == "GET":
        assert sorted(found.headers) == ["Content-Length", "Content-Type", "Date", "X-One"]
        assert found.body == b"value"


@pytest.mark.parametrize("target", ["/value", "/own", "/raw", "/stream"])
async def test_constant_headers_are_added_with_it(serve: Serve, target: str) -> None:
    """Each time, beside the lines that are there."""
    header = ResponseHeader("X-Two", plain=True, beside={"X-Fixed": "f"})
    changes = [lambda response, value=value: header.add(response, value) for value in ("1", "2")]
    found = await answer(serve, target, *changes)
    assert (found.headers.getall("X-Fixed"), found.headers.getall("X-Two")) == (["f", "f"], ["1", "2"])


async def test_several_are_set_beside_each_other(serve: Serve) -> None:
    """The last value of each counts."""
    found = await answer(serve, "/value", setting("X-One", "1"), setting("X-Two", "2"), setting("X-One", "3"))
    assert (found.headers.getall("X-One"), found.headers.getall("X-Two")) == (["3"], ["2"])


async def test_it_is_among_the_headers_for_whoever_looks(serve: Serve) -> None:
    """Also after other changes, which may take it away again."""
    seen: list[str | None] = []

    def look(response: web.StreamResponse) -> None:
        seen.append(response.headers.get("X-One"))
        response.headers["X-Look"] = "yes"
        response.headers["X-Two"] += "2"

    found = await answer(serve, "/value", setting("X-One", "1"), setting("X-Two", "2"), look, setting("X-One", "3"))
    assert seen == ["1"]
    assert (found.headers["X-One"], found.headers["X-Look"], found.headers["X-Two"]) == ("3", "yes", "22")
    gone = await answer(serve, "/value", setting("X-One", "1"), lambda response: response.headers.popall("X-One"))
    assert "X-One" not in gone.headers


async def test_a_middleware_around_it_sees_it(serve: Serve) -> None:
    """Changed by hand, and with a cookie."""

    async def around(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        assert response.headers["X-One"] == "1"
        response.set_cookie("a", "b")
        return response

    server = await serve(app_of(Values, middlewares=[around, After(setting("X-One", "1"))]))
    found = await ask(server, "GET", "/value")
    assert (found.headers["X-One"], "Set-Cookie" in found.headers) == ("1", True)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "\x00", "\x1b"])
async def test_a_value_that_would_split_the_response_is_refused(serve: Serve, value: str) -> None:
    """As one that is set by hand is: 500, logged."""
    found = await answer(serve, "/value", setting("X-One", value))
    assert found.status == 500
    assert "X-Evil" not in found.headers


async def test_a_value_beyond_ascii_is_sent_as_it_is_by_hand(serve: Serve) -> None:
    """In UTF-8."""
    found = await answer(serve, "/value", setting("X-One", "caf\u00e9"))
    assert found.headers["X-One"] == "caf\u00e9"


async def test_headers_that_decide_about_the_response_are_set_by_hand(serve: Serve) -> None:
    """There is one Date, and Connection closes."""
    found = await answer(serve, "/value", setting("date", "now"), setting("CONNECTION", "close"))
    assert (found.headers.getall("Date"), found.headers.getall("Connection")) == (["now"], ["close"])
    typed = await answer(serve, "/value", setting("content-type", "text/x-other"))
    assert typed.headers.getall("Content-Type") == ["text/x-other"]


async def test_a_header_is_set_without_being_prepared(serve: Serve) -> None:
    """By its name."""
    found = await answer(serve, "/value", lambda response: set_header(response, "X-One", "1"))
    assert found.headers.getall("X-One") == ["1"]


async def test_plain_values_are_not_looked_at(serve: Serve) -> None:
    """Who says so vouches for them."""
    assert (await answer(serve, "/value", setting("X-One", "1", plain=True))).headers["X-One"] == "1"


@pytest.mark.parametrize("name", ["", "X One", "X:One", "X-One\r\n"])
def test_a_name_is_a_token(name: str) -> None:
    """Anything else is refused where it is made."""
    with pytest.raises(ValueError, match="is not the name of a header"):
        ResponseHeader(name)


@pytest.mark.parametrize(
    ("target", "value"),
    [("/value", ""), ("/nothing", ""), ("/own", "of the handler"), ("/raw", "of the handler"), ("/nowhere", "")],
)
async def test_a_header_is_read(serve: Serve, target: str, value: str) -> None:
    """Before and after it is set, on every kind of response, twice."""
    header, found = ResponseHeader("X-One"), list[str]()

    def change(response: web.StreamResponse) -> None:
        found.append(header.get(response))
        header.set(response, "set")
        found.append(header.get(response))
        header.add(response, "added")
        found.append(header.get(response))

    server = await serve(app_of(Values, middlewares=[After(change)]))
    for _ in range(2):
        await ask(server, "GET", target)
    assert found == [value, "set", "set, added"] * 2


async def test_a_constant_header_is_read(serve: Serve) -> None:
    """One that is part of the prepared head."""
    header, found = ResponseHeader("Content-Type"), list[str]()
    server = await serve(app_of(Values, middlewares=[After(lambda response: found.append(header.get(response)))]))
    for _ in range(2):
        await ask(server, "GET", "/value")
    assert found == ["text/plain; charset=utf-8"] * 2
