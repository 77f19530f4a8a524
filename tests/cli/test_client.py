"""``framework client``: what is written, and of documents that no app of ours makes."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import BodyPartReader, web
from aiohttp.test_utils import TestServer

from framework.cli.client.module import python_client
from framework.cli.client.naming import class_name, method_name, snake_name
from tests.cli.conftest import SHOP, Run, Write


def written(folder: Path, paths: dict[str, Any], schemas: dict[str, Any] | None = None) -> ModuleType:
    """Write the client of a document and import it."""
    document = {"openapi": "3.1.0", "info": {}, "paths": paths, "components": {"schemas": schemas or {}}}
    file = folder / "client.py"
    file.write_text(python_client(document))
    spec = util.spec_from_file_location("written_client", file)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules["written_client"] = module
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def serving(
    module: ModuleType,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    query: Mapping[str, str] | None = None,
) -> AsyncIterator[Any]:
    """Serve a handler for every path, and have a client for it."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield module.Client(session, str(server.make_url("")), query=query)


def operation(schema: Any, **more: Any) -> dict[str, Any]:
    """Return an operation that answers a schema."""
    content = {"application/json": {"schema": schema}}
    return {"responses": {"200": {"description": "", "content": content}}, **more}


def test_a_client_is_written(run: Run, write: Write, folder: Path) -> None:
    """To a file or to the standard output, of an app or of a document; the same each time."""
    write("shop.py", SHOP)
    run("openapi", "shop:app", "-o", "api.json")

    printed = run("client", "python", "shop:app")
    assert run("client", "python", "api.json", "-o", "client.py") == (0, "", "client.py is written.\n")
    assert printed == (0, (folder / "client.py").read_text(), "")
    assert "async def orders_show(self, number: int) -> Order:" in printed.out
    assert run("client", "python", "shop:app", "--check", "client.py") == (0, "client.py is current.\n", "")


def test_a_client_that_is_not_current_fails(run: Run, write: Write) -> None:
    """The exit code is 1; a file that is not there cannot be compared, which is 2."""
    write("shop.py", SHOP)
    write("client.py", "# old")

    assert run("client", "python", "shop:app", "--check", "client.py") == (
        1,
        "",
        "client.py is not current:\n  write it anew\n",
    )
    assert run("client", "python", "shop:app", "--check", "no.py") == (
        2,
        "",
        "Error: no.py cannot be read: [Errno 2] No such file or directory: 'no.py'; write it first with --output.\n",
    )


def test_without_node_the_command_is_told(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be run is printed, so that it can be run elsewhere."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    write("shop.py", SHOP)

    code, out, err = run("client", "typescript", "shop:app")

    assert (code, out) == (2, "")
    assert err == (
        "Error: npx is not installed; install Node.js, or run elsewhere what this would do: npx --yes "
        "--package=openapi-typescript@7.13.0 --package=typescript@5.9.3 openapi-typescript openapi.json "
        "--output client.ts.\n"
    )


@pytest.mark.parametrize(
    ("text", "snake"),
    [
        ("page-size", "page_size"),
        ("pageSize", "page_size"),
        ("X-Request-ID", "x_request_id"),
        ("HTTPStatus", "http_status"),
        ("from", "from_"),
        ("self", "self_"),
        ("list", "list_"),
        ("datetime", "datetime_"),
        ("2nd", "field_2nd"),
        ("$", "value"),
        ("größe", "größe"),
    ],
)
def test_names_of_arguments(text: str, snake: str) -> None:
    """What is not a name of Python's, or hides one that annotations need, gets another."""
    assert snake_name(text) == snake


def test_names_of_methods_and_classes() -> None:
    """A controller's name loses its ending; a class keeps its own where it can."""
    assert method_name("OrderController.show") == "order_show"
    assert method_name("v1.OrderController.show_all") == "v1_order_show_all"
    assert method_name("Controller.list") == "controller_list"
    assert [class_name(one) for one in ("Order", "shop.orders.Line", "2d", "Client", "None")] == [
        "Order",
        "ShopOrdersLine",
        "Model2d",
        "ClientModel",
        "NoneModel",
    ]


def test_names_that_meet(tmp_path: Path) -> None:
    """Two names that would be one in Python are numbered, and stay what they were on the wire."""
    module = written(
        tmp_path,
        {
            "/a": {"get": operation({}, operationId="a.b"), "post": operation({}, operationId="a-b")},
            "/{id}": {
                "get": operation(
                    {},
                    operationId="c",
                    parameters=[
                        {"in": "path", "name": "id", "required": True},
                        {"in": "query", "name": "id"},
                        {"in": "header", "name": "body"},
                    ],
                )
            },
        },
        {"Odd": {"type": "object", "properties": {"a-b": {"type": "integer"}, "aB": {"type": "integer"}}}},
    )

    assert {"a_b", "a_b_2", "c"} <= set(dir(module.Client))
    assert module.Client.c.__annotations__ == {"id": "Any", "id_2": "Any", "body_2": "Any", "return": "Any"}
    assert msgspec.json.encode(module.Odd(a_b=1, a_b_2=2)) == b'{"a-b":1,"aB":2}'


def test_schemas_of_others(tmp_path: Path) -> None:
    """What msgspec could not tell apart may be anything; what refers to itself too; all else has its type."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    module = written(
        tmp_path,
        {},
        {
            "Node": node,
            "Json": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Json"}}, {"type": "null"}]},
            "Either": {"anyOf": [{"$ref": "#/components/schemas/Node"}, {"type": "object"}]},
            "Text": {"anyOf": [{"type": "string"}, {"type": "string", "format": "date"}]},
            "Mixed": {"type": ["integer", "string", "null"]},
            "Switch": {"enum": [True, 1.5]},
            "Long": {"enum": [f"value, number {number}" for number in range(9)]},
            "Gone": {"$ref": "#/components/schemas/Nothing"},
            "Record": {"type": "object", "additionalProperties": {"type": "string", "contentEncoding": "base64"}},
        },
    )

    node_made = msgspec.json.decode(b'{"next": {}}', type=module.Node)
    assert node_made.next == module.Node()
    assert [module.Json, module.Either, module.Text, module.Gone] == [Any, Any, Any, Any]
    assert module.Switch == bool | float
    assert msgspec.json.decode(b'{"a": "AP8="}', type=module.Record) == {"a": b"\0\xff"}
    assert msgspec.convert("value, number 3", module.Long) == "value, number 3"
    assert [msgspec.convert(one, module.Mixed) for one in (1, "a", None)] == [1, "a", None]


def test_forms(tmp_path: Path) -> None:
    """A form that stands in the operation itself is a class of its own; a file in it is bytes."""
    form = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "file": {"type": "string", "contentMediaType": "image/png"}},
        "required": ["title", "file"],
    }
    body = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    module = written(tmp_path, {"/up": {"post": operation({}, operationId="up.load", requestBody=body)}})

    sent = module.UpLoadBody(title="a", file=b"\0\xff")
    parts = module._form(sent, "multipart/form-data")()  # noqa: SLF001  what the client itself does

    assert module.Client.up_load.__annotations__ == {"body": "UpLoadBody", "return": "Any"}
    assert parts.content_type.startswith("multipart/form-data; boundary=")
    assert len(parts._parts) == 2  # noqa: SLF001  as above


FILE = {"type": "string", "contentMediaType": "application/octet-stream"}


async def test_what_a_form_is_written_as(tmp_path: Path) -> None:
    """Files with and without names, lists as repeated fields, values in parts as JSON; what is absent is not sent."""
    form = {
        "type": "object",
        "properties": {
            "the-file": FILE,
            "more": {"type": "array", "items": FILE},
            "tags": {"type": "array", "items": {"type": "string"}},
            "pairs": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "note": {"type": "string"},
        },
    }
    content = {"multipart/form-data": {"schema": form, "encoding": {"pairs": {"contentType": "application/json"}}}}
    module = written(tmp_path, {"/up": {"post": operation({}, operationId="up", requestBody={"content": content})}})
    sent: list[tuple[str | None, str | None, str | None, str]] = []

    async def read(request: web.Request) -> web.Response:
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            sent.append((part.name, part.filename, part.headers.get("Content-Type"), await part.text()))
        return web.json_response(len(sent))

    body = module.UpBody(
        the_file=b"1",
        more=[b"2", module.FilePart(b"3", "three.txt", "text/plain")],
        tags=["a", "b"],
        pairs=[[1, 2], [3]],
    )
    async with serving(module, read) as client:
        assert await client.up(body) == 5 + 1

    assert sent == [
        ("the-file", "the-file", "application/octet-stream", "1"),
        ("more", "more", "application/octet-stream", "2"),
        ("more", "three.txt", "text/plain", "3"),
        ("tags", None, "text/plain; charset=utf-8", "a"),
        ("tags", None, "text/plain; charset=utf-8", "b"),
        ("pairs", None, "application/json", "[[1,2],[3]]"),
    ]


async def test_streams_in_pieces(tmp_path: Path) -> None:
    """Lines and events are put together however they arrive; an error before them is a problem."""
    media = {"schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}
    paths = {
        path: {"get": {"operationId": path[1:], "responses": {"200": {"description": "", "content": {kind: media}}}}}
        for path, kind in (("/lines", "application/jsonl"), ("/events", "text/event-stream"))
    }
    module = written(tmp_path, paths)
    pieces = {
        "/lines": [b'{"n"', b':1}\r\n{"n":2}', b'\n\n{"n":3}'],
        "/events": [b": hello\n\nid: 7\ndata: {\nda", b'ta:"n":1}\nretry:5\n\nevent: end\n', b"\n", b"data: {}"],
    }

    async def stream(request: web.Request) -> web.StreamResponse:
        if request.query.get("key") != "k":
            return web.Response(status=401)
        response = web.StreamResponse()
        await response.prepare(request)
        for one in pieces[request.path]:
            await response.write(one)
            await asyncio.sleep(0.01)
        return response

    async with serving(module, stream, query={"key": "k"}) as client:
        assert [one async for one in client.lines()] == [{"n": 1}, {"n": 2}, {"n": 3}]
        assert [one async for one in client.events()] == [
            module.ServerEvent(data={"n": 1}, id="7", retry=5),
            module.ServerEvent(event="end"),
        ]
    async with serving(module, stream) as client:
        with pytest.raises(module.ProblemError, match=r"^401$"):
            _ = [one async for one in client.lines()]


@pytest.mark.parametrize(
    ("media_types", "schema", "arguments"),
    [
        (("*/*",), FILE, {"body": "bytes", "content_type": "str"}),
        (("image/*",), FILE, {"body": "bytes", "content_type": "str"}),
        (("image/png", "image/gif"), FILE, {"body": "bytes", "content_type": "Literal['image/png', 'image/gif']"}),
        (("image/png",), FILE, {"body": "bytes"}),
        (("text/plain",), {"type": "string"}, {"body": "str"}),
        (("text/csv",), FILE, {"body": "bytes"}),
        (("application/msgpack",), {"type": "integer"}, {"body": "int"}),
        (("application/msgpack", "application/x+json"), {"type": "integer"}, {"body": "int"}),
    ],
)
def test_bodies_of_any_type(
    tmp_path: Path, media_types: tuple[str, ...], schema: dict[str, Any], arguments: dict[str, str]
) -> None:
    """Who sends bytes says what they are, where there is a choice; MessagePack has types, as JSON has."""
    content = {one: {"schema": schema} for one in media_types}
    body = {"content": content, "required": True}
    module = written(tmp_path, {"/": {"post": operation({}, operationId="send", requestBody=body)}})

    assert module.Client.send.__annotations__ == {**arguments, "return": "Any"}


def test_a_document_without_anything() -> None:
    """The client of an empty document is a module all the same."""
    document = {"openapi": "3.1.0", "info": {"title": 'Say "hi"', "version": "1"}, "paths": {}}
    text = python_client(json.loads(json.dumps(document)))

    compile(text, "client.py", "exec")
    assert text.startswith('"""A client of Say "hi" 1.\n')
