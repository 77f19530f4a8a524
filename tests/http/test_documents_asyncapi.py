"""The AsyncAPI document as clients get it: beside the OpenAPI document, where an app has something to say in it."""

import gzip
import json
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Body, Controller, EventStream, OpenAPI, Request, WebSocket, get, websocket
from framework.channels import ChannelSettings, Topic
from framework.controller import Controllers
from framework.http_errors import Forbidden
from tests.cli.conftest import run_python
from tests.http.test_documents import Client, Songs, raw


class Note(Struct):
    """A note."""

    text: str
    stars: int = 0


class Sockets(Controller):
    """A web socket."""

    path = "/notes"

    @websocket(tags=("internal",))
    async def talk(self, socket: WebSocket[Note]) -> None:
        """Exchange notes."""
        async for note in socket:
            await socket.send(note)


class Streams(Controller):
    """An event stream."""

    path = "/stream"

    @get()
    async def notes(self) -> EventStream[Note]:
        """Send a note."""
        yield Note("a")


async def channels_at(client: Client, path: str) -> list[str]:
    """Return the addresses in a document."""
    async with client.get(path) as response:
        assert response.status == 200
        return [one["address"] for one in (await response.json())["channels"].values()]


@pytest.mark.parametrize(
    ("controllers", "addresses"),
    [([Songs, Sockets], ["/notes"]), ([Streams], ["/stream"]), ([Streams, Sockets], ["/notes", "/stream"])],
)
async def test_it_is_there_where_it_is_needed(
    aiohttp_client: AiohttpClient, controllers: Controllers, addresses: list[str]
) -> None:
    """An app with web sockets or event streams has the document, as JSON and as YAML."""
    app = App(controllers)
    client = await aiohttp_client(app.build())
    _, as_json, json_headers = await raw(client, "/asyncapi.json")
    _, as_yaml, yaml_headers = await raw(client, "/asyncapi.yaml")

    assert await channels_at(client, "/asyncapi.json") == addresses
    assert (json_headers["Content-Type"], yaml_headers["Content-Type"]) == ("application/json", "application/yaml")
    assert yaml.safe_load(as_yaml) == json.loads(as_json) == app.asyncapi()
    assert as_yaml.startswith(b"asyncapi: 3.0.0\ninfo:\n  title: API\n")
    assert {one.path for one in app.routes()}.isdisjoint({"/asyncapi.json", "/asyncapi.yaml"})


@pytest.mark.parametrize("settings", [OpenAPI(asyncapi_path=None), None, OpenAPI(exclude=("/notes",))])
async def test_it_is_not_there_where_it_is_not_wanted(aiohttp_client: AiohttpClient, settings: OpenAPI | None) -> None:
    """Off, without documents at all, or with nothing to stand in it, its path is free."""
    app = App([Songs, Sockets], openapi=settings)
    client = await aiohttp_client(app.build())

    assert (await client.get("/asyncapi.json")).status == 404
    assert (await client.get("/asyncapi.yaml")).status == 404
    with pytest.raises(LookupError, match=r"^this app has no AsyncAPI document$"):
        app.asyncapi()


async def test_an_app_without_either_has_none(aiohttp_client: AiohttpClient) -> None:
    """Nothing is served, and a path of the same name is the app's own."""

    class Own(Controller):
        @get("/asyncapi.json")
        async def show(self) -> str:
            """Answer for it."""
            return "own"

    client = await aiohttp_client(App([Songs, Own]).build())

    assert await (await client.get("/asyncapi.json")).text() == "own"
    assert (await client.get("/asyncapi.yaml")).status == 404


async def test_no_yaml_where_it_is_off(aiohttp_client: AiohttpClient) -> None:
    """The setting counts for both documents."""
    client = await aiohttp_client(App([Sockets], openapi=OpenAPI(yaml=False, asyncapi_path="/live")).build())

    assert (await client.get("/live.yaml")).status == 404
    assert await channels_at(client, "/live") == ["/notes"]


@pytest.mark.parametrize("path", ["/asyncapi.json", "/asyncapi.yaml"])
async def test_it_is_sent_as_the_other_document_is(aiohttp_client: AiohttpClient, path: str) -> None:
    """It is compressed for who accepts that, and not sent to who has it."""
    client = await aiohttp_client(App([Sockets]).build())
    _, plain, headers = await raw(client, path)
    _, packed, packed_headers = await raw(client, path, Accept_Encoding="gzip")

    assert gzip.decompress(packed) == plain
    assert packed_headers["ETag"] != headers["ETag"]
    assert (await raw(client, path, If_None_Match=headers["ETag"]))[:2] == (304, b"")


async def test_its_guards_are_those_of_the_document(aiohttp_client: AiohttpClient) -> None:
    """Who may not read one may not read the other."""

    async def refuse(_: Request) -> None:
        raise Forbidden

    client = await aiohttp_client(App([Sockets], openapi=OpenAPI(guards=(refuse,))).build())

    for path in ("/asyncapi.json", "/asyncapi.yaml"):
        assert (await client.get(path)).status == 403


async def test_several_documents(aiohttp_client: AiohttpClient) -> None:
    """Each has its own, with the routes that it includes; one without any has none, wherever it would be."""
    app = App(
        [Songs, Sockets, Streams],
        openapi=[
            OpenAPI(exclude=("internal",)),
            OpenAPI(path="/i.json", docs_path=None, asyncapi_path="/i-live.json", include=("internal",)),
            OpenAPI(path="/s.json", docs_path=None, include=("/songs",)),
        ],
    )
    client = await aiohttp_client(app.build())

    assert await channels_at(client, "/asyncapi.json") == ["/stream"]
    assert await channels_at(client, "/i-live.json") == ["/notes"]
    assert list(app.asyncapi()["channels"]) == ["Streams.notes"]
    assert list(app.asyncapi("/i-live.json")["channels"]) == ["Sockets.talk"]
    with pytest.raises(LookupError, match=r"^this app has no AsyncAPI document at /x\.json$"):
        app.asyncapi("/x.json")


def test_a_class_has_one_name_in_both_documents() -> None:
    """What an operation answers and a web socket reads has two schemas, under names that are the same in both."""

    class Reader(Controller):
        @websocket("/read")
        async def on_note(self, note: Note) -> None:
            """Read a note."""

    app = App([Streams, Reader])

    assert list(app.document()["components"]["schemas"]) == ["Note", "Problem"]
    assert list(app.asyncapi()["components"]["schemas"]) == ["Note", "NoteInput"]
    assert app.asyncapi()["components"]["schemas"]["Note"]["required"] == ["text", "stars"]
    assert app.asyncapi()["components"]["schemas"]["NoteInput"]["required"] == ["text"]


def test_nothing_of_it_is_imported_without_need(tmp_path: Path) -> None:
    """An app without sockets and event streams starts as it did."""
    program = (
        "import sys\n"
        "from framework import App, Controller, get\n"
        "class Plain(Controller):\n"
        "    @get('/')\n"
        "    async def show(self) -> str: ...\n"
        "App([Plain]).build()\n"
        "print([one for one in sys.modules if 'asyncapi' in one or 'channels' in one or 'draft_07' in one])\n"
    )
    assert run_python("-c", program, cwd=tmp_path) == (0, "[]\n", "")


def said(*controllers: type[Controller], **settings: Any) -> dict[str, Any]:
    """Return the document of an app."""
    return App(controllers, openapi=OpenAPI(**settings)).asyncapi()


def test_operations_are_seen_from_the_application() -> None:
    """What it is sent it receives; a listener's answer is a reply, and never sent by itself."""

    class Both(Controller):
        @websocket("/talk")
        async def talk(self, socket: WebSocket[Note, str]) -> None:
            """Talk."""

        @websocket("/listen", invalid="report")
        async def on_text(self, text: Annotated[str, Body()]) -> Note | None:
            """Listen."""

    document = said(Both)
    operations = document["operations"]

    assert {name: one["action"] for name, one in operations.items()} == {
        "Both.on_text.receive": "receive",
        "Both.talk.receive": "receive",
        "Both.talk.send": "send",
    }
    assert operations["Both.talk.send"]["messages"] == [{"$ref": "#/channels/Both.talk/messages/outgoing"}]
    assert operations["Both.on_text.receive"]["reply"] == {
        "channel": {"$ref": "#/channels/Both.on_text"},
        "messages": [
            {"$ref": "#/channels/Both.on_text/messages/outgoing"},
            {"$ref": "#/channels/Both.on_text/messages/problem"},
        ],
    }


def test_a_topic_in_the_document() -> None:
    """A topic that asks for it is a channel of the engine, whose address is not shown; other topics are left out."""

    class Moved(Struct):
        """A piece was moved."""

        square: str

    class Board(Controller):
        """A board."""

        @get("/moves")
        async def moves(self) -> EventStream[str]:
            """Send moves."""
            yield "e4"

    moves = Topic[Moved]("moves", in_document=True)
    settings = ChannelSettings(topics=[moves, Topic[int]("counts")], url="redis+streams://:secret@redis.internal/0")
    servers = OpenAPI(servers=("https://chess.example",))
    document = App([Board], channels=settings, openapi=servers).asyncapi()
    alone = App([Board], channels=settings).asyncapi()

    assert sorted(document["channels"]) == ["Board.moves", "topic.moves"]
    assert document["channels"]["topic.moves"] == {
        "address": "moves",
        "servers": [{"$ref": "#/servers/channels"}],
        "messages": {
            "event": {
                "name": "Moved",
                "summary": "A piece was moved.",
                "contentType": "application/json",
                "payload": {"$ref": "#/components/schemas/Moved"},
            }
        },
    }
    assert document["operations"]["topic.moves.receive"] == {
        "action": "receive",
        "channel": {"$ref": "#/channels/topic.moves"},
        "messages": [{"$ref": "#/channels/topic.moves/messages/event"}],
    }
    assert document["servers"]["channels"]["protocol"] == "redis"
    assert "secret" not in str(document)
    assert document["components"]["schemas"]["Moved"]["properties"] == {"square": {"type": "string"}}
    assert "servers" not in alone
    assert "servers" not in alone["channels"]["topic.moves"]
