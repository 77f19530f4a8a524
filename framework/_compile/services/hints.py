"""Hints for services without a provider."""

import typing
from typing import Any

from aiohttp import web

from framework._compile.services.graph import ServiceGraph
from framework._compile.services.keys import is_value
from framework._inspect.factories import is_abstract
from framework._inspect.names import type_name
from framework._inspect.types import custom_type_hint, is_model, unsupported, without_none
from framework.container import Lifetime

__all__ = ("hint_for_missing",)

_OR_DEFAULT = "or give the parameter a default"


def hint_for_missing(
    graph: ServiceGraph,
    annotation: Any,
    qualifier: str | None,
    *,
    lifetime: Lifetime,
    reads_request: bool,
    may_be_value: bool,
) -> str:
    """Return the hint for a type without a provider.

    ``reads_request`` means that markers are read there, ``may_be_value`` that values are read without one.
    """
    annotation = without_none(annotation)
    own: str | None = getattr(typing.get_origin(annotation) or annotation, "__provider_hint__", None)
    if own is not None:
        return own
    known = graph.qualifiers(annotation)
    name = type_name(annotation)
    registered = f"; registered are {', '.join(map(repr, known))}" if known else ""
    if qualifier is not None:
        plain = "; it is registered without a qualifier" if graph.knows(annotation) else registered
        return f"{_registering(graph, annotation, lifetime)}, qualifier={qualifier!r}){plain}"
    if known:
        return f"choose one with Annotated[{name}, Inject({known[0]!r})]{registered}"
    if _is_response(annotation):
        return "make the response in the handler, and return it"
    if unsupported(annotation) is None:
        return _hint_for_data(annotation, reads_request=reads_request)
    data = f", or write class {name}(Struct) if it is read from the request" if _looks_like_data(annotation) else ""
    value = f"; if it is a value, {custom_type_hint(name)}" if may_be_value and isinstance(annotation, type) else ""
    return f"{_registering(graph, annotation, lifetime)}){data}, {_OR_DEFAULT}{value}"


def _is_response(annotation: Any) -> bool:
    """Return whether a class is a response class, which has no provider."""
    cls = typing.get_origin(annotation) or annotation
    return isinstance(cls, type) and issubclass(cls, web.StreamResponse)


def _hint_for_data(annotation: Any, *, reads_request: bool) -> str:
    name = type_name(annotation)
    if reads_request:
        marker = "Body" if is_model(annotation) else "Query"
        return f"name its source, for example Annotated[{name}, {marker}()], {_OR_DEFAULT}"
    if is_value(annotation):
        return f"register a function that passes the {name}, {_OR_DEFAULT}"
    return f"container.add_instance({name}, …), {_OR_DEFAULT}"


def _looks_like_data(annotation: Any) -> bool:
    """Return whether a class has only annotated fields, like the models of other frameworks."""
    return bool(vars(annotation).get("__annotations__")) if isinstance(annotation, type) else False


def _registering(graph: ServiceGraph, annotation: Any, lifetime: Lifetime) -> str:
    if typing.get_origin(annotation) is list:
        (annotation,) = typing.get_args(annotation)
    factory = ", …" if is_abstract(annotation) else ""
    passed = "" if graph.has_container else "pass container= to App, with "
    return f"{passed}container.add_{lifetime}({type_name(annotation)}{factory}"
