"""What is read from path, query, headers and cookies, as parameters of an operation."""

import enum
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from framework._plan import FieldPlan, ParameterPlan, RoutePlan, Source
from framework.params import QueryStyle

Build = Callable[..., dict[str, Any]]
Plan = Callable[..., RoutePlan]
Parameter = Callable[..., ParameterPlan]


class Color(enum.Enum):
    """What it looks like."""

    RED = "red"


class Filter(Struct):
    """What is looked for."""

    low: int
    high: int = 9


@pytest.fixture
def parameters(plan: Plan, document: Build) -> Callable[..., list[dict[str, Any]]]:
    """Return the parameters of an operation that has the given ones."""

    def read(*parameters: ParameterPlan, path: str = "/things") -> list[dict[str, Any]]:
        operation = document(plan(path, parameters=parameters))["paths"][path]["get"]
        found: list[dict[str, Any]] = operation.get("parameters", [])
        return found

    return read


Parameters = Callable[..., list[dict[str, Any]]]


def test_path_parameter_is_required(parameters: Parameters, parameter: Parameter) -> None:
    """A path parameter is required, with the constraints of its type."""
    declared = parameter("thing_id", Annotated[int, Meta(ge=1)], "path", description="Which one")
    assert parameters(declared, path="/things/{thing_id}") == [
        {
            "name": "thing_id",
            "in": "path",
            "description": "Which one",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        }
    ]


TEXTS = {"type": "array", "items": {"type": "string"}}
# A name that is repeated is there at least once; between commas nothing is an empty array.
ARRAY = {**TEXTS, "minItems": 1}
DESCRIBED: Any = Annotated[int, Meta(description="How many")]
QUERIES: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (str, {}, {"required": True, "schema": {"type": "string"}}),
    (int, {"default": 5}, {"schema": {"type": "integer", "default": 5}}),
    (int | None, {"default": None}, {"schema": {"type": "integer"}}),
    (int | None, {}, {"required": True, "schema": {"type": "integer"}}),
    (int | str | None, {"default": None}, {"schema": {"anyOf": [{"type": "integer"}, {"type": "string"}]}}),
    (Literal["a", "b"] | None, {"default": None}, {"schema": {"type": "string", "enum": ["a", "b"]}}),
    (Color, {"default": Color.RED}, {"schema": {"$ref": "#/components/schemas/Color", "default": "red"}}),
    (
        list[int],
        {"repeated": True, "default_factory": list},
        {"schema": {"type": "array", "items": {"type": "integer"}, "default": []}},
    ),
    (
        tuple[str | None, ...] | None,
        {"repeated": True, "default": None},
        {"schema": {"type": "array", "items": {"type": "string"}}},
    ),
    (
        set[int],
        {"repeated": True},
        {"required": True, "schema": {**ARRAY, "items": {"type": "integer"}, "uniqueItems": True}},
    ),
    (
        Annotated[int, Meta(description="How many", examples=[3], extra_json_schema={"deprecated": True})],
        {},
        {
            "description": "How many",
            "required": True,
            "deprecated": True,
            "schema": {"type": "integer", "examples": [3]},
        },
    ),
    (
        DESCRIBED | None,
        {"default": None, "description": "The marker wins", "deprecated": True},
        {"description": "The marker wins", "deprecated": True, "schema": {"type": "integer"}},
    ),
]


@pytest.mark.parametrize(("annotation", "settings", "expected"), QUERIES)
def test_query_parameter(
    annotation: Any, settings: dict[str, Any], expected: dict[str, Any], parameters: Parameters, parameter: Parameter
) -> None:
    """A query parameter is required unless it has a default, and never null, which no URL can say."""
    assert parameters(parameter("size", annotation, **settings)) == [{"name": "size", "in": "query", **expected}]


STYLES: list[tuple[str, Any, dict[str, Any]]] = [
    ("form", list[str], {"schema": ARRAY}),
    ("csv", list[str], {"style": "form", "explode": False, "schema": TEXTS}),
    ("pipe", list[str], {"style": "pipeDelimited", "explode": False, "schema": TEXTS}),
    ("deepObject", Filter, {"style": "deepObject", "explode": True, "schema": {"$ref": "#/components/schemas/Filter"}}),
    (
        "deepObject",
        dict[str, int],
        {
            "style": "deepObject",
            "explode": True,
            "schema": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    ),
]


def test_every_style_is_tried() -> None:
    """The table above has a row for each style."""
    assert {style for style, _, _ in STYLES} == {*typing.get_args(QueryStyle)}


@pytest.mark.parametrize(("style", "annotation", "expected"), STYLES)
def test_style(
    style: str, annotation: Any, expected: dict[str, Any], parameters: Parameters, parameter: Parameter
) -> None:
    """The style is OpenAPI's own where repeated keys, its default, are not what is read."""
    declared = parameter("f", annotation, repeated=style != "deepObject", style=style)
    assert parameters(declared) == [{"name": "f", "in": "query", "required": True, **expected}]


def test_scalar_has_no_style(parameters: Parameters, field: Callable[..., FieldPlan]) -> None:
    """Only the collections of a model are written in its style."""
    fields = (field("page", int, default=1), field("tag", list[str], repeated=True, default=()))
    model = ParameterPlan(source=Source.QUERY, variable="p0", annotation=Filter, fields=fields, model=True, style="csv")
    assert parameters(model) == [
        {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
        {
            "name": "tag",
            "in": "query",
            "style": "form",
            "explode": False,
            "schema": {**TEXTS, "default": []},
        },
    ]


def test_model_is_spread(parameters: Parameters, field: Callable[..., FieldPlan]) -> None:
    """Each field of a model is a parameter with its own words; the model's words are about none of them."""
    fields = (
        field("page-size", Annotated[int, Meta(description="How many", le=100)], default=20, attribute="page_size"),
        field("after", str, attribute="after"),
    )
    model = ParameterPlan(
        source=Source.QUERY, variable="p0", annotation=Filter, fields=fields, model=True, description="A page"
    )
    assert parameters(model) == [
        {
            "name": "page-size",
            "in": "query",
            "description": "How many",
            "schema": {"type": "integer", "maximum": 100, "default": 20},
        },
        {"name": "after", "in": "query", "required": True, "schema": {"type": "string"}},
    ]


def test_model_with_a_default(parameters: Parameters, field: Callable[..., FieldPlan]) -> None:
    """Nothing of a model that may be absent as a whole is required."""
    model = ParameterPlan(
        source=Source.QUERY, variable="p0", annotation=Filter, fields=(field("low", int),), model=True, default=None
    )
    assert parameters(model) == [{"name": "low", "in": "query", "schema": {"type": "integer"}}]


def test_headers_and_cookies(parameters: Parameters, parameter: Parameter) -> None:
    """Headers and cookies are parameters of their own locations, also with the name of another."""
    assert parameters(
        parameter("x-request-id", str, "header"),
        parameter("session", str, "cookie", default="none"),
        parameter("session", str),
    ) == [
        {"name": "x-request-id", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "session", "in": "cookie", "schema": {"type": "string", "default": "none"}},
        {"name": "session", "in": "query", "required": True, "schema": {"type": "string"}},
    ]


def test_headers_that_openapi_ignores(parameters: Parameters, parameter: Parameter) -> None:
    """Accept, Content-Type and Authorization are no parameters to OpenAPI."""
    ignored = [parameter(name, str, "header") for name in ("accept", "content-type", "authorization")]
    assert parameters(*ignored) == []


def test_one_name_read_twice(parameters: Parameters, parameter: Parameter) -> None:
    """A name that two parameters read stands once, required where one of them requires it."""
    declared = parameters(parameter("page", int, default=1), parameter("page", int))
    assert declared == [{"name": "page", "in": "query", "required": True, "schema": {"type": "integer", "default": 1}}]
