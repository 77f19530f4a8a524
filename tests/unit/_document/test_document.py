"""The whole document: its head, its order, and what apispec must not do to it."""

import copy
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from framework._document.openapi.document import build_document, encode_document
from framework._plan import ParameterPlan, RoutePlan
from framework.errors import DefinitionError
from framework.openapi import OpenAPI

Build = Callable[..., dict[str, Any]]
Plan = Callable[..., RoutePlan]
Parameter = Callable[..., ParameterPlan]


class Closed(Struct):
    """Holds what apispec would spoil."""

    pair: tuple[int, str]
    anything: Annotated[Any, Meta(extra_json_schema={"items": True, "anyOf": [True, False], "not": False})]
    property: Annotated[Any, Meta(extra_json_schema={"properties": {"never": False}})]


def test_empty_document(document: Build) -> None:
    """Without routes and settings there is a valid document all the same."""
    assert document() == {"openapi": "3.1.0", "info": {"title": "API", "version": "0.1.0"}, "paths": {}}


def test_head(document: Build) -> None:
    """All that the settings say stands in the document's head, and the settings stay as they are."""
    contact: Mapping[str, Any] = MappingProxyType({"name": "Shop", "email": "shop@example.com"})
    servers = ("https://a.example", {"url": "https://{region}.example", "variables": {"region": {"default": "eu"}}})
    settings = OpenAPI(
        title="Shop",
        version="2.1",
        summary="Buy things",
        description="A **shop**.",
        terms_of_service="https://shop.example/terms",
        contact=contact,
        license={"name": "MIT", "identifier": "MIT"},
        servers=servers,
        tags={"shop": "Everything", "orders": "What was bought"},
        external_docs={"url": "https://shop.example/docs"},
    )
    before = copy.deepcopy(servers)
    first, second = document(settings=settings), document(settings=settings)
    assert (
        first
        == second
        == {
            "openapi": "3.1.0",
            "info": {
                "title": "Shop",
                "summary": "Buy things",
                "description": "A **shop**.",
                "termsOfService": "https://shop.example/terms",
                "contact": {"name": "Shop", "email": "shop@example.com"},
                "license": {"name": "MIT", "identifier": "MIT"},
                "version": "2.1",
            },
            "servers": [
                {"url": "https://a.example"},
                {"url": "https://{region}.example", "variables": {"region": {"default": "eu"}}},
            ],
            "tags": [
                {"name": "shop", "description": "Everything"},
                {"name": "orders", "description": "What was bought"},
            ],
            "externalDocs": {"url": "https://shop.example/docs"},
            "paths": {},
        }
    )
    assert servers == before
    assert list(first) == ["openapi", "info", "servers", "tags", "externalDocs", "paths"]


def test_documents_share_nothing_with_the_settings(document: Build) -> None:
    """Writing into a document changes neither the settings nor the next document."""
    settings = OpenAPI(license={"name": "MIT"}, servers=({"url": "/v1"},))
    first = document(settings=settings)
    first["info"]["license"]["name"] = "GPL"
    first["servers"][0]["url"] = "/v2"
    first["paths"]["/added"] = {}
    assert document(settings=settings) == {
        "openapi": "3.1.0",
        "info": {"title": "API", "license": {"name": "MIT"}, "version": "0.1.0"},
        "servers": [{"url": "/v1"}],
        "paths": {},
    }


def test_what_the_user_adds_is_copied(plan: Plan, document: Build) -> None:
    """The mapping that a decorator was given is not written into."""
    extra = {"x-limits": {"rate": 1}, "responses": {"200": {"headers": {"X-A": {"schema": int}}}}}
    built = document(plan(returns=str, extra=extra))
    built["paths"]["/things"]["get"]["x-limits"]["rate"] = 2
    assert extra == {"x-limits": {"rate": 1}, "responses": {"200": {"headers": {"X-A": {"schema": int}}}}}


def test_paths_and_methods_are_ordered(plan: Plan, document: Build) -> None:
    """Paths are sorted and methods stand in the order of the specification."""
    methods = ("TRACE", "PATCH", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "GET")
    built = document(plan("/b"), *(plan("/a", method) for method in methods))
    assert {path: list(item) for path, item in built["paths"].items()} == {
        "/a": ["get", "put", "post", "delete", "options", "head", "patch", "trace"],
        "/b": ["get"],
    }


def test_order_of_registration_does_not_matter(plan: Plan, parameter: Parameter) -> None:
    """Any order of the routes gives the same bytes."""
    routes = [
        plan("/b/{x}", returns=list[Closed], parameters=(parameter("x", int, "path"),)),
        plan("/b/{y}", "DELETE", parameters=(parameter("y", int, "path"),)),
        plan("/a", "POST", body=Closed, name="X.save"),
        plan("/a", returns=str),
    ]
    documents = {encode_document(build_document(OpenAPI(), order)) for order in itertools.permutations(routes)}
    assert len(documents) == 1


def test_hidden_routes(plan: Plan, document: Build) -> None:
    """A hidden route leaves nothing behind, and a method that OpenAPI 3.1 does not know cannot be shown."""
    built = document(plan("/a", in_document=False, returns=Closed), plan("/b", "PROPFIND"), plan("/c"))
    assert list(built["paths"]) == ["/c"]
    assert "components" not in built


def test_rest_of_the_path(plan: Plan, document: Build, parameter: Parameter) -> None:
    """A placeholder for the rest of a path is written as any other."""
    built = document(plan("/files/{name:path}", parameters=(parameter("name", str, "path"),)))
    assert built["paths"]["/files/{name}"]["get"]["parameters"] == [
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    ]


def test_placeholders_of_several_names(plan: Plan, document: Build, parameter: Parameter) -> None:
    """Templates that differ in names alone are one path, whose parameters have the names of the first."""
    built = document(
        plan(
            "/shops/{shop}/orders/{order}", parameters=(parameter("order", int, "path"), parameter("shop", str, "path"))
        ),
        plan("/shops/{a}/orders/{b}", "DELETE", parameters=(parameter("a", str, "path"), parameter("b", int, "path"))),
    )
    assert list(built["paths"]) == ["/shops/{a}/orders/{b}"]
    operations = built["paths"]["/shops/{a}/orders/{b}"]
    assert [one["name"] for one in operations["get"]["parameters"]] == ["b", "a"]
    assert [one["name"] for one in operations["delete"]["parameters"]] == ["a", "b"]


def test_two_routes_that_are_one_operation(plan: Plan, parameter: Parameter) -> None:
    """What OpenAPI cannot tell apart is a mistake and does not pass silently."""
    name = (parameter("name", str, "path"),)
    routes = [
        plan("/files/{name}", parameters=name, label="F.one (f.py:1)"),
        plan("/files/{name:path}", parameters=name, label="F.rest (f.py:2)"),
    ]
    with pytest.raises(ExceptionGroup) as caught:
        build_document(OpenAPI(), routes)
    (error,) = caught.value.exceptions
    assert isinstance(error, DefinitionError)
    assert str(error) == (
        "F.one (f.py:1): GET /files/{name} stands in the OpenAPI document already, for F.rest (f.py:2).\n"
        "  Hint: hide one of them with in_document=False, or change its path."
    )


def test_boolean_schemas_survive(plan: Plan, document: Build) -> None:
    """The schemas true and false are not taken for names of components, as apispec does."""
    built = document(plan(returns=Closed))
    assert built["components"]["schemas"]["Closed"] == {
        "description": "Holds what apispec would spoil.",
        "type": "object",
        "properties": {
            "pair": {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
            "anything": {"items": True, "anyOf": [True, False], "not": False},
            "property": {"properties": {"never": False}},
        },
        "required": ["pair", "anything", "property"],
    }
    nothing = Annotated[list[int], Meta(extra_json_schema={"items": False})]
    inline = document(plan(returns=nothing))["paths"]["/things"]["get"]["responses"]["200"]
    assert inline["content"]["application/json"]["schema"]["items"] is False


def test_document_is_encoded_as_json(plan: Plan, parameter: Parameter) -> None:
    """The bytes are the document, also where orjson cannot write a number."""
    small = build_document(OpenAPI(title="Größe"), [plan()])
    assert json.loads(encode_document(small)) == small
    large = build_document(OpenAPI(title="Größe"), [plan(parameters=(parameter("n", int, default=2**70),))])
    assert json.loads(encode_document(large)) == large
    assert "Größe".encode() in encode_document(large)


def test_apispec_is_not_imported_before_a_document_is_built() -> None:
    """Serving requests does not wait for apispec."""
    code = "import sys, framework._document.openapi.document; sys.exit('apispec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603  our own interpreter
