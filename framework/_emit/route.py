"""Emits the source of the function that serves a route, from its plan."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from aiohttp import web
from msgspec import Struct

from framework._emit.call import made_by_request
from framework._emit.deprecation import emit_deprecation
from framework._emit.endpoint import emit_endpoint
from framework._emit.layers import AnswerFor, Chain, Passage, constant_of, emit_around, emit_failure, varied_of
from framework._emit.stream import emit_settling
from framework._plan import Encoding, LayerPlan, RoutePlan, StepsPlan
from framework._serve.conversion.output import Output
from framework._serve.errors import require_response
from framework._serve.native_errors import name_after
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.response import Response
from framework._serve.services.threads import WorkerThreads
from framework._source import Source

__all__ = ("Answer", "EmittedRoute", "emit_answer", "emit_route")

Answer: TypeAlias = Callable[[web.Request], Any]
"""Returns the response, or raises the HTTPError."""


class EmittedRoute(Struct, frozen=True, kw_only=True):
    """A compiled route: its source, its namespace, and the outermost function."""

    source: str
    namespace: dict[str, Any]
    entry: str
    aliases: Mapping[str, str]
    """Names in the source for services of the process that have another variable."""
    outputs: tuple[Output, ...] = ()
    """The checks of the values that are sent."""

    @property
    def handler(self) -> Any:
        """The coroutine function ``(request)`` that returns the response."""
        return self.namespace[self.entry]


def emit_route(plan: RoutePlan, answer_for: AnswerFor, threads: WorkerThreads) -> EmittedRoute:
    """Emit the function of a route with all the layers around it; plain functions run in ``threads``."""
    source = Source()
    source.use(in_thread=threads.run)
    source.use(StreamResponse=web.StreamResponse, Response=Response, EncodedResponse=EncodedResponse)
    chain = Chain(plan.layers, plan.steps, answer_for)
    known: Any = {"constant": constant_of(plan.steps), "varied": varied_of(plan.steps)}
    passage = None
    if plan.socket is None:
        passage = Passage(
            source,
            chain.take_innermost(),
            [one for one in plan.steps if one.is_inner],
            may_be_sent=_may_be_sent(plan),
            **known,
        )
    entry = emit_endpoint(source, plan, passage, answer_for)
    aliases = {} if made_by_request(plan) else {"controller": plan.controller}
    source.use(StreamResponse=web.StreamResponse, EncodedResponse=EncodedResponse, require_response=require_response)
    entry = emit_around(source, chain, entry, may_be_sent=_may_be_sent(plan), **known)
    if plan.response.stream is not None and any(level.middlewares for level in plan.layers):
        entry = emit_settling(source, entry)
    if plan.deprecation is not None:
        entry = emit_deprecation(source, plan.deprecation, entry)
    namespace = source.run()
    name_after(namespace[entry], plan.function)
    outputs = tuple(source.outputs)
    return EmittedRoute(source=source.text, namespace=namespace, entry=entry, aliases=aliases, outputs=outputs)


def _may_be_sent(plan: RoutePlan) -> bool:
    """Return whether a handler may have sent its response before it is returned."""
    return plan.socket is not None or plan.response.encoding is Encoding.PASS or plan.response.may_be_response


def emit_answer(
    layers: Sequence[LayerPlan], answer_for: AnswerFor, steps: Sequence[StepsPlan] = ()
) -> Callable[[Answer], EmittedRoute]:
    """Emit a response without a handler (404, 405, 501, OPTIONS), with the layers around it.

    Return a function that makes the route of each response with the same layers.
    """
    source = Source()
    source.use(StreamResponse=web.StreamResponse, EncodedResponse=EncodedResponse, require_response=require_response)
    chain = Chain(layers, steps, answer_for)
    taken = chain.take_innermost()
    with source.block("async def endpoint(request):"):
        if taken:
            passage = Passage(source, taken)
            passage.begin()
            with source.block("try:"):
                passage.enter(lambda: source.line("response = answer(request)"))
            emit_failure(source, "failed", answer_for(layers), target="response = ")
            passage.leave()
        else:
            with source.block("try:"):
                source.line("return answer(request)")
            emit_failure(source, "failed", answer_for(layers))
    entry, text = emit_around(source, chain, "endpoint", may_be_sent=False), source.text

    def make(answer: Answer) -> EmittedRoute:
        return EmittedRoute(source=text, namespace=source.run(answer=answer), entry=entry, aliases={})

    return make
