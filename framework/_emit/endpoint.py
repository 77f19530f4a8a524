"""Emits the endpoint of a route: from the guards to the response, with the compiled middlewares next to it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from framework._emit.body import emit_binding
from framework._emit.call import emit_call
from framework._emit.guards import emit_guards
from framework._emit.layers import AnswerFor, Passage, emit_failure
from framework._emit.result import emit_negotiation
from framework._emit.socket import emit_socket
from framework._plan import Encoding, RoutePlan
from framework._source import Source
from framework.expiry import EXPIRY, Expiry
from framework.http_errors import ServiceUnavailable

__all__ = ("emit_endpoint",)


def emit_endpoint(source: Source, plan: RoutePlan, passage: Passage | None, answer_for: AnswerFor) -> str:
    """Emit the endpoint and its timeout; return the name of the outermost function.

    ``passage`` has the lines of the compiled middlewares, ``None`` for a web socket.
    """
    source.use(failed=answer_for(plan.layers))
    timed = plan.limits.timeout is not None and plan.socket is None
    if passage is not None and not (passage.is_quiet and (_is_prepared(plan) or not passage.has_headers)):
        _emit_passed(source, plan, passage)
        return "endpoint"
    with source.block("async def endpoint(request):"):
        _emit_expiry(source, plan)
        with source.block("try:"):
            if plan.socket is None:
                emit_call(source, plan, lambda: _emit_reading(source, plan, passage))
            else:
                emit_socket(source, plan, plan.socket, lambda: _emit_reading(source, plan, None))
        if passage is not None and passage.has_headers:
            emit_failure(source, "failed", target="response = ")
            passage.emit_headers(always=True)
            source.line("return response")
        else:
            emit_failure(source, "failed")
    return _emit_timeout(source, plan, answer_for) if timed else "endpoint"


def _is_prepared(plan: RoutePlan) -> bool:
    """Return whether all responses of a handler, except errors, have the prepared head of its route."""
    response = plan.response
    return (
        plan.limits.timeout is None
        and response.stream is None
        and not (response.may_be_response or response.conditional or response.ranges)
        and response.encoding is not Encoding.PASS
    )


def _emit_passed(source: Source, plan: RoutePlan, passage: Passage) -> None:
    """Emit an endpoint with one exit for all responses."""

    def call() -> None:
        with _timed(source, plan.limits.timeout):
            emit_call(source, plan, lambda: _emit_reading(source, plan, passage), "response = ")

    with source.block("async def endpoint(request):"):
        _emit_expiry(source, plan)
        passage.begin()
        with source.block("try:"):
            passage.enter(call)
        emit_failure(source, "failed", target="response = ")
        passage.leave()


def _emit_expiry(source: Source, plan: RoutePlan) -> None:
    """Emit where the end of the credentials is recorded, if the response is long and ends with them."""
    if plan.ends_with_credentials:
        source.use(EXPIRY=EXPIRY, Expiry=Expiry)
        source.line("EXPIRY.set(expiry := Expiry())")


def _emit_reading(source: Source, plan: RoutePlan, passage: Passage | None) -> None:
    emit_guards(source, plan)
    if passage is not None:
        passage.enter_behind(1)
    emit_negotiation(source, plan)
    emit_binding(source, plan)
    if passage is not None:
        passage.enter_behind(2)


@contextmanager
def _timed(source: Source, seconds: float | None) -> Iterator[None]:
    """Emit a timeout around the lines that are emitted inside."""
    if seconds is None:
        yield
        return
    source.use(timeout=asyncio.timeout, ServiceUnavailable=ServiceUnavailable)
    with source.block("try:"), source.block(f"async with timeout({seconds!r}) as limit:"):
        yield
    with source.block("except TimeoutError:"):
        # A TimeoutError of the handler itself is an unhandled exception.
        with source.block("if not limit.expired():"):
            source.line("raise")
        source.line(f"raise {_late(seconds)} from None")


def _emit_timeout(source: Source, plan: RoutePlan, answer_for: AnswerFor) -> str:
    source.use(timeout=asyncio.timeout, ServiceUnavailable=ServiceUnavailable, out_of_time=answer_for(plan.layers))
    with source.block("async def timed(request):"):
        with source.block("try:"), source.block(f"async with timeout({plan.limits.timeout!r}):"):
            source.line("return await endpoint(request)")
        with source.block("except TimeoutError:"):
            source.line(f"error = {_late(plan.limits.timeout)}")
            source.line("return await out_of_time(request, error)")
    return "timed"


def _late(seconds: float | None) -> str:
    """Return the expression of the error of a route that takes too long."""
    return f'ServiceUnavailable("No response within {seconds:g} s")'
