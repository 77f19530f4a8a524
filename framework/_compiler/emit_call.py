"""Emits how services are opened, the handler is called and services are closed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from msgspec.structs import replace

from framework._compiler.emit_result import emit_result
from framework._compiler.source import Source
from framework._plan import ArgumentPlan, Call, FactoryKind, Provision, RoutePlan, ServicePlan
from framework._services.opening import FINISHERS
from framework._services.scope import close

__all__ = ("emit_call", "emit_run", "made_by_request")

_EXPRESSIONS: dict[Provision, Callable[[Sequence[str]], str]] = {
    Provision.PARAMETER: lambda names: f"p.{names[0]}",
    Provision.BODY: lambda names: names[0],
    Provision.REQUEST: lambda names: names[0],
    Provision.SERVICE: lambda names: names[0],
    Provision.SERVICES: lambda names: f"[{', '.join(names)}]",
    Provision.SOCKET: lambda names: names[0],
}


def _arguments(arguments: Sequence[ArgumentPlan]) -> str:
    parts = []
    for one in arguments:
        expression = _EXPRESSIONS[one.provision](one.variables)
        parts.append(expression if one.positional else f"{one.name}={expression}")
    return ", ".join(parts)


def emit_call(source: Source, plan: RoutePlan) -> None:
    if not any(one.kind.cleans_up for one in plan.services):
        for service in plan.services:
            _emit_service(source, service)
        _emit_handler(source, plan)
        emit_result(source, plan, "return ")
        return
    source.use(close=close)
    source.line("opened = []")
    with source.block("try:"):
        for service in plan.services:
            _emit_service(source, service)
        _emit_handler(source, plan)
        emit_result(source, plan, "response = ")
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
    controller = plan.controller if made_by_request(plan) else "controller"
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


def made_by_request(plan: RoutePlan) -> bool:
    """Tell whether each request makes a controller of its own."""
    return any(one.variable == plan.controller for one in plan.services)


def emit_run(source: Source, plan: RoutePlan, *, reply: str = "", ended: str = "") -> None:
    """Emit the same for a web socket, where nothing is answered.

    ``reply`` and ``ended`` are lines that come before the cleanup, ``reply`` only where the handler has returned.
    """
    cleans_up = any(one.kind.cleans_up for one in plan.services)
    if cleans_up:
        source.use(close=close)
        source.line("opened = []")
    with source.block("try:") if cleans_up else nullcontext():
        for service in plan.services:
            _emit_service(source, service)
        _emit_handler(source, plan)
        source.lines(filter(None, (reply, ended)))
    if cleans_up:
        with source.block("except BaseException as error:"):
            source.lines(filter(None, (ended,)))
            source.line("raise await close(opened, error)")
        source.line("failure = await close(opened, None)")
        with source.block("if failure is not None:"):
            source.line("raise failure")
