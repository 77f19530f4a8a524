"""Plans made by hand, since the document is read from plans alone."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from msgspec import inspect
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework._document.openapi.document import build_document
from framework._plan import (
    BodyPlan,
    Call,
    Encoding,
    FieldPlan,
    MediaPlan,
    ParameterPlan,
    ResponsePlan,
    RoutePlan,
    Source,
)
from framework.formats import JSON
from framework.limits import DEFAULT_LIMITS
from framework.openapi import OpenAPI

Plan: TypeAlias = Callable[..., RoutePlan]
Parameter: TypeAlias = Callable[..., ParameterPlan]
Build: TypeAlias = Callable[..., dict[str, Any]]

_ENCODINGS: dict[Any, tuple[int, Encoding, str | None]] = {
    None: (204, Encoding.NONE, None),
    str: (200, Encoding.TEXT, "text/plain; charset=utf-8"),
    bytes: (200, Encoding.BYTES, "application/octet-stream"),
}
_JSON = (200, Encoding.MSGSPEC, "application/json")


async def show() -> None:
    """Show a thing."""


def make_response(annotation: Any, status: int | None = None) -> ResponsePlan:
    """Plan a response as the return annotation of a handler does."""
    usual, encoding, media_type = _ENCODINGS.get(annotation, _JSON)
    media = () if media_type is None else (MediaPlan(media_type=media_type, encode=bytes),)
    return ResponsePlan(annotation=annotation, status=status or usual, encoding=encoding, media=media, strict=False)


def make_plan(path: str = "/things", method: str = "GET", **settings: Any) -> RoutePlan:
    """Plan a route; ``returns``, ``status`` and ``body`` are written as types and a number."""
    function = settings.pop("function", show)
    response = make_response(settings.pop("returns", None), settings.pop("status", None))
    body = settings.pop("body", None)
    if body is not None and not isinstance(body, BodyPlan):
        body = BodyPlan(annotation=body, type=inspect.type_info(body), required=True)
    defaults: dict[str, Any] = {
        "method": method,
        "path": path,
        "name": "ThingController.show",
        "label": f"ThingController.show (things.py:{len(path)})",
        "function": function,
        "controller": "controller",
        "handler": Call(target=function, arguments=()),
        "synchronous": False,
        "parameters": (),
        "body": body,
        "services": (),
        "response": response,
        "layers": (),
        "formats": (JSON,),
        "limits": DEFAULT_LIMITS,
    }
    return RoutePlan(**(defaults | settings))


def make_field(name: str, annotation: Any, **settings: Any) -> FieldPlan:
    """Plan one name on the wire; it is required unless it has a default."""
    required = not {"default", "default_factory"} & settings.keys()
    described: dict[str, Any] = {"name": name, "type": inspect.type_info(annotation), "required": required}
    return FieldPlan(**(described | settings))


def make_parameter(name: str, annotation: Any, source: str = "query", **settings: Any) -> ParameterPlan:
    """Plan a parameter that is not a model."""
    names = {"required", "default", "default_factory", "repeated"} & settings.keys()
    field = make_field(name, annotation, **{one: settings.pop(one) for one in names})
    return ParameterPlan(source=Source(source), variable="p0", annotation=annotation, fields=(field,), **settings)


def make_document(*routes: RoutePlan, settings: OpenAPI | None = None) -> dict[str, Any]:
    """Build a document and let the validator of the specification read it."""
    document = build_document(settings or OpenAPI(), routes)
    OpenAPIV31SpecValidator(document).validate()
    return document


@pytest.fixture
def plan() -> Plan:
    """Make a RoutePlan."""
    return make_plan


@pytest.fixture
def field() -> Callable[..., FieldPlan]:
    """Make a FieldPlan."""
    return make_field


@pytest.fixture
def parameter() -> Parameter:
    """Make a ParameterPlan of one name."""
    return make_parameter


@pytest.fixture
def document() -> Build:
    """Build and validate a document."""
    return make_document
