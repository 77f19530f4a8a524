"""The errors of an operation: those that its handler raises, and those of the framework's own."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from msgspec import Meta, Raw, Struct

from framework._document.openapi.document import build_document
from framework._plan import ParameterPlan, RoutePlan
from framework.http_errors import BadRequest, Conflict, HTTPError, NotFound, UnprocessableContent
from framework.openapi import OpenAPI

Build = Callable[..., dict[str, Any]]
Plan = Callable[..., RoutePlan]
Parameter = Callable[..., ParameterPlan]


class Item(Struct):
    """Something in stock."""

    sku: str


class OutOfStock(HTTPError, status=409, title="Out of stock", type="https://shop.example/out-of-stock"):
    """An ordered quantity exceeds what is in stock.

    The rest is for the reader of the code.
    """

    sku: str
    left: Annotated[int, Meta(ge=0)] = 0
    similar: list[Item]


class OrderNotFound(NotFound):
    """There is no such order."""


class Silent(Conflict, title="Price changed"):  # noqa: D101  what is tested
    price: int


class InvalidOrder(UnprocessableContent):
    """The order contradicts itself."""


class Unresolved(Conflict):
    """Names a type that is nowhere."""

    thing: "Nowhere"  # type: ignore[name-defined]  # noqa: F821  what is tested


def reference(name: str) -> dict[str, str]:
    """Return the reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def problem(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a response that is a problem."""
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


@pytest.fixture
def responses(plan: Plan, document: Build) -> Callable[..., dict[str, Any]]:
    """Return the responses of a route but the successful one."""

    def read(method: str = "GET", path: str = "/things", **settings: Any) -> dict[str, Any]:
        found = dict(document(plan(path, method, **settings))["paths"][path][method.lower()]["responses"])
        del found["204"]
        return found

    return read


class Traced(HTTPError, status=409):
    """The error names another request."""

    request_id: int


class TracedByAnotherName(HTTPError, status=409, rename={"other": "request_id"}):
    """The same, renamed."""

    other: int


Responses = Callable[..., dict[str, Any]]


def test_error_with_members(plan: Plan, document: Build) -> None:
    """An error with members has a schema of its own: what is fixed, what is always there, and its members."""
    built = document(plan(raises=(OutOfStock,)))
    assert built["paths"]["/things"]["get"]["responses"]["409"] == problem(
        "An ordered quantity exceeds what is in stock.", reference("OutOfStock")
    )
    assert built["components"]["schemas"]["OutOfStock"] == {
        "description": "An ordered quantity exceeds what is in stock.\n\nThe rest is for the reader of the code.",
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": "https://shop.example/out-of-stock"},
            "title": {"type": "string", "const": "Out of stock"},
            "status": {"type": "integer", "const": 409},
            "detail": {"type": "string", "description": "What happened this time."},
            "instance": {"type": "string", "format": "uri-reference", "description": "The path of the request."},
            "request_id": {"type": "string", "description": "The id of the request, if it has one."},
            "sku": {"type": "string"},
            "left": {"type": "integer", "minimum": 0},
            "similar": {"type": "array", "items": reference("Item")},
        },
        "required": ["type", "title", "status", "instance", "sku", "left", "similar"],
    }
    assert list(built["components"]["schemas"]) == ["Item", "OutOfStock"]


@pytest.mark.parametrize("error", [Traced, TracedByAnotherName])
def test_error_with_a_member_named_as_the_id_of_the_request(
    plan: Plan, document: Build, error: type[HTTPError]
) -> None:
    """The member is what the body has: of its own type, and required."""
    built = document(plan(raises=(error,)))["components"]["schemas"][error.__name__]
    assert built["properties"]["request_id"] == {"type": "integer"}
    assert built["required"] == ["type", "title", "status", "instance", "request_id"]


def test_error_that_adds_nothing(plan: Plan, document: Build) -> None:
    """An error without members, and with the usual title, is the shared problem under its own words."""
    built = document(plan(raises=(OrderNotFound,)))
    assert built["paths"]["/things"]["get"]["responses"]["404"] == problem(
        "There is no such order.", reference("Problem")
    )
    assert built["components"]["schemas"] == {
        "Problem": {
            "description": "An error, as RFC 9457 describes it.",
            "type": "object",
            "properties": {
                "type": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "Identifies the kind of problem; `about:blank` if the status does.",
                },
                "title": {"type": "string"},
                "status": {"type": "integer", "description": "The status of the response."},
                "detail": {"type": "string", "description": "What happened this time."},
                "instance": {"type": "string", "format": "uri-reference", "description": "The path of the request."},
                "request_id": {"type": "string", "description": "The id of the request, if it has one."},
            },
            "required": ["type", "title", "status", "instance"],
        }
    }


def test_error_without_a_docstring(responses: Responses) -> None:
    """The title says what the docstring does not."""
    assert responses(raises=(Silent,)) == {"409": problem("Price changed", reference("Silent"))}


def test_several_errors_of_one_status(responses: Responses) -> None:
    """Errors that share a status are any of their bodies, each body once."""
    assert responses(raises=(OutOfStock, Silent, Conflict, OutOfStock, NotFound, OrderNotFound)) == {
        "404": problem("The resource does not exist.\n\nThere is no such order.", reference("Problem")),
        "409": problem(
            "An ordered quantity exceeds what is in stock.\n\nPrice changed\n\n"
            "The request conflicts with the current state.",
            {"anyOf": [reference("OutOfStock"), reference("Silent"), reference("Problem")]},
        ),
    }


def test_validation_problem(plan: Plan, document: Build) -> None:
    """The answer to an invalid request lists its faults, with all the kinds there are."""
    built = document(plan(method="POST", body=Item))
    schemas = built["components"]["schemas"]
    assert schemas["ValidationProblem"] == {
        "description": "A request that cannot be parsed or is invalid, with all of its errors.",
        "type": "object",
        "properties": {
            **schemas["Problem"]["properties"],
            "errors": {"type": "array", "items": reference("FieldError")},
        },
        "required": ["type", "title", "status", "instance", "errors"],
    }
    assert schemas["FieldError"] == {
        "description": "One error in a request.",
        "type": "object",
        "properties": {
            "location": {"type": "string", "enum": ["body", "cookie", "form", "header", "path", "query"]},
            "pointer": {"type": "string", "description": "Where below the location.", "format": "json-pointer"},
            "code": {
                "type": "string",
                "enum": ["constraint", "key", "missing", "syntax", "tag", "type", "unknown", "value"],
            },
            "detail": {"type": "string", "description": "What was expected."},
        },
        "required": ["location", "pointer", "code", "detail"],
    }


BAD_REQUEST = {"400": {"$ref": "#/components/responses/BadRequest"}}
INVALID = {"422": {"$ref": "#/components/responses/UnprocessableContent"}}
BODY = {
    **BAD_REQUEST,
    "408": {"$ref": "#/components/responses/RequestTimeout"},
    "413": {"$ref": "#/components/responses/ContentTooLarge"},
    "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
}


def test_shared_responses(plan: Plan, document: Build) -> None:
    """The framework's own answers stand once among the components."""
    assert document(plan(method="POST", body=Item))["components"]["responses"] == {
        "BadRequest": problem("The request cannot be parsed.", reference("ValidationProblem")),
        "ContentTooLarge": problem("The body is larger than this operation allows.", reference("Problem")),
        "RequestTimeout": problem("The body arrives too slowly.", reference("Problem")),
        "UnsupportedMediaType": problem(
            "The body is of a type that this operation does not read.", reference("Problem")
        ),
        "UnprocessableContent": problem(
            "The request can be parsed and is invalid; `errors` lists every error.", reference("ValidationProblem")
        ),
    }


def test_route_that_reads_nothing(responses: Responses) -> None:
    """A route without parameters and body refuses nothing by itself."""
    assert responses() == {}


BODIES: list[tuple[Any, dict[str, Any]]] = [
    (Item, {**BODY, **INVALID}),
    (dict, {**BODY, **INVALID}),
    (Raw, BODY),
    (Any, BODY),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_body(body: Any, expected: dict[str, Any], responses: Responses) -> None:
    """A body may be unparsable, too large and of another type, and invalid unless it may be anything."""
    assert responses("POST", body=body) == expected


PARAMETERS: list[tuple[str, Any, dict[str, Any], bool]] = [
    ("path", str, {}, False),
    ("path", Annotated[str, Meta(description="Free text")], {}, False),
    ("path", Annotated[str, Meta(min_length=2)], {}, True),
    ("path", int, {}, True),
    ("query", str, {}, True),
    # Given twice.
    ("query", str, {"default": "a"}, True),
    ("header", str | None, {"default": None}, True),
    ("header", list[str], {"default": (), "repeated": True}, False),
    ("query", list[str], {"default": (), "repeated": True}, False),
    ("query", list[str], {"repeated": True}, True),
    ("query", list[int], {"default": (), "repeated": True}, True),
    ("query", Annotated[list[str], Meta(max_length=2)], {"default": (), "repeated": True}, True),
    ("query", tuple[str, str], {"default": None, "repeated": True}, True),
    ("query", list[str], {"default": (), "repeated": True, "style": "csv"}, True),
    ("cookie", str | None, {"default": None}, False),
    ("cookie", str, {}, True),
    ("cookie", bool, {"default": False}, True),
]


@pytest.mark.parametrize(("source", "annotation", "settings", "invalid"), PARAMETERS)
def test_parameter(
    source: str,
    annotation: Any,
    settings: dict[str, Any],
    invalid: bool,
    responses: Responses,
    parameter: Parameter,
) -> None:
    """A parameter may be no text, and invalid where it can be missing, come twice or have a wrong value."""
    declared = parameter("size", annotation, source, **settings)
    path = "/{size}" if source == "path" else "/things"
    assert responses(path=path, parameters=(declared,)) == (BAD_REQUEST | INVALID if invalid else BAD_REQUEST)


def test_handler_raises_what_the_framework_answers(responses: Responses) -> None:
    """An error of the framework's own adds nothing to the shared response, and another is described beside it."""
    assert responses("POST", body=Raw, raises=(BadRequest,)) == BODY
    assert responses("POST", body=Item, raises=(InvalidOrder, UnprocessableContent))["422"] == problem(
        "The request can be parsed and is invalid; `errors` lists every error.\n\nThe order contradicts itself.",
        reference("ValidationProblem"),
    )


def test_member_that_cannot_be_resolved(plan: Plan) -> None:
    """A member whose annotation names nothing is a mistake, reported once for all routes."""
    with pytest.raises(ExceptionGroup) as caught:
        build_document(OpenAPI(), [plan("/a", raises=(Unresolved,)), plan("/b", raises=(Unresolved,))])
    assert "\n".join(str(one) for one in caught.value.exceptions) == (
        f"{__name__}.Unresolved: its annotations cannot be resolved (name 'Nowhere' is not defined).\n"
        "  Hint: import the name at module level, not under TYPE_CHECKING, where the function is defined."
    )
