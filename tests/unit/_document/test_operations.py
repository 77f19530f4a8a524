"""Routes as operations: words, bodies, responses and what the user adds."""

import enum
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct, inspect

from framework._plan import BodyPlan, Encoding, ParameterPlan, ResponsePlan, RoutePlan

Build = Callable[..., dict[str, Any]]
Plan = Callable[..., RoutePlan]
Parameter = Callable[..., ParameterPlan]


class Order(Struct):
    """What somebody wants."""

    sku: str = "A-1"


class Color(enum.Enum):
    """What it looks like."""

    RED = "red"


async def documented() -> None:
    """Return one order.

    It has:

        - lines
        - a price
    """


async def one_line() -> None:
    """Return one order."""


async def silent() -> None:  # noqa: D103  what is tested
    ...


@pytest.fixture
def operation(plan: Plan, document: Build) -> Callable[..., dict[str, Any]]:
    """Return the operation of a route."""

    def read(path: str = "/things", method: str = "GET", **settings: Any) -> dict[str, Any]:
        found: dict[str, Any] = document(plan(path, method, **settings))["paths"][path][method.lower()]
        return found

    return read


Operation = Callable[..., dict[str, Any]]


def test_whole_operation(operation: Operation, parameter: Parameter) -> None:
    """An operation says everything that its plan says."""
    assert operation(
        "/orders/{order_id}",
        "PUT",
        name="OrderController.save",
        function=documented,
        parameters=(parameter("order_id", int, "path"),),
        body=Order,
        returns=Order,
        status=201,
        tags=("orders", "shop"),
        deprecated=True,
    ) == {
        "tags": ["orders", "shop"],
        "summary": "Return one order.",
        "description": "It has:\n\n    - lines\n    - a price",
        "operationId": "OrderController.save",
        "parameters": [{"name": "order_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "requestBody": {
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OrderInput"}}},
            "required": True,
        },
        "responses": {
            "201": {
                "description": "Created",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
            },
            "400": {"$ref": "#/components/responses/BadRequest"},
            "408": {"$ref": "#/components/responses/RequestTimeout"},
            "413": {"$ref": "#/components/responses/ContentTooLarge"},
            "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
            "422": {"$ref": "#/components/responses/UnprocessableContent"},
        },
        "deprecated": True,
    }


WORDS: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (one_line, {}, {"summary": "Return one order."}),
    (silent, {}, {}),
    (silent, {"summary": "Said"}, {"summary": "Said"}),
    (
        documented,
        {"summary": "Said"},
        {"summary": "Said", "description": "It has:\n\n    - lines\n    - a price"},
    ),
    (documented, {"description": "Said"}, {"summary": "Return one order.", "description": "Said"}),
    (documented, {"summary": "", "description": ""}, {"summary": "", "description": ""}),
]


@pytest.mark.parametrize(("function", "settings", "expected"), WORDS)
def test_words(function: Any, settings: dict[str, Any], expected: dict[str, Any], operation: Operation) -> None:
    """What is declared goes before the docstring, each part for itself."""
    assert operation(function=function, **settings) == {
        **expected,
        "operationId": "ThingController.show",
        "responses": {"204": {"description": "No Content"}},
    }


RESPONSES: list[tuple[Any, dict[str, Any]]] = [
    (None, {"204": {"description": "No Content"}}),
    (str, {"200": {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}}),
    (bytes, {"200": {"description": "OK", "content": {"application/octet-stream": {}}}}),
    (
        Order | None,
        {
            "200": {
                "description": "OK",
                "content": {
                    "application/json": {
                        "schema": {"anyOf": [{"$ref": "#/components/schemas/Order"}, {"type": "null"}]}
                    }
                },
            }
        },
    ),
    (
        list[Order],
        {
            "200": {
                "description": "OK",
                "content": {
                    "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}}
                },
            }
        },
    ),
    # numpy's arrays, for example, are orjson's alone.
    (range, {"200": {"description": "OK", "content": {"application/json": {"schema": {}}}}}),
]


@pytest.mark.parametrize(("returns", "expected"), RESPONSES)
def test_response(returns: Any, expected: dict[str, Any], operation: Operation) -> None:
    """The response is of the return annotation's type, in the media type of its encoder."""
    assert operation(returns=returns)["responses"] == expected


def test_ready_response(operation: Operation) -> None:
    """Of a response that passes through nothing is known but that it comes."""
    response = ResponsePlan(annotation=None, status=200, encoding=Encoding.PASS, may_be_response=True)
    assert operation(response=response)["responses"] == {"200": {"description": "OK"}}


def test_status_without_a_phrase(operation: Operation) -> None:
    """A description is there also where RFC 9110 has no phrase."""
    assert operation(returns=str, status=299)["responses"]["299"]["description"] == "Status 299"


def test_optional_body(operation: Operation) -> None:
    """A body with a default is not required, and its default is known."""
    body = BodyPlan(
        annotation=Color,
        type=inspect.type_info(Color),
        required=False,
        default=Color.RED,
        media_types=("application/merge-patch+json; charset=utf-8",),
        description="What changes",
    )
    assert operation(method="PATCH", body=body)["requestBody"] == {
        "description": "What changes",
        "content": {
            "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/Color", "default": "red"}}
        },
        "required": False,
    }


def test_body_that_may_be_absent(operation: Operation) -> None:
    """A default of None says that the body may be absent, not that it may be null."""
    body = BodyPlan(annotation=Order, type=inspect.type_info(Order), required=False, default=None)
    assert operation(method="PATCH", body=body)["requestBody"] == {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
        "required": False,
    }


def test_extra_members(operation: Operation, parameter: Parameter) -> None:
    """What the user adds is merged: mappings into mappings, lists behind lists, and types become schemas."""
    declared = operation(
        returns=str,
        tags=("a",),
        parameters=(parameter("page", int),),
        deprecated=True,
        extra={
            "x-internal": [{"schema": 1}],
            "tags": ["b"],
            "deprecated": False,
            "parameters": [
                {"name": "Accept-Language", "in": "header", "schema": str},
                {"name": "q", "in": "query", "schema": {"default": {"schema": None}}},
            ],
            "responses": {
                200: {
                    "headers": {"X-Total": {"schema": int}},
                    "content": {"text/csv": {"schema": list[Order], "example": {"schema": "data"}}},
                },
                202: {"description": "Later"},
                "default": {"description": "Else", "content": {"application/json": {"schema": Order}}},
            },
        },
    )
    assert declared == {
        "tags": ["a", "b"],
        "summary": "Show a thing.",
        "operationId": "ThingController.show",
        "parameters": [
            {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}},
            {"name": "Accept-Language", "in": "header", "schema": {"type": "string"}},
            {"name": "q", "in": "query", "schema": {"default": {"schema": None}}},
        ],
        "responses": {
            "200": {
                "description": "OK",
                "content": {
                    "text/plain": {"schema": {"type": "string"}},
                    "text/csv": {
                        "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
                        "example": {"schema": "data"},
                    },
                },
                "headers": {"X-Total": {"schema": {"type": "integer"}}},
            },
            "400": {"$ref": "#/components/responses/BadRequest"},
            "422": {"$ref": "#/components/responses/UnprocessableContent"},
            "202": {"description": "Later"},
            "default": {
                "description": "Else",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
            },
        },
        "deprecated": False,
        "x-internal": [{"schema": 1}],
    }
