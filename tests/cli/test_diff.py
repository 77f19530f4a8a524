"""``framework openapi diff``: every kind of change, in requests and in responses, and what it does to clients."""

import copy
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from framework.cli.diff.operations import compare_documents
from tests.cli.conftest import Run, Write

Edit: TypeAlias = Callable[[Any], object]

OLD: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders": {
            "get": {
                "operationId": "search",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                    {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                ],
                "responses": {"200": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}}},
            },
            "post": {
                "operationId": "create",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/NewOrder"}},
                        "application/msgpack": {"schema": {"$ref": "#/components/schemas/NewOrder"}},
                    },
                },
                "responses": {
                    "201": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    },
                    "422": {"$ref": "#/components/responses/Invalid"},
                },
            },
        },
        "/orders/{order_id}": {
            "parameters": [{"name": "order_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {"operationId": "show", "responses": {"204": {"description": ""}}},
            "delete": {
                "operationId": "delete",
                "requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}},
                "responses": {"204": {"description": ""}},
            },
        },
    },
    "components": {
        "responses": {"Invalid": {"description": "", "content": {"application/problem+json": {"schema": {}}}}},
        "schemas": {
            "NewOrder": {
                "type": "object",
                "properties": {
                    "customer": {"type": "string", "minLength": 1},
                    "status": {"enum": ["open", "sold"], "type": "string"},
                    "note": {"type": ["string", "null"], "default": None},
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}, "maxItems": 9},
                    "place": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": False},
                    "extra": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "parent": {"anyOf": [{"$ref": "#/components/schemas/NewOrder"}, {"type": "null"}]},
                },
                "required": ["customer"],
            },
            "Line": {"type": "object", "properties": {"sku": {"type": "string"}}, "additionalProperties": False},
            "Order": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "status": {"enum": ["open", "sold"], "type": "string"},
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
                    "pet": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]},
                },
                "required": ["id"],
            },
            "Cat": {"type": "object", "properties": {"name": {"type": "string"}}},
            "Dog": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
    },
}


def changes(edit: Edit) -> list[str]:
    """Return, as lines, what an edit of the document changes."""
    new = copy.deepcopy(OLD)
    edit(new)
    return [str(one) for one in compare_documents(OLD, new)]


def schema(name: str, document: Any) -> Any:
    """Return the properties of a component."""
    return document["components"]["schemas"][name]["properties"]


def test_nothing_changed() -> None:
    """A document equals itself, whatever refers to whatever."""
    assert changes(lambda _: None) == []


def test_descriptions_do_not_count() -> None:
    """What is written for people changes nothing for a client."""

    def describe(document: Any) -> None:
        document["info"]["description"] = "A shop."
        document["paths"]["/orders"]["get"]["summary"] = "Search."
        schema("Order", document)["id"]["description"] = "Its number."

    assert changes(describe) == []


OPERATIONS: list[tuple[Edit, list[str]]] = [
    (lambda d: d["paths"].pop("/orders"), ["breaking: /orders: the path was removed"]),
    (lambda d: d["paths"].update({"/new": {}}), ["note: /new: the path was added"]),
    (lambda d: d["paths"]["/orders"].pop("get"), ["breaking: GET /orders: the operation was removed"]),
    (
        lambda d: d["paths"]["/orders"].update(put=d["paths"]["/orders"]["get"]),
        ["note: PUT /orders: the operation was added"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"].update(operationId="find", deprecated=True),
        [
            "warning: GET /orders: the operationId was 'search' and is 'find'",
            "note: GET /orders: the operation is deprecated",
        ],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"].update(security=[{"key": []}]),
        ["breaking: GET /orders: no authentication suffices no more"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"].update(security=[{}, {"key": []}]),
        ["note: GET /orders: there are other ways to authenticate"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"]["parameters"].pop(0),
        ["warning: GET /orders, query parameter 'limit': it was removed"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"]["parameters"][0].update(required=True),
        ["breaking: GET /orders, query parameter 'limit': it became required"],
    ),
    (lambda d: d["paths"]["/orders"]["get"]["parameters"][1].update(name="x-trace"), []),
    (
        lambda d: d["paths"]["/orders"]["get"]["parameters"].append({"name": "a", "in": "query", "required": True}),
        ["breaking: GET /orders, query parameter 'a': it was added, and is required"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"]["parameters"].append({"name": "a", "in": "cookie"}),
        ["note: GET /orders, cookie parameter 'a': it was added"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"]["parameters"][2].update(explode=False),
        ["breaking: GET /orders, query parameter 'tag': it is written as form, no more as form, exploded"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"]["parameters"][0]["schema"].update(maximum=50, minimum=1),
        [
            "breaking: GET /orders, query parameter 'limit': minimum is 1 from now on",
            "breaking: GET /orders, query parameter 'limit': maximum was 100 and is 50",
        ],
    ),
    (
        lambda d: d["paths"]["/orders"]["post"]["requestBody"]["content"].pop("application/msgpack"),
        ["breaking: POST /orders, body: application/msgpack was removed"],
    ),
    (
        lambda d: d["paths"]["/orders"]["post"]["requestBody"]["content"].update({"text/csv": {}}),
        ["note: POST /orders, body: text/csv was added"],
    ),
    (lambda d: d["paths"]["/orders"]["post"].pop("requestBody"), ["warning: POST /orders, body: it is read no more"]),
    (
        lambda d: d["paths"]["/orders/{order_id}"]["delete"]["requestBody"].update(required=True),
        ["breaking: DELETE /orders/{order_id}, body: it became required"],
    ),
    (
        lambda d: d["paths"]["/orders"]["post"]["requestBody"].pop("required"),
        ["note: POST /orders, body: it became optional"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"]["parameters"][1].update(content={"application/json": {}}),
        ["note: GET /orders, header parameter 'x-trace': application/json was added"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"].update(requestBody={"required": True, "content": {}}),
        ["breaking: GET /orders, body: it was added, and is required"],
    ),
    (
        lambda d: d["paths"]["/orders"]["get"].update(requestBody={"content": {}}),
        ["note: GET /orders, body: it was added"],
    ),
    (
        lambda d: d["paths"]["/orders"]["post"]["responses"].pop("422"),
        ["breaking: POST /orders, response 422: it was removed"],
    ),
    (
        lambda d: d["paths"]["/orders"]["post"]["responses"].update({"409": {}, "202": {}}),
        [
            "warning: POST /orders, response 202: it was added",
            "note: POST /orders, response 409: it was added",
        ],
    ),
    (
        lambda d: d["components"]["responses"]["Invalid"].update(content={"text/plain": {}}),
        [
            "breaking: POST /orders, response 422: application/problem+json was removed",
            "note: POST /orders, response 422: text/plain was added",
        ],
    ),
]


HEADERS: list[tuple[Edit, list[str]]] = [
    (lambda h: h.pop("ETag"), ["breaking: {at} 'etag': it was removed"]),
    (lambda h: h["ETag"].pop("required"), ["breaking: {at} 'etag': it became optional"]),
    (lambda h: h["ETag"]["schema"].update(type="integer"), ["breaking: {at} 'etag': string became integer"]),
    (lambda h: h.update(Link={}), ["note: {at} 'link': it was added"]),
    (lambda h: h.update(etag=h.pop("ETag")), []),
]


@pytest.mark.parametrize(("edit", "expected"), HEADERS)
def test_headers_of_responses(edit: Edit, expected: list[str]) -> None:
    """Clients read them as they read the body."""
    old = copy.deepcopy(OLD)
    created = old["paths"]["/orders"]["post"]["responses"]["201"]
    created["headers"] = {"ETag": {"required": True, "schema": {"type": "string"}}}
    new = copy.deepcopy(old)
    edit(new["paths"]["/orders"]["post"]["responses"]["201"]["headers"])

    lines = [one.format(at="POST /orders, response 201, header") for one in expected]
    assert [str(one) for one in compare_documents(old, new)] == lines


SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {}},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
}
OTHER_WAYS = ["note: GET /orders: there are other ways to authenticate"]
SECURITY: list[tuple[Any, Any, list[str]]] = [
    ([{"bearer": []}], [], OTHER_WAYS),
    ([{"bearer": []}], [{}, {"key": []}], OTHER_WAYS),
    ([{"bearer": ["write"]}], [{"bearer": []}], OTHER_WAYS),
    ([{"bearer": [], "key": []}], [{"key": []}], OTHER_WAYS),
    ([{"bearer": []}], [{"oauth": []}], OTHER_WAYS),
    ([{"bearer": []}], [{"bearer": [], "key": []}], ["breaking: GET /orders: bearer suffices no more"]),
    ([{"bearer": []}], [{"bearer": ["write"]}], ["breaking: GET /orders: bearer suffices no more"]),
    (
        [{"bearer": ["read", "write"]}, {"key": []}],
        [{"bearer": ["admin"]}],
        ["breaking: GET /orders: bearer (read, write) or key suffices no more"],
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), SECURITY)
def test_credentials(before: Any, after: Any, expected: list[str]) -> None:
    """Whoever holds as much as one of the new ways asks for is let in as before."""
    old = copy.deepcopy(OLD)
    old["components"]["securitySchemes"] = SCHEMES
    old["paths"]["/orders"]["get"]["security"] = before
    new = copy.deepcopy(old)
    new["paths"]["/orders"]["get"]["security"] = after

    assert [str(one) for one in compare_documents(old, new)] == expected


def test_a_scheme_that_is_carried_otherwise() -> None:
    """The name in the document is not on the wire; where the credentials stand is."""
    old = copy.deepcopy(OLD)
    old["components"]["securitySchemes"] = {"key": SCHEMES["key"]}
    old["security"] = [{"key": []}]
    renamed, moved = copy.deepcopy(old), copy.deepcopy(old)
    renamed["components"]["securitySchemes"] = {"apiKey": SCHEMES["key"]}
    renamed["security"] = [{"apiKey": []}]
    moved["components"]["securitySchemes"]["key"]["name"] = "X-API-Key"

    assert {one.severity for one in compare_documents(old, renamed)} == {"note"}
    assert {str(one).partition(": ")[2] for one in compare_documents(old, moved)} == {
        f"{where}: key suffices no more"
        for where in ("GET /orders", "POST /orders", "GET /orders/{order_id}", "DELETE /orders/{order_id}")
    }


SOLD = {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "integer"}}}}}}
WIDER = {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "number"}}}}}}


def test_webhooks() -> None:
    """What the application sends by itself is read by clients, as a response is."""

    def told(before: Any, after: Any) -> list[str]:
        return [str(one) for one in compare_documents({**OLD, "webhooks": before}, {**OLD, "webhooks": after})]

    assert told({"sold": SOLD}, {}) == ["breaking: webhook sold: it was removed"]
    assert told({}, {"sold": SOLD}) == ["note: webhook sold: it was added"]
    assert told({"sold": SOLD}, {"sold": WIDER}) == [
        "breaking: webhook sold, body application/json: integer became number"
    ]
    assert told({"sold": WIDER}, {"sold": SOLD}) == ["note: webhook sold, body application/json: number became integer"]


NUMBERS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"multipleOf": 4}, {"multipleOf": 2}, ["note: {at}: multipleOf was 4 and is 2"]),
    ({"multipleOf": 2}, {"multipleOf": 4}, ["breaking: {at}: multipleOf was 2 and is 4"]),
    ({"multipleOf": 2}, {"multipleOf": 3}, ["breaking: {at}: multipleOf was 2 and is 3"]),
    ({"minimum": 1}, {"exclusiveMinimum": 1}, ["breaking: {at}: minimum 1 became exclusiveMinimum 1"]),
    ({"exclusiveMinimum": 1}, {"minimum": 1}, ["note: {at}: exclusiveMinimum 1 became minimum 1"]),
    ({"maximum": 9}, {"exclusiveMaximum": 9}, ["breaking: {at}: maximum 9 became exclusiveMaximum 9"]),
    ({"exclusiveMaximum": 9}, {"maximum": 8}, ["breaking: {at}: exclusiveMaximum 9 became maximum 8"]),
    ({"type": "integer", "minimum": 1}, {"type": "integer", "exclusiveMinimum": 0}, []),
    ({"type": "integer", "exclusiveMaximum": 9}, {"type": "integer", "maximum": 8}, []),
]


@pytest.mark.parametrize(("before", "after", "expected"), NUMBERS)
def test_bounds_of_numbers(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    """What counts is which numbers are taken, not how that is written."""
    old = copy.deepcopy(OLD)
    old["paths"]["/orders"]["get"]["parameters"][0]["schema"] = {"type": "number", **before}
    new = copy.deepcopy(old)
    new["paths"]["/orders"]["get"]["parameters"][0]["schema"] = {"type": "number", **after}

    lines = [one.format(at="GET /orders, query parameter 'limit'") for one in expected]
    assert [str(one) for one in compare_documents(old, new)] == lines


@pytest.mark.parametrize(("edit", "expected"), OPERATIONS)
def test_operations(edit: Edit, expected: list[str]) -> None:
    """What is removed breaks, and so does what is required from now on; what is added does not."""
    assert changes(edit) == expected


def test_a_placeholder_with_another_name() -> None:
    """On the wire nothing changes; generated code does."""

    def rename(document: Any) -> None:
        item = document["paths"].pop("/orders/{order_id}")
        item["parameters"][0]["name"] = "number"
        document["paths"]["/orders/{number}"] = item

    assert changes(rename) == ["warning: /orders/{number}: the placeholder 'order_id' is called 'number'"]


IN_REQUESTS: list[tuple[Edit, list[str]]] = [
    (lambda p: p["customer"].update(minLength=2), ["breaking: {at} /customer: minLength was 1 and is 2"]),
    (lambda p: p["customer"].update(minLength=0), ["note: {at} /customer: minLength was 1 and is 0"]),
    (lambda p: p["customer"].pop("minLength"), ["note: {at} /customer: minLength was 1 and is gone"]),
    (lambda p: p["customer"].update(pattern="a"), ["breaking: {at} /customer: pattern is 'a' from now on"]),
    (lambda p: p["lines"].update(maxItems=8), ["breaking: {at} /lines: maxItems was 9 and is 8"]),
    (lambda p: p["customer"].update(type="integer"), ["breaking: {at} /customer: string became integer"]),
    (lambda p: p.update(customer={}), ["note: {at} /customer: string became anything"]),
    (lambda p: p["status"].update(enum=["open"]), ["breaking: {at} /status: 'sold' is possible no more"]),
    (lambda p: p["status"]["enum"].append("lost"), ["note: {at} /status: 'lost' is possible now"]),
    (lambda p: p["status"].pop("enum"), ["note: {at} /status: not only 'open', 'sold' from now on"]),
    (lambda p: p["customer"].update(const="x"), ["breaking: {at} /customer: only 'x' from now on"]),
    (lambda p: p["note"].update(type="string"), ["breaking: {at} /note: null is possible no more"]),
    (lambda p: p["note"].update(default="x"), ["warning: {at} /note: the default was None and is 'x'"]),
    (lambda p: p["note"].update(type=["string", "null", "integer"]), ["note: {at} /note: integer is possible now"]),
    (
        lambda p: p["extra"].update(additionalProperties={"type": "number"}),
        ["note: {at} /extra/*: integer became number"],
    ),
    (
        lambda p: p["extra"].update(additionalProperties=False),
        ["breaking: {at} /extra: nothing that is not named is possible"],
    ),
    (lambda p: p["extra"].pop("additionalProperties"), ["note: {at} /extra/*: integer became anything"]),
    (lambda p: p["place"]["prefixItems"].pop(), ["breaking: {at} /place: there were 2 places and are 1"]),
    (lambda p: p["place"]["prefixItems"][1].update(type="integer"), ["breaking: {at} /place/1: number became integer"]),
    (lambda p: p["parent"]["anyOf"].pop(), ["breaking: {at} /parent: null is possible no more"]),
    (lambda p: p.pop("note"), ["warning: {at}: the field 'note' was removed"]),
    (lambda p: p.update(new={}), ["note: {at}: the field 'new' was added"]),
]


@pytest.mark.parametrize(("edit", "expected"), IN_REQUESTS)
def test_schemas_of_requests(edit: Edit, expected: list[str]) -> None:
    """What was taken must be taken; a component is told once, however many bodies have it."""
    lines = [one.format(at="schema NewOrder in requests") for one in expected]

    assert changes(lambda document: edit(schema("NewOrder", document))) == lines


IN_RESPONSES: list[tuple[Edit, list[str]]] = [
    (lambda p: p["status"].update(enum=["open"]), ["note: {at} /status: 'sold' is possible no more"]),
    (lambda p: p["status"]["enum"].append("lost"), ["breaking: {at} /status: 'lost' is possible now"]),
    (lambda p: p.pop("status"), ["breaking: {at}: the field 'status' was removed"]),
    (lambda p: p.update(new={}), ["note: {at}: the field 'new' was added"]),
    (lambda p: p["id"].update(type=["integer", "null"]), ["breaking: {at} /id: null is possible now"]),
    (lambda p: p["id"].update(type="number"), ["breaking: {at} /id: integer became number"]),
    (lambda p: p["id"].update(minimum=1), ["note: {at} /id: minimum is 1 from now on"]),
    (lambda p: p["id"].update(format="int32"), ["note: {at} /id: format is 'int32' from now on"]),
    (lambda p: p["pet"]["oneOf"].pop(), ["note: {at} /pet: Dog is possible no more"]),
    (
        lambda p: p["pet"]["oneOf"].append({"type": "string"}),
        ["breaking: {at} /pet: string is possible now"],
    ),
]


@pytest.mark.parametrize(("edit", "expected"), IN_RESPONSES)
def test_schemas_of_responses(edit: Edit, expected: list[str]) -> None:
    """What comes must be what could come before."""
    lines = [one.format(at="schema Order in responses") for one in expected]

    assert changes(lambda document: edit(schema("Order", document))) == lines


def required(name: str, *fields: str) -> Edit:
    """Return an edit that makes the fields of a component the required ones."""
    return lambda document: document["components"]["schemas"][name].update(required=list(fields))


def test_required_fields() -> None:
    """A field that is required from now on breaks requests; one that is so no more breaks responses."""
    assert changes(required("NewOrder", "customer", "status")) == [
        "breaking: schema NewOrder in requests: the field 'status' became required"
    ]
    assert changes(required("NewOrder")) == ["note: schema NewOrder in requests: the field 'customer' became optional"]
    assert changes(required("Order")) == ["breaking: schema Order in responses: the field 'id' became optional"]
    assert changes(required("Order", "id", "status")) == [
        "note: schema Order in responses: the field 'status' became required"
    ]


def test_a_component_in_both_directions() -> None:
    """What narrows for one side is told for each."""

    def close(document: Any) -> None:
        document["components"]["schemas"]["Line"]["properties"].clear()
        document["components"]["schemas"]["Line"]["properties"]["name"] = {"type": "string"}
        document["components"]["schemas"]["Line"]["required"] = ["name"]

    assert changes(close) == [
        "breaking: schema Line in requests: the field 'sku' was removed",
        "breaking: schema Line in requests: the required field 'name' was added",
        "breaking: schema Line in responses: the field 'sku' was removed",
        "note: schema Line in responses: the required field 'name' was added",
    ]


def test_a_component_with_another_name() -> None:
    """A name is not on the wire: what it stands for is compared."""

    def rename(document: Any) -> None:
        schemas = document["components"]["schemas"]
        schemas["Item"] = schemas.pop("Line")
        schemas["Item"]["properties"]["sku"]["maxLength"] = 5
        for name in ("NewOrder", "Order"):
            schema(name, document)["lines"]["items"] = {"$ref": "#/components/schemas/Item"}

    def write_out(document: Any) -> None:
        schemas = document["components"]["schemas"]
        schema("Order", document)["lines"]["items"] = {**schemas["Line"], "additionalProperties": True}

    assert changes(rename) == [
        "breaking: schema Item in requests /sku: maxLength is 5 from now on",
        "note: schema Item in responses /sku: maxLength is 5 from now on",
    ]
    assert changes(write_out) == ["breaking: schema Order in responses /lines/*: more is possible"]


@pytest.mark.parametrize(
    ("edit", "code", "out", "err"),
    [
        (lambda _: None, 0, "", "0 changes, 0 of them breaking.\n"),
        (
            lambda d: d["paths"].update({"/new": {}}),
            0,
            "note: /new: the path was added\n",
            "1 change, 0 of them breaking.\n",
        ),
        (
            lambda d: d["paths"].pop("/orders"),
            1,
            "breaking: /orders: the path was removed\n",
            "1 change, 1 of them breaking.\n",
        ),
    ],
)
def test_the_command_fails_for_breaking_changes_alone(
    run: Run, write: Write, edit: Edit, code: int, out: str, err: str
) -> None:
    """All changes are listed, their number is told beside."""
    new = copy.deepcopy(OLD)
    edit(new)
    write("old.json", json.dumps(OLD))
    write("new.yaml", json.dumps(new))

    assert run("openapi", "diff", "old.json", "new.yaml") == (code, out, err)


def test_a_file_that_is_not_there(run: Run) -> None:
    """One line says so; the exit code is 2."""
    code, _, err = run("openapi", "diff", "a.json", "b.json")

    assert code == 2
    assert err.startswith("Error: a.json cannot be read: ")
