"""Chooses how a handler's response is planned: as one value, or item by item."""

from collections.abc import Sequence
from typing import Any

from framework._compile.declarations.collect import Mounted, Report
from framework._compile.responses.streams import is_stream, mentions_stream, plan_stream
from framework._compile.responses.values import plan_response
from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, is_async, is_async_generator
from framework._plan import ResponsePlan, StreamKind
from framework.errors import InvalidHandlerError, InvalidOptionError
from framework.formats import Format

__all__ = ("plan_result",)


def plan_result(
    mounted: Mounted, annotation: Any, method: str, formats: Sequence[Format], report: Report
) -> ResponsePlan:
    """Plan the response of a handler; raises DefinitionErrors if the handler contradicts its annotation."""
    options: Any = mounted.options
    plan = _plan_stream(mounted, annotation, report)
    if plan is None:
        plan = plan_response(
            annotation, where=mounted.where, method=method, options=options, formats=formats, report=report
        )
    if "keep_alive" in mounted.options and (plan.stream is None or plan.stream.kind is not StreamKind.EVENTS):
        raise InvalidOptionError(
            mounted.where,
            f"keep_alive= is for event streams, and it returns {type_name(annotation)}",
            hint="take it out, or annotate the handler -> EventStream[…]",
        )
    return plan


def _plan_stream(mounted: Mounted, annotation: Any, report: Report) -> ResponsePlan | None:
    where, function = mounted.where, mounted.function
    yields = is_async_generator(function)
    if yields and not is_stream(annotation):
        said = "has no return annotation" if annotation is MISSING else f"is annotated -> {type_name(annotation)}"
        raise InvalidHandlerError(
            where,
            f"it yields, and {said}",
            hint="annotate it -> AsyncIterator[Order] or -> EventStream[Order] with the type that it yields, or return "
            "the value",
        )
    if not mentions_stream(annotation):
        return None
    if not yields and not is_async(function):
        raise InvalidHandlerError(
            where, f"it is a plain function that returns {type_name(annotation)}", hint="write it as async def"
        )
    options: Any = mounted.options
    return plan_stream(annotation, where=where, options=options, awaited=not yields, report=report)
