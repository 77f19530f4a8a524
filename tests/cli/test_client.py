"""``framework client``: what is written, and of documents that no app of ours makes."""

import json
import shutil
import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

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
    """What is no name of Python's, or hides one that annotations need, gets another."""
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


def test_a_document_without_anything() -> None:
    """The client of an empty document is a module all the same."""
    document = {"openapi": "3.1.0", "info": {"title": 'Say "hi"', "version": "1"}, "paths": {}}
    text = python_client(json.loads(json.dumps(document)))

    compile(text, "client.py", "exec")
    assert text.startswith('"""A client of Say "hi" 1.\n')
