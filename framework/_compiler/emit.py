"""From a route's plan to the source of the callable that answers it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from msgspec import Struct

from framework._compiler.emit_body import emit_binding
from framework._compiler.emit_call import emit_call, made_by_request
from framework._compiler.emit_deprecation import emit_deprecation
from framework._compiler.emit_result import emit_negotiation
from framework._compiler.emit_security import emit_guards
from framework._compiler.emit_socket import emit_socket
from framework._compiler.emit_stream import emit_settling
from framework._compiler.native_errors import name_after
from framework._compiler.source import Source
from framework._pipeline import ErrorAnswer, require_response
from framework._plan import LayerPlan, RoutePlan
from framework._responses.encoded import EncodedResponse
from framework._responses.output import Output
from framework._responses.response import Response
from framework._services.threads import WorkerThreads
from framework.http_errors import ServiceUnavailable

__all__ = ("EmittedRoute", "emit_answer", "emit_route")

AnswerFor = Callable[[Sequence[LayerPlan]], ErrorAnswer]
"""Gives the ErrorAnswer for a stack of layers, outermost first."""


class EmittedRoute(Struct, frozen=True, kw_only=True):
    """A compiled route: its source, the names that it runs with, and the outermost function."""

    source: str
    namespace: dict[str, Any]
    entry: str
    aliases: Mapping[str, str]
    """Names of the source that stand for a service of the process, whatever it is called there."""
    outputs: tuple[Output, ...] = ()
    """What checks the values that are sent."""

    @property
    def handler(self) -> Any:
        """The coroutine function that answers ``(request)``."""
        return self.namespace[self.entry]


def emit_route(plan: RoutePlan, answer_for: AnswerFor, threads: WorkerThreads) -> EmittedRoute:
    """Emit the function of a route with all the layers around it; plain functions run in ``threads``."""
    source = Source()
    source.use(in_thread=threads.run)
    source.use(StreamResponse=web.StreamResponse, Response=Response, EncodedResponse=EncodedResponse)
    with source.block("async def endpoint(request):"):
        with source.block("try:"):
            if plan.socket is None:
                emit_call(source, plan, lambda: _emit_reading(source, plan))
            else:
                emit_socket(source, plan, plan.socket, lambda: _emit_reading(source, plan))
        _emit_failure(source, "failed", answer_for(plan.layers))
    timed = plan.limits.timeout is not None and plan.socket is None
    entry = _emit_timeout(source, plan, answer_for) if timed else "endpoint"
    aliases = {} if made_by_request(plan) else {"controller": plan.controller}
    entry = _emit_layers(source, plan.layers, entry, answer_for)
    if plan.response.stream is not None and any(level.middlewares for level in plan.layers):
        entry = emit_settling(source, entry)
    if plan.deprecation is not None:
        entry = emit_deprecation(source, plan.deprecation, entry)
    namespace = source.run()
    name_after(namespace[entry], plan.function)
    outputs = tuple(source.outputs)
    return EmittedRoute(source=source.text, namespace=namespace, entry=entry, aliases=aliases, outputs=outputs)


def _emit_reading(source: Source, plan: RoutePlan) -> None:
    emit_guards(source, plan)
    emit_negotiation(source, plan)
    emit_binding(source, plan)


def emit_answer(
    layers: Sequence[LayerPlan], answer: Callable[[web.Request], Any], answer_for: AnswerFor
) -> EmittedRoute:
    """Emit what answers requests that no handler takes (404, 405, 501, OPTIONS) through the layers around it.

    ``answer(request)`` gives the response, or raises the HTTPError.
    """
    source = Source()
    source.use(answer=answer)
    with source.block("async def endpoint(request):"):
        with source.block("try:"):
            source.line("return answer(request)")
        _emit_failure(source, "failed", answer_for(layers))
    entry = _emit_layers(source, layers, "endpoint", answer_for)
    return EmittedRoute(source=source.text, namespace=source.run(), entry=entry, aliases={})


def _emit_layers(source: Source, layers: Sequence[LayerPlan], inner: str, answer_for: AnswerFor) -> str:
    """Fold the middlewares around a function, the innermost first; return the name of the outermost."""
    source.use(StreamResponse=web.StreamResponse, EncodedResponse=EncodedResponse, require_response=require_response)
    number = sum(len(level.middlewares) for level in layers)
    for depth in range(len(layers), 0, -1):
        for middleware in reversed(layers[depth - 1].middlewares):
            number -= 1
            with source.block(f"async def layer_{number}(request):"):
                with source.block("try:"):
                    source.line(f"response = await {middleware}(request, {inner})")
                    # PERF: StreamResponse is an ABC, whose isinstance() is a Python function.
                    source.line("if response.__class__ is EncodedResponse or isinstance(response, StreamResponse):")
                    source.line("    return response")
                    source.line(f"require_response(response, {middleware})")
                _emit_failure(source, f"failed_{number}", answer_for(layers[:depth]))
            inner = f"layer_{number}"
    return inner


def _emit_failure(source: Source, name: str, answer: ErrorAnswer) -> None:
    source.use(**{name: answer})
    with source.block("except Exception as error:"):
        source.line(f"return await {name}(request, error)")


def _emit_timeout(source: Source, plan: RoutePlan, answer_for: AnswerFor) -> str:
    source.use(timeout=asyncio.timeout, ServiceUnavailable=ServiceUnavailable, out_of_time=answer_for(plan.layers))
    with source.block("async def timed(request):"):
        with source.block("try:"), source.block(f"async with timeout({plan.limits.timeout!r}):"):
            source.line("return await endpoint(request)")
        with source.block("except TimeoutError:"):
            source.line(f'error = ServiceUnavailable("No answer within {plan.limits.timeout:g} s")')
            source.line("return await out_of_time(request, error)")
    return "timed"
