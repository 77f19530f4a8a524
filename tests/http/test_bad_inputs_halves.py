"""Heads that are read by halves: several Cookie headers, and the media types of patches."""

from typing import Annotated

import pytest
from msgspec import Struct

from framework import Controller, Cookie, Patch, get, patch
from framework.security import APIKey
from tests.http.raw import ask, connect
from tests.http.shapes import Serve, app_of, problem

pytestmark = [pytest.mark.usefixtures("few_lines"), pytest.mark.both_loops]


class Note(Struct):
    """What is changed."""

    title: str = ""


class Jar(Struct, forbid_unknown_fields=True):
    """All cookies."""

    first: str
    second: str


async def verify(key: str) -> str:
    """Take any key for its owner."""
    return key


class Heads(Controller):
    """Reads cookies and patches."""

    @get("/cookies")
    async def cookies(
        self, first: Annotated[str, Cookie()], second: Annotated[str, Cookie()], third: Annotated[str, Cookie()] = ""
    ) -> list[str]:
        """Return cookies."""
        return [first, second, third]

    @get("/jar")
    async def jar(self, jar: Annotated[Jar, Cookie()]) -> Jar:
        """Return a model of them."""
        return jar

    @get("/key")
    async def key(self, user: Annotated[str, APIKey(verify, cookie="second")]) -> str:
        """Return a credential."""
        return user

    @patch("/note")
    async def note(self, changes: Patch[Note]) -> Note:
        """Change a note."""
        return changes.apply_to(Note())


COOKIES = b" HTTP/1.1\r\nHost: localhost\r\nCookie: first=1\r\nX: y\r\ncookie: second=2; third=3\r\n\r\n"


async def test_several_cookie_headers(serve: Serve) -> None:
    """HTTP/2 lets clients split the header (RFC 9113, section 8.2.3), and proxies may pass it on like that."""
    server = await serve(app_of(Heads))
    async with connect(server) as connection:
        assert (await connection.exchange(b"GET /cookies" + COOKIES)).json == ["1", "2", "3"]
        assert (await connection.exchange(b"GET /key" + COOKIES)).body == b"2"
        jar = COOKIES.replace(b"; third=3", b"")
        assert (await connection.exchange(b"GET /jar" + jar)).json == {"first": "1", "second": "2"}


async def test_bytes_in_a_second_cookie_header(serve: Serve) -> None:
    """A second header that is not UTF-8 is as wrong as the first."""
    async with connect(await serve(app_of(Heads))) as connection:
        answer = await connection.exchange(b"GET /cookies" + COOKIES.replace(b"third=3", b"third=\xff"))
        assert answer.status == 400
        assert answer.problem["detail"] == "The request is not valid UTF-8"


async def test_the_media_types_of_a_patch(serve: Serve) -> None:
    """A JSON Patch (RFC 6902) is not a merge patch (RFC 7396), although both are JSON."""
    server = await serve(app_of(Heads))
    for media_type in (
        "application/json",
        "application/merge-patch+json",
        "application/merge-patch+json;charset=utf-8",
    ):
        answer = await ask(server, "PATCH", "/note", headers={"Content-Type": media_type}, body={"title": "a"})
        assert answer.json == {"title": "a"}
    for media_type in ("application/json-patch+json", "application/JSON-Patch+json; charset=utf-8"):
        answer = await ask(server, "PATCH", "/note", headers={"Content-Type": media_type}, body={"title": "a"})
        detail = "The Content-Type is not supported; application/json and application/msgpack are read here"
        assert answer.problem == problem(415, "/note", detail)
