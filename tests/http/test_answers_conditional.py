"""Conditional requests: 304 for what the client has, 412 and 428 for what it must not overwrite."""

import datetime as dt
from hashlib import blake2b
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import Controller, Request, Response, get, post, put
from framework.caching import CacheControl, ETag, Preconditions
from framework.formats import JSON, MSGPACK
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, problem

NOON = dt.datetime(2026, 5, 1, 12, 0, 0, 500_000, tzinfo=dt.UTC)
HTTP_NOON = "Fri, 01 May 2026 12:00:00 GMT"
BEFORE, AFTER = "Fri, 01 May 2026 11:59:59 GMT", "Friday, 01-May-26 12:00:01 GMT"


class Page(Struct):
    """A page."""

    text: str
    version: int = 1


def tag_of(page: Page) -> str:
    """Return the version of a page."""
    return f"v{page.version}"


async def weak_tag_of(page: Page) -> ETag:
    """Return the version of a page, which may be written in two ways."""
    return ETag(f"v{page.version}", weak=True)


def changed_at(_: Page) -> dt.datetime:
    """Return when a page was changed."""
    return NOON


PAGES: dict[str, Page] = {}


class Pages(Controller):
    """Pages with versions."""

    @get("/bytes", etag=True, cache_control=CacheControl(max_age=60, private=True))
    async def bytes(self) -> Page:
        """Return a page whose tag is made of its bytes."""
        return Page("text")

    @get("/function", etag=tag_of, last_modified=changed_at)
    async def function(self) -> Page:
        """Return a page whose tag is made of its value."""
        return Page("text")

    @get("/weak", etag=weak_tag_of)
    async def weak(self) -> Response[Page]:
        """Return a page with a weak tag."""
        return Response(Page("text"), headers={"X-Own": "1"})

    @get("/dated", last_modified=changed_at)
    async def dated(self) -> Page:
        """Return a page with a date."""
        return Page("text")

    @get("/own", etag=True)
    async def own(self) -> Response[str]:
        """Return a text with a tag of its own."""
        return Response("text", headers={"ETag": '"mine"'})

    @get("/gone", etag=True)
    async def gone(self) -> Response[str]:
        """Return what is not a success."""
        return Response("text", status=410)

    @get("/checked", cache_control=CacheControl(no_cache=True))
    async def checked(self, preconditions: Preconditions) -> Page:
        """Compare before anything is made."""
        preconditions.check("v1", last_modified=NOON)
        return Page("text")

    @put("/pages/{name}")
    async def replace(self, name: str, page: Page, preconditions: Preconditions) -> Response[Page]:
        """Replace a page of a known version."""
        known = PAGES.get(name)
        if known is None:
            preconditions.check(exists=False)
        else:
            preconditions.check(tag_of(known), last_modified=NOON)
        PAGES[name] = page
        return Response(page, headers={"ETag": f'"{tag_of(page)}"'})

    @post("/pages/{name}", require_precondition=True)
    async def append(self, name: str, preconditions: Preconditions, request: Request) -> str:
        """Append to a page of a known version."""
        preconditions.check(tag_of(PAGES[name]))
        return request.method

    @post("/required")
    async def required(self, preconditions: Preconditions) -> None:
        """Require a precondition when it is known whether one is needed."""
        preconditions.check("v1", required=True)


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the pages."""
    PAGES.clear()
    PAGES["a"] = Page("text")
    return await serve(app_of(Pages))


def strong(body: bytes) -> str:
    """Return the tag of a body."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


async def test_tag_of_the_bytes(server: TestServer) -> None:
    """A strong tag of the encoded bytes, one for each format, with the rest of the head."""
    for one in (JSON, MSGPACK):
        body = one.encoder(Page)(Page("text"))
        answer = await ask(server, "GET", "/bytes", headers={"Accept": one.media_type})
        assert (answer.status, answer.body, answer.headers["ETag"]) == (200, body, strong(body))
        # Their order means nothing (RFC 9110, section 5.3).
        assert sorted(answer.headers) == ["Cache-Control", "Content-Length", "Content-Type", "Date", "Etag", "Vary"]
        assert answer.headers["Cache-Control"] == "max-age=60, private"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_not_modified(server: TestServer, method: str) -> None:
    """Whoever has the bytes gets no body and all that describes the resource, and none of what describes a body."""
    tag = strong(b'{"text":"text","version":1}')
    answer = await ask(server, method, "/bytes", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (answer.status, answer.body) == (304, b"")
    assert {name: text for name, text in answer.headers.items() if name != "Date"} == {
        "Vary": "Accept",
        "Cache-Control": "max-age=60, private",
        "Etag": tag,
    }


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/function", {}, 200),
        ("/function", {"If-None-Match": '"v1"'}, 304),
        ("/function", {"If-None-Match": 'W/"v1"'}, 304),
        ("/function", {"If-None-Match": '"v2", "v1"'}, 304),
        ("/function", {"If-None-Match": '"v2"'}, 200),
        ("/function", {"If-None-Match": "*"}, 304),
        ("/function", {"If-None-Match": "v1"}, 200),
        ("/function", {"If-None-Match": ""}, 200),
        # The date counts only without a tag.
        ("/function", {"If-None-Match": '"v2"', "If-Modified-Since": HTTP_NOON}, 200),
        ("/function", {"If-None-Match": '"v1"', "If-Modified-Since": BEFORE}, 304),
        ("/function", {"If-Modified-Since": HTTP_NOON}, 304),
        ("/function", {"If-Modified-Since": AFTER}, 304),
        ("/function", {"If-Modified-Since": "Fri May  1 12:00:00 2026"}, 304),
        ("/function", {"If-Modified-Since": BEFORE}, 200),
        ("/function", {"If-Modified-Since": "yesterday"}, 200),
        ("/function", {"If-Modified-Since": "Fri, 99 May 2026 12:00:00 GMT"}, 200),
        ("/function", {"If-Modified-Since": "Fri, 01 May 2026 12:00:00 +0900"}, 200),
        ("/function", {"If-Match": '"v1"'}, 200),
        ("/function", {"If-Match": "*"}, 200),
        ("/function", {"If-Match": '"v2"'}, 412),
        ("/function", {"If-Match": 'W/"v1"'}, 412),
        ("/function", {"If-Match": "v1"}, 412),
        ("/function", {"If-Match": '"v1"', "If-None-Match": '"v1"'}, 304),
        ("/function", {"If-Unmodified-Since": HTTP_NOON}, 200),
        ("/function", {"If-Unmodified-Since": BEFORE}, 412),
        ("/function", {"If-Unmodified-Since": BEFORE, "If-Match": '"v1"'}, 200),
        ("/function", {"If-Unmodified-Since": "yesterday"}, 200),
        ("/weak", {"If-None-Match": 'W/"v1"'}, 304),
        ("/weak", {"If-None-Match": '"v1"'}, 304),
        ("/weak", {"If-Match": 'W/"v1"'}, 412),
        ("/dated", {"If-Modified-Since": HTTP_NOON}, 304),
        ("/dated", {"If-None-Match": '"v1"', "If-Modified-Since": HTTP_NOON}, 200),
        ("/own", {"If-None-Match": '"mine"'}, 304),
        ("/gone", {"If-None-Match": "*"}, 410),
        ("/checked", {"If-None-Match": '"v1"'}, 304),
        ("/checked", {"If-Modified-Since": HTTP_NOON}, 304),
        ("/checked", {"If-None-Match": '"v2"'}, 200),
    ],
)
async def test_conditions_of_a_read(server: TestServer, target: str, headers: dict[str, str], status: int) -> None:
    """Tags before dates, strong and weak comparison, and what cannot be read is not there (RFC 9110, section 13)."""
    answer = await ask(server, "GET", target, headers=headers)
    assert answer.status == status
    if status == 412:
        assert answer.problem == problem(412, target, "It is not in the state that the request names")
    if status == 304:
        assert "Content-Type" not in answer.headers
        assert answer.headers.keys() & {"Etag", "Last-Modified"}


async def test_head_of_a_version(server: TestServer) -> None:
    """A function's tag and date stand in the head; the date in whole seconds."""
    answer = await ask(server, "GET", "/function")
    assert (answer.headers["ETag"], answer.headers["Last-Modified"]) == ('"v1"', HTTP_NOON)
    weak = await ask(server, "GET", "/weak")
    assert (weak.headers["ETag"], weak.headers["X-Own"], weak.json["text"]) == ('W/"v1"', "1", "text")
    checked = await ask(server, "GET", "/checked", headers={"If-None-Match": "*"})
    assert (checked.headers["ETag"], checked.headers["Last-Modified"]) == ('"v1"', HTTP_NOON)
    assert (checked.headers["Vary"], checked.headers["Cache-Control"]) == ("Accept", "no-cache")


async def put_page(server: TestServer, name: str, **headers: str) -> Answer:
    """Replace a page; ``If_Match`` is the header If-Match."""
    named = {key.replace("_", "-"): text for key, text in headers.items()}
    return await ask(server, "PUT", f"/pages/{name}", headers=named, body={"text": "new", "version": 2})


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        ("a", {}, 200),
        ("a", {"If_Match": '"v1"'}, 200),
        ("a", {"If_Match": '"v0", "v1"'}, 200),
        ("a", {"If_Match": "*"}, 200),
        ("a", {"If_Match": '"v0"'}, 412),
        ("a", {"If_Match": 'W/"v1"'}, 412),
        ("a", {"If_None_Match": "*"}, 412),
        ("a", {"If_None_Match": '"v1"'}, 412),
        ("a", {"If_None_Match": '"v0"'}, 200),
        ("a", {"If_Unmodified_Since": HTTP_NOON}, 200),
        ("a", {"If_Unmodified_Since": BEFORE}, 412),
        ("new", {"If_None_Match": "*"}, 200),
        ("new", {"If_Match": "*"}, 412),
        ("new", {"If_Match": '"v1"'}, 412),
    ],
)
async def test_conditions_of_a_write(server: TestServer, name: str, headers: dict[str, str], status: int) -> None:
    """Nothing is overwritten that has changed, or that the client thought was not there."""
    before = dict(PAGES)
    answer = await put_page(server, name, **headers)
    assert answer.status == status
    assert (before == PAGES) is (status == 412)
    if status == 412:
        assert answer.problem["detail"] == "It is not in the state that the request names"


async def test_lost_update(server: TestServer) -> None:
    """Of two who change the same version the second is told."""
    first = await put_page(server, "a", If_Match='"v1"')
    assert (first.status, first.headers["ETag"]) == (200, '"v2"')
    assert (await put_page(server, "a", If_Match='"v1"')).status == 412
    assert (await put_page(server, "a", If_Match='"v2"')).status == 200


@pytest.mark.parametrize("target", ["/pages/a", "/required"])
async def test_precondition_that_is_required(server: TestServer, target: str) -> None:
    """Who does not say which version is meant gets 428."""
    answer = await ask(server, "POST", target)
    assert answer.problem == problem(428, target, "Send the version to change in If-Match")
    assert (await ask(server, "POST", target, headers={"If-Match": '"v1"'})).status in {200, 204}
    assert (await ask(server, "POST", target, headers={"If-Match": '"v9"'})).status == 412


async def test_tag_that_cannot_be(serve: Serve) -> None:
    """A tag with a quote or a line break would split the head: 500 for the programmer, nothing for the client."""
    bad: list[Any] = ['a"b', "a\r\nX: 1", "a b", 'W/"a"b"']

    class Bad(Controller):
        @get("/{number}", etag=lambda value: bad[int(value)])
        async def show(self, number: int) -> str:
            return str(number)

    server = await serve(app_of(Bad))
    for number in range(len(bad)):
        answer = await ask(server, "GET", f"/{number}")
        assert answer.problem == problem(500, f"/{number}")


async def test_parts_of_bytes(serve: Serve) -> None:
    """Bytes of a route with ranges=True can be asked for in parts, with a strong tag for If-Range."""
    body = bytes(range(256)) * 4

    class Films(Controller):
        @get("/film", ranges=True)
        async def film(self) -> bytes:
            return body

    server = await serve(app_of(Films))
    whole = await ask(server, "GET", "/film")
    tag = whole.headers["ETag"]
    assert (whole.status, whole.body, whole.headers["Accept-Ranges"], tag) == (200, body, "bytes", strong(body))
    part = await ask(server, "GET", "/film", headers={"Range": "bytes=10-19", "If-Range": tag})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, body[10:20], "bytes 10-19/1024")
    assert (part.headers["ETag"], part.headers["Content-Length"]) == (tag, "10")
    other = await ask(server, "GET", "/film", headers={"Range": "bytes=10-19", "If-Range": '"other"'})
    assert (other.status, other.body) == (200, body)
    behind = await ask(server, "GET", "/film", headers={"Range": "bytes=1024-"})
    assert behind.problem == problem(416, "/film")
    assert behind.headers["Content-Range"] == "bytes */1024"
    head = await ask(server, "HEAD", "/film", headers={"Range": "bytes=10-19"})
    assert (head.status, head.headers["Content-Length"]) == (200, "1024")
