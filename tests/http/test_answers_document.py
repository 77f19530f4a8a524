"""The document says of answers what they are: media types, headers, statuses; and it holds for what is answered."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import Struct
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Controller, OpenAPI, Response, get, post, put
from framework.caching import CacheControl, Preconditions
from framework.responses import FileResponse, Redirect
from framework.static import StaticFiles
from tests.http.raw import ask
from tests.http.shapes import Serve


class Page(Struct):
    """A page."""

    text: str


class PageHeaders(Struct, kw_only=True):
    """Headers of a page."""

    x_total: int
    x_until: dt.datetime | None = None


def changed_at(_: Page) -> dt.datetime:
    """Return when a page was changed."""
    return dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


class Pages(Controller):
    """Answers of all kinds."""

    @get("/page", etag=True, last_modified=changed_at, cache_control=CacheControl(max_age=60))
    async def page(self) -> Page:
        """Return a page."""
        return Page("text")

    @get("/html", media_type="text/html")
    async def html(self) -> str:
        """Return a page as it is shown."""
        return "<p>"

    @get("/typed", response_headers=PageHeaders, media_type=("application/vnd.page+json", "application/msgpack"))
    async def typed(self) -> Response[list[Page]]:
        """Return pages."""
        return Response([Page("text")], headers=PageHeaders(x_total=1))

    @get("/film", ranges=True)
    async def film(self) -> bytes:
        """Return a film."""
        return b"0123456789"

    @get("/file")
    async def file(self) -> FileResponse:
        """Return a file."""
        return FileResponse(Path(__file__))

    @get("/elsewhere", status=308)
    async def elsewhere(self) -> Redirect:
        """Lead elsewhere."""
        return Redirect("/page")

    @get("/either")
    async def either(self) -> Page | Redirect:
        """Return a page, or lead elsewhere."""
        return Page("text")

    @get("/ready")
    async def ready(self) -> web.StreamResponse:
        """Return a response of aiohttp's."""
        return web.Response(text="ready")

    @get("/bare")
    async def bare(self) -> Response:  # type: ignore[type-arg]  # as it may be written
        """Return whatever there is."""
        return Response("bare")

    @get("/page-or-ready")
    async def page_or_ready(self) -> Page | web.Response:
        """Return a page, or a response of aiohttp's."""
        return Page("text")

    @put("/page", require_precondition=True)
    async def replace(self, page: Page, preconditions: Preconditions) -> None:  # noqa: ARG002
        """Replace a page."""
        preconditions.check("v1")

    @post("/page")
    async def add(self, page: Page) -> Response[Page]:
        """Add a page."""
        return Response(page)


@pytest.fixture
async def server(serve: Serve, tmp_path: Path) -> TestServer:
    """Serve the pages and their document."""
    (tmp_path / "a.txt").touch()
    return await serve(App([Pages, StaticFiles("/assets", tmp_path)], openapi=OpenAPI(title="Pages")))


@pytest.fixture
async def paths(server: TestServer) -> Any:
    """Return the paths of the document, which is a good one."""
    document = (await ask(server, "GET", "/openapi.json")).json
    OpenAPIV31SpecValidator(document).validate()
    return document["paths"]


def shared(*names: str) -> dict[str, Any]:
    """Return the responses that are components, by status."""
    statuses = {
        "NotFound": "404",
        "NotAcceptable": "406",
        "PreconditionFailed": "412",
        "ContentTooLarge": "413",
        "RequestTimeout": "408",
    }
    statuses |= {"UnsupportedMediaType": "415", "RangeNotSatisfiable": "416", "UnprocessableContent": "422"}
    statuses |= {"BadRequest": "400", "PreconditionRequired": "428"}
    return {statuses[name]: {"$ref": f"#/components/responses/{name}"} for name in names}


def header(description: str, **schema: Any) -> dict[str, Any]:
    """Return a header object."""
    return {"description": description, "schema": {"type": "string", **schema}}


TAG = header("The version of the response, for `If-None-Match` and `If-Match`.")
DATE = header("When the resource last changed, as an HTTP date.")
VARY = header("The headers of the request that the response depends on.")
CACHE = header("What caches may do with the response.")
LOCATION = header("Where to go on.", format="uri-reference")
RANGES = {"description": "The unit of parts that can be asked for.", "schema": {"const": "bytes"}}
PART = header("Which part it is, and of how much.")
REFERENCE = {"schema": {"$ref": "#/components/schemas/Page"}}
BOTH = {"application/json": REFERENCE, "application/msgpack": REFERENCE}


async def test_versions(paths: Any) -> None:
    """A route with versions has 304 and 412, and tells its headers."""
    headers = {"Vary": VARY, "Cache-Control": CACHE, "ETag": TAG, "Last-Modified": DATE}
    assert paths["/page"]["get"]["responses"] == {
        "200": {"description": "OK", "headers": headers, "content": BOTH},
        "304": {"description": "Not Modified", "headers": headers},
        **shared("NotAcceptable", "PreconditionFailed"),
    }


async def test_media_types(paths: Any) -> None:
    """All media types of an answer are told, with their one schema."""
    assert paths["/html"]["get"]["responses"] == {
        "200": {"description": "OK", "content": {"text/html": {"schema": {"type": "string"}}}},
        **shared("NotAcceptable"),
    }
    pages = {"schema": {"type": "array", "items": REFERENCE["schema"]}}
    assert paths["/typed"]["get"]["responses"]["200"] == {
        "description": "OK",
        "headers": {
            "Vary": VARY,
            "x-total": {"required": True, "schema": {"type": "integer"}},
            "x-until": {"schema": {"type": "string"}},
        },
        "content": {"application/vnd.page+json": pages, "application/msgpack": pages},
    }
    assert paths["/page"]["post"]["responses"] == {
        "200": {"description": "OK", "headers": {"Vary": VARY}, "content": BOTH},
        **shared(
            "BadRequest",
            "NotAcceptable",
            "RequestTimeout",
            "ContentTooLarge",
            "UnsupportedMediaType",
            "UnprocessableContent",
        ),
    }


async def test_parts(paths: Any) -> None:
    """What can be asked for in parts has 206 and 416."""
    headers = {"ETag": TAG, "Accept-Ranges": RANGES}
    media: dict[str, dict[str, str]] = {"application/octet-stream": {}}
    assert paths["/film"]["get"]["responses"] == {
        "200": {"description": "OK", "headers": headers, "content": media},
        "206": {"description": "Partial Content", "headers": {**headers, "Content-Range": PART}, "content": media},
        "304": {"description": "Not Modified", "headers": {"ETag": TAG}},
        **shared("NotAcceptable", "PreconditionFailed", "RangeNotSatisfiable"),
    }
    headers = {"ETag": TAG, "Last-Modified": DATE, "Accept-Ranges": RANGES}
    assert paths["/file"]["get"]["responses"] == {
        "200": {"description": "OK", "headers": headers, "content": {"*/*": {}}},
        "206": {
            "description": "Partial Content",
            "headers": {**headers, "Content-Range": PART},
            "content": {"*/*": {}},
        },
        "304": {"description": "Not Modified", "headers": {"ETag": TAG, "Last-Modified": DATE}},
        **shared("NotFound", "PreconditionFailed", "RangeNotSatisfiable"),
    }


async def test_redirects(paths: Any) -> None:
    """A redirect has its status and a Location."""
    assert paths["/elsewhere"]["get"]["responses"] == {
        "308": {"description": "Permanent Redirect", "headers": {"Location": LOCATION}}
    }
    either = paths["/either"]["get"]["responses"]
    assert sorted(either) == ["200", "303"]
    assert either["303"] == {"description": "See Other", "headers": {"Location": LOCATION}}


async def test_answers_of_any_media_type(paths: Any) -> None:
    """What only the handler knows may have a body of any type; nothing else is promised."""
    for path in ("/ready", "/bare"):
        assert paths[path]["get"]["responses"] == {"200": {"description": "OK", "content": {"*/*": {}}}}
    assert paths["/page-or-ready"]["get"]["responses"] == {
        "200": {"description": "OK", "headers": {"Vary": VARY}, "content": {**BOTH, "*/*": {}}}
    }


async def test_preconditions(paths: Any) -> None:
    """A write under preconditions has 412, 428, and the header that says which version is meant."""
    operation = paths["/page"]["put"]
    assert operation["parameters"] == [
        {
            "name": "If-Match",
            "in": "header",
            "description": "The version that is meant, as its `ETag` says.",
            "schema": {"type": "string"},
        }
    ]
    assert operation["responses"] == {
        "204": {"description": "No Content"},
        **shared(
            "BadRequest",
            "PreconditionFailed",
            "RequestTimeout",
            "ContentTooLarge",
            "UnsupportedMediaType",
            "UnprocessableContent",
            "PreconditionRequired",
        ),
    }


async def test_folders_are_not_in_the_document(paths: Any) -> None:
    """Static files are no part of an interface."""
    assert [one for one in paths if "assets" in one] == []


@pytest.mark.parametrize("path", ["/page", "/html", "/typed", "/film", "/file", "/elsewhere", "/either"])
@pytest.mark.parametrize("asked", [{}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}, {"Range": "bytes=999999-"}])
async def test_what_is_answered_is_documented(server: TestServer, paths: Any, path: str, asked: dict[str, str]) -> None:
    """Status, media type and headers of each answer stand in the document."""
    answer = await ask(server, "GET", path, headers=asked)
    described = paths[path]["get"]["responses"][str(answer.status)]
    if answer.status < 400:
        told = {one.lower() for one in described.get("headers", {})}
        assert {one.lower() for one in answer.headers} - told <= {"content-type", "content-length", "date"}
        assert {one for one in told if one != "x-until"} <= {one.lower() for one in answer.headers}
