"""From a route's plan to the source of the callable that answers it."""

import asyncio
import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from framework._binding.failure import INVALID, FaultExplainer
from framework._binding.reading import check_body, read_body
from framework._compiler.extract import emit_extraction, is_hashable
from framework._compiler.source import Source
from framework._pipeline import ErrorAnswer, require_response
from framework._plan import (
    ArgumentPlan,
    Call,
    Encoding,
    FactoryKind,
    LayerPlan,
    Provision,
    ResponsePlan,
    RoutePlan,
    ServicePlan,
)
from framework._responses.choose import ENCODERS
from framework._responses.encoded import EncodedResponse, Head
from framework._responses.response import Response
from framework._services.opening import FINISHERS
from framework._services.scope import close
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

    @property
    def handler(self) -> Any:
        """The coroutine function that answers ``(request)``."""
        return self.namespace[self.entry]


_EXPRESSIONS: dict[Provision, Callable[[Sequence[str]], str]] = {
    Provision.PARAMETER: lambda names: f"p.{names[0]}",
    Provision.BODY: lambda names: names[0],
    Provision.REQUEST: lambda names: names[0],
    Provision.SERVICE: lambda names: names[0],
    Provision.SERVICES: lambda names: f"[{', '.join(names)}]",
}


def _arguments(arguments: Sequence[ArgumentPlan]) -> str:
    parts = []
    for one in arguments:
        expression = _EXPRESSIONS[one.provision](one.variables)
        parts.append(expression if one.positional else f"{one.name}={expression}")
    return ", ".join(parts)


def emit_route(plan: RoutePlan, answer_for: AnswerFor) -> EmittedRoute:
    """Emit the function of a route with all the layers around it."""
    source = Source()
    source.use(StreamResponse=web.StreamResponse, Response=Response, EncodedResponse=EncodedResponse)
    with source.block("async def endpoint(request):"):
        with source.block("try:"):
            for level in plan.layers:
                for guard in level.guards:
                    source.line(f"await {guard}(request)")
            _emit_binding(source, plan)
            _emit_call(source, plan)
        _emit_failure(source, "failed", answer_for(plan.layers))
    entry = _emit_timeout(source, plan, answer_for) if plan.timeout is not None else "endpoint"
    aliases = {} if _made_by_request(plan) else {"controller": plan.controller}
    return _finish(source, plan.layers, entry, answer_for, aliases)


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
    return _finish(source, layers, "endpoint", answer_for, {})


def _made_by_request(plan: RoutePlan) -> bool:
    return any(one.variable == plan.controller for one in plan.services)


def _finish(
    source: Source, layers: Sequence[LayerPlan], entry: str, answer_for: AnswerFor, aliases: Mapping[str, str]
) -> EmittedRoute:
    entry = _emit_layers(source, layers, entry, answer_for)
    return EmittedRoute(source=source.text, namespace=source.run(), entry=entry, aliases=aliases)


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
                    source.line(f"require_response(response, {middleware!r})")
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
        with source.block("try:"), source.block(f"async with timeout({plan.timeout!r}):"):
            source.line("return await endpoint(request)")
        with source.block("except TimeoutError:"):
            source.line(f'error = ServiceUnavailable("No answer within {plan.timeout:g} s")')
            source.line("return await out_of_time(request, error)")
    return "timed"


def _emit_binding(source: Source, plan: RoutePlan) -> None:
    if not plan.parameters and plan.body is None:
        return
    source.use(INVALID=INVALID, explain=FaultExplainer(plan.parameters, plan.body))
    if plan.body is not None:
        source.use(check_body=check_body, read_body=read_body, BODY_LIMIT=plan.body_limit)
        source.line("check_body(request, BODY_LIMIT)")
    before, after = emit_extraction(source, plan.parameters)
    if plan.body is not None:
        source.line("data = await read_body(request, BODY_LIMIT)")
    with source.block("try:"):
        source.lines(before)
        if plan.parameters:
            # Only an object in the query can be a mapping, whose keys are texts.
            keys = ", str_keys=True" if any(one.style == "deepObject" for one in plan.parameters) else ""
            source.line(f"p = convert(raw, Parameters, strict=False{keys})")
        source.lines(after)
        if plan.body is not None:
            _emit_decoding(source, plan)
    with source.block("except INVALID as error:"):
        raw = "raw" if plan.parameters else "{}"
        source.line(f"raise explain({raw}, {'data' if plan.body is not None else 'None'}, error) from None")


def _emit_decoding(source: Source, plan: RoutePlan) -> None:
    body = plan.body
    if body is None:
        return
    source.use(decode=msgspec.json.Decoder(body.annotation).decode)
    # msgspec skips bytes that are not UTF-8 in fields that it ignores; decode() raises for them.
    if body.required:
        source.line("data.isascii() or data.decode()")
        source.line("body = decode(data)")
        return
    default = "BODY_DEFAULT"
    if not is_hashable(body.default):
        # What can be changed is not shared by requests.
        source.use(deepcopy=copy.deepcopy)
        default = "deepcopy(BODY_DEFAULT)"
    source.use(BODY_DEFAULT=body.default)
    source.line("data.isascii() or data.decode()")
    source.line(f"body = decode(data) if data else {default}")


def _emit_call(source: Source, plan: RoutePlan) -> None:
    if not any(one.kind.cleans_up for one in plan.services):
        for service in plan.services:
            _emit_service(source, service)
        _emit_handler(source, plan)
        _emit_result(source, plan, "return ")
        return
    source.use(close=close)
    source.line("opened = []")
    with source.block("try:"):
        for service in plan.services:
            _emit_service(source, service)
        _emit_handler(source, plan)
        _emit_result(source, plan, "response = ")
    with source.block("except BaseException as error:"):
        source.line("raise await close(opened, error)")
    source.line("failure = await close(opened, None)")
    with source.block("if failure is not None:"):
        source.line("raise failure")
    source.line("return response")


_MAKING: dict[FactoryKind, str] = {
    FactoryKind.CALL: "{x} = {call}",
    FactoryKind.ASYNC_CALL: "{x} = await {call}",
    FactoryKind.GENERATOR: "{x} = next(made := {call})",
    FactoryKind.ASYNC_GENERATOR: "{x} = await anext(made := {call})",
    FactoryKind.CONTEXT: "{x} = (made := {call}).__enter__()",
    FactoryKind.ASYNC_CONTEXT: "{x} = await (made := {call}).__aenter__()",
}


def _emit_service(source: Source, service: ServicePlan) -> None:
    make = f"make_{service.variable}"
    source.use(**{make: service.call.target})
    call = f"{make}({_arguments(service.call.arguments)})"
    source.line(_MAKING[service.kind].format(x=service.variable, call=call))
    if service.kind.cleans_up:
        finish = FINISHERS[service.kind]
        source.use(**{finish.__name__: finish})
        source.line(f"opened.append(({finish.__name__}, made))")


def _emit_handler(source: Source, plan: RoutePlan) -> None:
    source.use(handle=plan.handler.target)
    controller = plan.controller if _made_by_request(plan) else "controller"
    arguments = ", ".join(filter(None, (controller, _arguments(_in_order(plan.handler)))))
    if plan.synchronous:
        source.use(to_thread=asyncio.to_thread)
        source.line(f"result = await to_thread(handle, {arguments})")
    else:
        source.line(f"result = await handle({arguments})")


def _in_order(call: Call) -> Sequence[ArgumentPlan]:
    """Pass by position what stands in the order of a plain function's parameters."""
    # PERF: each keyword costs as much as a look-up.
    code = getattr(call.target, "__code__", None)
    names = tuple(one.name for one in call.arguments)
    if code is None or hasattr(call.target, "__wrapped__") or names != code.co_varnames[1 : 1 + len(names)]:
        return call.arguments
    reachable = code.co_argcount - 1
    return [replace(one, positional=True) for one in call.arguments[:reachable]] + list(call.arguments[reachable:])


def _emit_result(source: Source, plan: RoutePlan, target: str) -> None:
    response = plan.response
    if response.encoding is Encoding.PASS:
        source.use(require_response=require_response)
        source.line(f"require_response(result, {plan.label!r})")
        _emit_ready(source, response)
        source.line(f"{target}result")
        return
    source.use(HEAD=_head(response.status, response.media_type))
    encode = ENCODERS.get(response.encoding)
    if encode is not None:
        source.use(encode=encode)
    made = f"EncodedResponse({'None' if encode is None else 'encode(result)'}, HEAD)"
    if not response.may_be_response:
        source.line(f"{target}{made}")
        return
    with source.block("if isinstance(result, StreamResponse):"):
        _emit_ready(source, response)
        source.line(f"{target}result")
    with source.block("else:"):
        source.line(f"{target}{made}")


_head = functools.lru_cache(maxsize=256)(Head)


def _emit_ready(source: Source, response: ResponsePlan) -> None:
    encode = "encode" if response.encoding in ENCODERS else "None"
    with source.block("if isinstance(result, Response):"):
        source.line(f"result.encode({encode}, {response.media_type!r}, {response.status})")
