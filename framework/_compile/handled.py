"""Reads the responses of exception handlers from their annotations, for the document."""

import types
import typing
from collections.abc import Callable
from typing import Any

from framework._inspect.names import type_name
from framework._inspect.signatures import UNSTATED
from framework._inspect.types import unsupported
from framework._plan import HandledPlan
from framework._serve.responses.response import Response
from framework.errors import DefinitionError, InvalidLayerError
from framework.openapi import declared_by

__all__ = ("plan_handled",)

_STATUSES = range(200, 600)
# The media types of encode_untyped().
_AS_IT_IS: dict[Any, str] = {
    str: "text/plain",
    bytes: "application/octet-stream",
    bytearray: "application/octet-stream",
    memoryview: "application/octet-stream",
}


def plan_handled(handler: Any, returns: Any, where: str, report: Callable[[DefinitionError], None]) -> HandledPlan:
    """Return the response of an exception handler by its annotation and ``handles()``, and report errors."""
    declared = declared_by(handler)
    status = declared.status
    if status is not None and status not in _STATUSES:
        what = f"it handles an exception with the status {status!r}, which is not a final status of HTTP"
        report(InvalidLayerError(where, what, hint="use a status from 200 to 599"))
    bodies: dict[str, list[Any]] = {}
    for one in _values(returns):
        refused = None if one in UNSTATED or one in _AS_IT_IS else unsupported(one)
        if refused is not None:
            what = f"it returns a Response of {type_name(one)}, which cannot be encoded ({refused.reason})"
            report(InvalidLayerError(where, what, hint=refused.hint or "use builtins, a Struct or a dataclass"))
        elif one is not type(None):
            bodies.setdefault(_media_type(one, declared.media_type), []).append(one)
    return HandledPlan(
        bodies={name: typing.Union[tuple(some)] for name, some in bodies.items()},  # noqa: UP007  built from a list
        status=status,
        doc=handler.__doc__,
    )


def _media_type(value: Any, declared: str | None) -> str:
    return declared or ("*/*" if value in UNSTATED else _AS_IT_IS.get(value, "application/json"))


def _values(returns: Any) -> list[Any]:
    """Return the types of the values in an annotation: ``Response[A] | Response[B]`` -> A, B; Any if unknown."""
    if typing.get_origin(returns) in (typing.Union, types.UnionType):
        return [value for one in typing.get_args(returns) for value in _values(one)]
    if returns in (typing.NoReturn, typing.Never):
        return []
    arguments = typing.get_args(returns)
    if not arguments or not issubclass(typing.get_origin(returns), Response):
        return [Any]
    inner = arguments[0]
    is_union = typing.get_origin(inner) in (typing.Union, types.UnionType)
    return [type(None) if one is None else one for one in (typing.get_args(inner) if is_union else (inner,))]
