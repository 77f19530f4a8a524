"""Chooses how a handler's answer is planned: as one value, or item by item."""

from typing import Any

from framework._compiler.collect import Mounted
from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, is_async, is_async_generator
from framework._plan import ResponsePlan, StreamKind
from framework._responses.choose import plan_response
from framework._responses.stream_plan import is_stream, mentions_stream, plan_stream
from framework.errors import InvalidHandlerError, InvalidOptionError

__all__ = ("plan_answer",)


def plan_answer(mounted: Mounted, annotation: Any) -> ResponsePlan:
    """Plan the answer of a handler; raises DefinitionErrors where it and its annotation contradict each other."""
    plan = _plan(mounted, annotation)
    if "keep_alive" in mounted.options and (plan.stream is None or plan.stream.kind is not StreamKind.EVENTS):
        raise InvalidOptionError(
            mounted.where,
            f"keep_alive= is for event streams, and it returns {type_name(annotation)}",
            mend="take it out, or annotate the handler -> EventStream[…]",
        )
    return plan


def _plan(mounted: Mounted, annotation: Any) -> ResponsePlan:
    where, function = mounted.where, mounted.function
    status = mounted.options.get("status")
    yields = is_async_generator(function)
    if yields and not is_stream(annotation):
        said = "has no return annotation" if annotation is MISSING else f"is annotated -> {type_name(annotation)}"
        raise InvalidHandlerError(
            where,
            f"it yields, and {said}",
            mend="annotate it -> AsyncIterator[Order] or -> EventStream[Order] with the type that it yields, or return "
            "the value",
        )
    if not mentions_stream(annotation):
        return plan_response(annotation, where=where, status=status)
    if not yields and not is_async(function):
        raise InvalidHandlerError(
            where, f"it is a plain function that returns {type_name(annotation)}", mend="write it as async def"
        )
    silence = {"keep_alive": mounted.options["keep_alive"]} if "keep_alive" in mounted.options else {}
    return plan_stream(annotation, where=where, status=status, awaited=not yields, **silence)
