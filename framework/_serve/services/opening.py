"""Opens services one after the other, as an application does with its singletons when it starts."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from framework._inspect.names import callable_name, describe
from framework._plan import FactoryKind, Provision, ServicePlan
from framework._serve.services.closing import (
    Finalizer,
    close,
    finish_async_context,
    finish_async_generator,
    finish_context,
    finish_generator,
)

__all__ = ("FINISHERS", "open_services")

FINISHERS: dict[FactoryKind, Callable[[Any, BaseException | None], Awaitable[None]]] = {
    FactoryKind.GENERATOR: finish_generator,
    FactoryKind.ASYNC_GENERATOR: finish_async_generator,
    FactoryKind.CONTEXT: finish_context,
    FactoryKind.ASYNC_CONTEXT: finish_async_context,
}


async def _call(made: Any) -> Any:
    return made


async def _await(made: Any) -> Any:
    return await made


async def _next(made: Any) -> Any:
    try:
        return next(made)
    except StopIteration:
        raise RuntimeError(_NEVER.format(callable_name(made))) from None


async def _anext(made: Any) -> Any:
    try:
        return await anext(made)
    except StopAsyncIteration:
        raise RuntimeError(_NEVER.format(callable_name(made))) from None


_NEVER = "The provider {} yielded nothing"


async def _enter(made: Any) -> Any:
    return made.__enter__()


async def _aenter(made: Any) -> Any:
    return await made.__aenter__()


_STARTERS: dict[FactoryKind, Callable[[Any], Awaitable[Any]]] = {
    FactoryKind.CALL: _call,
    FactoryKind.ASYNC_CALL: _await,
    FactoryKind.GENERATOR: _next,
    FactoryKind.ASYNC_GENERATOR: _anext,
    FactoryKind.CONTEXT: _enter,
    FactoryKind.ASYNC_CONTEXT: _aenter,
}


async def open_services(
    plans: Iterable[ServicePlan], around: Mapping[str, Any] = MappingProxyType({})
) -> tuple[dict[str, Any], list[Finalizer]]:
    """Open services in order, given those ``around`` them; return all by variable, and the function that closes them.

    If one fails to open, those before it are closed and its error is raised.
    """
    live = dict(around)
    opened: list[Finalizer] = []
    try:
        for plan in plans:
            live[plan.variable] = plan.value if plan.kind is FactoryKind.VALUE else await _open(plan, live, opened)
    except BaseException as error:
        raised = await close(opened, error)
        if raised is error or raised is None:
            raise
        raise raised from error
    return live, opened


async def _open(plan: ServicePlan, live: dict[str, Any], opened: list[Finalizer]) -> Any:
    try:
        return await _call_provider(plan, live, opened)
    except Exception as error:
        error.add_note(f"The service {plan.label} cannot be opened; its provider is {describe(plan.call.target)}.")
        raise


async def _call_provider(plan: ServicePlan, live: dict[str, Any], opened: list[Finalizer]) -> Any:
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for argument in plan.call.arguments:
        many = argument.provision is Provision.SERVICES
        value = [live[one] for one in argument.variables] if many else live[argument.variables[0]]
        if argument.positional:
            positional.append(value)
        else:
            named[argument.name] = value
    made = plan.call.target(*positional, **named)
    service = await _STARTERS[plan.kind](made)
    if plan.kind.cleans_up:
        opened.append((FINISHERS[plan.kind], made))
    return service
