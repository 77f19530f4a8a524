"""The documents as clients get them: in two formats, compressed or not, only when they have changed, and several."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, HTTPError, OpenAPI, Request, Router, get
from framework.http_errors import Forbidden
from framework.routing import RouteSummary

Client = TestClient[web.Request, web.Application]
AS_IT_IS = {"Accept-Encoding": "identity"}


class Songs(Controller):
    """Songs."""

    path = "/songs"
    tags = ("songs",)

    @get()
    async def search(self, text: str = "é\x85yes") -> list[str]:
        """List songs."""
        return [text]

    @get("/count", tags=("internal",))
    async def count(self) -> int:
        """Count songs."""
        return 3


class Albums(Controller):
    """Albums."""

    path = "/albums"

    @get("/{number}")
    async def show(self, number: int) -> str:
        """Show an album."""
        return str(number)


def songs(*documents: OpenAPI) -> web.Application:
    """Build an app with these documents, or with one that has nothing said about it."""
    app = App([Songs, Router("/v1", [Albums])], openapi=documents or OpenAPI())
    return app.build()


async def raw(client: Client, path: str, **headers: str) -> tuple[int, bytes, Any]:
    """Ask without aiohttp's own headers, and leave the body as it came."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    skipped = ("Accept-Encoding",)
    async with client.get(path, headers=named, skip_auto_headers=skipped, auto_decompress=False) as response:
        return response.status, await response.read(), response.headers


async def paths_in(client: Client, path: str) -> list[str]:
    """Return the paths and methods of a document."""
    async with client.get(path) as response:
        assert response.status == 200
        return list((await response.json())["paths"])


async def test_both_formats_say_the_same(aiohttp_client: AiohttpClient) -> None:
    """YAML stands beside JSON, with all texts as they are and without anchors."""
    client = await aiohttp_client(songs())

    _, as_json, json_headers = await raw(client, "/openapi.json")
    _, as_yaml, yaml_headers = await raw(client, "/openapi.yaml")

    assert json_headers["Content-Type"] == "application/json"
    assert yaml_headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(as_yaml) == json.loads(as_json)
    assert list(yaml.safe_load(as_yaml)) == ["openapi", "info", "paths", "components"]
    assert as_yaml.startswith(b"openapi: 3.1.0\ninfo:\n  title: API\n")


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
async def test_who_has_the_document_is_told_so(aiohttp_client: AiohttpClient, path: str) -> None:
    """The ETag that came with it, alone or among others, weak or strong, gives a 304 with the same headers."""
    client = await aiohttp_client(songs())
    _, body, headers = await raw(client, path)
    etag = headers["ETag"]

    for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        status, nothing, again = await raw(client, path, If_None_Match=known)
        assert (status, nothing) == (304, b"")
        assert {name: again[name] for name in ("ETag", "Vary", "Cache-Control")} == {
            "ETag": etag,
            "Vary": "Accept-Encoding",
            "Cache-Control": "no-cache",
        }
    for unknown in ('"x"', etag.strip('"'), ""):
        assert (await raw(client, path, If_None_Match=unknown))[:2] == (200, body)


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
async def test_it_is_compressed_for_who_accepts_it(aiohttp_client: AiohttpClient, path: str) -> None:
    """The gzipped bytes are the same bytes, and have an ETag of their own."""
    client = await aiohttp_client(songs())
    _, plain, plain_headers = await raw(client, path)

    status, body, headers = await raw(client, path, Accept_Encoding="br, gzip;q=0.5")
    known, _, _ = await raw(client, path, Accept_Encoding="gzip", If_None_Match=headers["ETag"])
    other, _, _ = await raw(client, path, If_None_Match=headers["ETag"])

    assert (status, known, other) == (200, 304, 200)
    assert gzip.decompress(body) == plain
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == plain_headers["Vary"] == "Accept-Encoding"
    assert headers["ETag"] != plain_headers["ETag"]
    assert "Content-Encoding" not in plain_headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("GZip ; q=0.1", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "gzip"),
        ("deflate, *;q=0.2", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000, *", None),
        ("*;q=0", None),
        ("br", None),
        ("", None),
    ],
)
async def test_accept_encoding_is_read_by_the_book(
    aiohttp_client: AiohttpClient, accepted: str, coding: str | None
) -> None:
    """A weight of zero refuses, a star is every coding that is not named (RFC 9110, section 12.5.3)."""
    client = await aiohttp_client(songs())

    _, _, headers = await raw(client, "/openapi.json", Accept_Encoding=accepted)

    assert headers.get("Content-Encoding") == coding


async def test_head_has_the_headers_alone(aiohttp_client: AiohttpClient) -> None:
    """HEAD answers as GET does, without the body."""
    client = await aiohttp_client(songs())
    _, body, headers = await raw(client, "/openapi.json")

    response = await client.head("/openapi.json", headers=AS_IT_IS)

    assert (response.status, await response.read()) == (200, b"")
    assert response.headers["Content-Length"] == str(len(body))
    assert response.headers["ETag"] == headers["ETag"]


async def test_no_yaml_where_it_is_off(aiohttp_client: AiohttpClient) -> None:
    """The path is free then."""
    client = await aiohttp_client(songs(OpenAPI(yaml=False)))

    assert (await client.get("/openapi.yaml")).status == 404
    assert (await client.get("/openapi.json")).status == 200


INTERNAL = OpenAPI(title="Internal", path="/internal/openapi.json", docs_path=None)


def is_short(route: RouteSummary) -> bool:
    """Choose by hand."""
    return route.method == "GET" and len(route.path) < 8 and route.name == "Songs.search"


@pytest.mark.parametrize(
    ("public", "internal", "in_public", "in_internal"),
    [
        ({}, {}, ["/songs", "/songs/count", "/v1/albums/{number}"], ["/songs", "/songs/count", "/v1/albums/{number}"]),
        (
            {"exclude": ("internal",)},
            {"include": ["internal"]},
            ["/songs", "/v1/albums/{number}"],
            ["/songs/count"],
        ),
        ({"include": ("/v1/",)}, {"include": ("/songs",)}, ["/v1/albums/{number}"], ["/songs", "/songs/count"]),
        (
            {"include": ("songs", "/v1"), "exclude": ("/songs/count",)},
            {"include": is_short},
            ["/songs", "/v1/albums/{number}"],
            ["/songs"],
        ),
        (
            {"include": lambda _: True, "exclude": lambda route: "internal" in route.tags},
            {"exclude": ["/v1/albums/{number}"]},
            ["/songs", "/v1/albums/{number}"],
            ["/songs", "/songs/count"],
        ),
    ],
)
async def test_several_documents(
    aiohttp_client: AiohttpClient,
    public: dict[str, Any],
    internal: dict[str, Any],
    in_public: Sequence[str],
    in_internal: Sequence[str],
) -> None:
    """Each has the routes that its tags, path prefixes or function choose; the routes themselves stay as they are."""
    client = await aiohttp_client(
        songs(OpenAPI(**public), OpenAPI(path="/internal/openapi.json", docs_path=None, **internal))
    )

    assert await paths_in(client, "/openapi.json") == in_public
    assert await paths_in(client, "/internal/openapi.json") == in_internal
    assert (await client.get("/internal/openapi.yaml")).status == 200
    assert (await client.get("/songs/count")).status == 200


async def test_a_document_only_holds_the_schemas_that_it_needs(aiohttp_client: AiohttpClient) -> None:
    """What only internal operations use is told nobody else."""

    class Secret(HTTPError, status=409, title="Secret"):
        code: int

    class Vault(Controller):
        @get("/vault", tags=("internal",), raises=(Secret,))
        async def show(self) -> str:
            return ""

    documents = (OpenAPI(exclude=("internal",)), OpenAPI(path="/i.json", docs_path="/i", include=("internal",)))
    client = await aiohttp_client(App([Songs, Vault], openapi=documents).build())

    public = await (await client.get("/openapi.json")).json()
    internal = await (await client.get("/i.json")).json()

    assert "Secret" not in json.dumps(public)
    assert "Secret" in internal["components"]["schemas"]
    assert (await client.get("/i")).status == 200


async def test_each_document_has_its_own_guards(aiohttp_client: AiohttpClient) -> None:
    """Who may read one may not read the other, in no format."""

    async def refuse(_: Request) -> None:
        raise Forbidden

    guarded = OpenAPI(path="/internal/openapi.json", docs_path="/internal/docs", guards=(refuse,))
    client = await aiohttp_client(songs(OpenAPI(), guarded))

    statuses = {path: (await client.get(path)).status for path in ("/openapi.json", "/openapi.yaml", "/docs")}
    refused = [(await client.get(f"/internal{path}")).status for path in statuses]

    assert set(statuses.values()) == {200}
    assert refused == [403, 403, 403]


def test_a_document_is_had_without_a_server() -> None:
    """``App.document`` gives what is served; ``App.routes`` what stands in it and beside."""
    app = App([Songs], openapi=(OpenAPI(title="One", exclude=("internal",)), INTERNAL))

    assert app.document()["info"]["title"] == "One"
    assert app.document("/internal/openapi.json")["info"]["title"] == "Internal"
    assert [(one.method, one.path, one.name, one.tags) for one in app.routes()] == [
        ("GET", "/songs", "Songs.search", ("songs",)),
        ("GET", "/songs/count", "Songs.count", ("songs", "internal")),
    ]
    with pytest.raises(LookupError, match=r"^this app has no document at /nothing\.json$"):
        app.document("/nothing.json")
    with pytest.raises(LookupError, match=r"^this app has no document$"):
        App([Songs], openapi=None).document()
