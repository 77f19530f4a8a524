"""Answers of every kind are compared with the document: files, parts, streams, events, formats, redirects."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
import pytest
from aiohttp import web
from msgspec import Meta, Struct

from framework import App, Controller, Event, EventStream, get
from framework.testing import Answer, Contract, ContractClient, ContractError
from tests.contract.large.secured import TOKEN
from tests.contract.large_app import create_app

pytest_plugins = ["framework.testing.fixtures"]

SCALARS = (
    b'{"text": "Ada", "code": "AB-1", "smallNumber": 3, "share": 0.5, "isSet": true, "amount": "1.5", "data": "AP8=", '
    b'"identifier": "12345678-1234-5678-1234-567812345678", "colour": "red", "level": 9, "mode": 7}'
)


async def test_answers_of_every_kind_pass(contract_client: ContractClient) -> None:
    """Whatever the app with everything answers is as declared, and reaches the test as it was."""
    client = await contract_client(create_app())
    tag = (await client.get("/files/types.py")).headers["ETag"]
    asked: list[tuple[str, dict[str, str], int]] = [
        ("/files/types.py", {"Range": "bytes=3-9"}, 206),
        ("/files/types.py", {"If-None-Match": tag}, 304),
        ("/files/types.py", {"If-Match": '"other"'}, 412),
        ("/files/types.py", {"Range": "bytes=9999999-"}, 416),
        ("/files/saved/nothing", {}, 404),
        ("/files/maybe", {}, 200),
        ("/files/maybe?there=0", {"Accept": "application/msgpack"}, 200),
        ("/files/aiohttp", {}, 200),
        ("/versions/parts", {"Range": "bytes=-3"}, 206),
        ("/versions/digests", {"If-None-Match": "*"}, 304),
        ("/formats/rows", {"Accept": "application/yaml"}, 200),
        ("/formats/rows", {"Accept": "application/msgpack"}, 200),
        ("/formats/rows", {"Accept": "image/png"}, 406),
        ("/formats/picture", {}, 200),
        ("/answers/keys", {"Accept": "application/msgpack"}, 200),
        ("/streams/lines", {}, 200),
        ("/streams/texts", {}, 200),
        ("/streams/events", {"Last-Event-ID": "4"}, 200),
        ("/streams/events/texts", {"Last-Event-ID": "x"}, 200),
        ("/secured/bearer", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("/secured/bearer", {}, 401),
        ("/redirects/moved", {}, 200),
    ]

    for path, headers, status in asked:
        # A part is something that GET alone has (RFC 9110, section 14.2).
        for method, expected in (("GET", status), ("HEAD", 200 if "Range" in headers else status)):
            assert (await client.request(method, path, headers=headers)).status == expected, (method, path, headers)
    moved = await client.get("/redirects/moved", allow_redirects=False)
    assert (moved.status, moved.headers["Location"]) == (308, "/answers/text")
    assert await (await client.get("/streams/texts")).text() == "0\n1\n2\n"


@pytest.mark.parametrize("media_type", ["application/json", "application/msgpack", "application/yaml"])
async def test_values_are_compared_as_json_has_them(contract_client: ContractClient, media_type: str) -> None:
    """Bytes, moments and keys that are no texts in other formats are what the schema says they are in JSON."""
    client = await contract_client(create_app())
    headers = {"Accept": media_type, "Content-Type": "application/json"}
    moments = b'{"aware": "2026-05-04T12:00:00Z", "day": "2026-05-04"}'

    scalars = await client.post("/bodies/scalars", data=SCALARS, headers=headers)
    found = await client.put("/bodies/moments", data=moments, headers=headers)

    assert (scalars.status, scalars.content_type) == (201, media_type)
    assert (found.status, found.content_type) == (200, media_type)


async def test_what_no_openapi_document_says(contract_client: ContractClient) -> None:
    """Web sockets, static files and work beside requests stand in the same app, and are served."""
    client = await contract_client(create_app())
    async with client.ws_connect("/sockets/2?unit=m", protocols=("shapes.v1",)) as socket:
        await socket.send_json({"type": "circle", "radius": 1.5})
        assert await socket.receive_json() == [2, "1.5 m"]
        assert socket.protocol == "shapes.v1"
    async with client.ws_connect("/sockets/2/scalars") as socket:
        await socket.send_str("[]")
        assert (await socket.receive_json())["status"] == 422
    async with client.ws_connect("/sockets/2/packed") as socket:
        await socket.send_bytes(msgspec.msgpack.encode([1, "a"]))
        assert msgspec.msgpack.decode(await socket.receive_bytes()) == [2, "a"]

    letter = await client.post("/work/letters", json=[1, "hello"])

    assert (letter.status, await letter.json()) == (202, [1, "hello"])
    assert await (await client.get("/work/rules")).json() == [7, 900]
    assert (await client.get("/static/assets/types.py")).headers["Cache-Control"] == "max-age=60"


class Item(Struct):
    """A thing."""

    number: Annotated[int, Meta(ge=0)]


class Wrong(Controller):
    """Answers otherwise than it says."""

    @get("/lines")
    async def lines(self) -> AsyncIterator[Item]:
        """Stream things, the second of which is none."""
        yield Item(1)
        yield Item(-2)

    @get("/events")
    async def events(self) -> EventStream[Event[Item]]:
        """Stream things."""
        yield Event(Item(1))

    @get("/texts")
    async def texts(self) -> EventStream[Annotated[str, Meta(max_length=3)]]:
        """Stream short texts."""
        yield "abc"

    @get("/packed", media_type="application/msgpack")
    async def packed(self) -> Item:
        """Return a thing that is none."""
        return Item(-1)

    @get("/ready")
    async def ready(self) -> web.StreamResponse:
        """Return anything."""
        return web.Response(body=b"<p>", content_type="text/html")


APP = App([Wrong])


async def test_wrong_answers_of_other_formats_fail(contract_client: ContractClient) -> None:
    """MessagePack is read for what it is; what nobody has promised is not a failure."""
    client = await contract_client(APP)

    with pytest.raises(
        ContractError, match=r"^GET /packed responded with 200: the body is not as declared: /number: -1 is "
    ):
        await client.get("/packed")
    assert (await client.get("/ready")).content_type == "text/html"


@pytest.mark.parametrize(
    ("path", "media_type", "body", "said"),
    [
        ("/lines", "application/jsonl", b'{"number":1}\n{"number":2}\n', None),
        ("/lines", "application/jsonl", b"", None),
        ("/lines", "application/jsonl", b'{"number":1}\n{"number":-2}\n', "/number: -2 is less than the minimum of 0"),
        (
            "/lines",
            "application/jsonl",
            b'{"number":1}\n{"num',
            "the body is not valid application/jsonl: Input data was tru",
        ),
        ("/events", "text/event-stream", b': hi\n\nid: 1\ndata: {"number":\ndata: 1}\n\nretry: 1\n\n', None),
        ("/events", "text/event-stream", b'data: {"number":-1}\n\n', "/number: -1 is less than the minimum of 0"),
        (
            "/events",
            "text/event-stream",
            b"data: one\n\n",
            "the body is not valid text/event-stream: JSON is malformed",
        ),
        ("/texts", "text/event-stream", b"data: one\n\ndata: 2\n\n", None),
        ("/texts", "text/event-stream", b"data: three\n\n", "(the whole): 'three' is too long"),
        ("/packed", "application/msgpack", msgspec.msgpack.encode({"number": 1}), None),
        (
            "/packed",
            "application/msgpack",
            b"\xc1",
            "the body is not valid application/msgpack: MessagePack data is malformed",
        ),
    ],
)
def test_recorded_streams(path: str, media_type: str, body: bytes, said: Any) -> None:
    """Each line, and the data of each event, is compared with the schema of an item."""
    answer = Answer("GET", path, 200, media_type, body)
    if said is None:
        Contract(APP).check(answer)
        return
    with pytest.raises(ContractError) as caught:
        Contract(APP).check(answer)
    assert said in str(caught.value)
