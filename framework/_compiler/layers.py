"""Guards, middlewares and exception handlers: checked, and classes among them built by the container."""

import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aiohttp import web

from framework._compiler.collect import Level
from framework._compiler.error_handlers import bind, bind_instance, injected_services, is_error_handler, prepare_call
from framework._compiler.guards import guard_signature, is_guard
from framework._compiler.handled import plan_handled
from framework._compiler.injected import Injector
from framework._inspect.names import callable_name, describe, describe_class, is_running, type_name, value_name
from framework._inspect.signatures import MISSING, UNSTATED, Signature, accepts, instance_call, is_async, read_signature
from framework._plan import HandledPlan, LayerPlan
from framework._services.graph import ServiceGraph
from framework._services.planner import ServicePlanner
from framework.container import Lifetime
from framework.errors import DefinitionError, InvalidLayerError
from framework.schemes import Credentials, stated_security

__all__ = ("LayerPlanner",)

# The statuses that an error answers with.
_ERRORS = range(400, 600)


class _Shape(NamedTuple):
    name: str
    arguments: int
    written: str
    as_class: str = "a class with such a __call__"


_SHAPES: Mapping[str, _Shape] = {
    "guard": _Shape("a guard", 1, "async def guard(request) -> None, with every other parameter annotated"),
    "middleware": _Shape(
        "a middleware",
        2,
        "async def middleware(request, call_next)",
        "a class with such a __call__, whose constructor takes its services",
    ),
    "exception handler": _Shape(
        "an exception handler", 2, "async def handler(request, error), with services as its other parameters"
    ),
}


class LayerPlanner:
    """Plans each level once, whatever the number of routes below it."""

    def __init__(
        self,
        graph: ServiceGraph,
        process: ServicePlanner,
        injector: Injector,
        report: Callable[[DefinitionError], None],
    ) -> None:
        self._graph = graph
        self._injector = injector
        self._process = process
        self._report = report
        self._plans: dict[Level, LayerPlan] = {}
        self._variables: dict[tuple[int, str], str] = {}
        self._injected: dict[str, Signature] = {}

    def plan(self, level: Level) -> LayerPlan:
        """Return the plan of a level."""
        known = self._plans.get(level)
        if known is None:
            guards = [self._variable(one, "guard", level) for one in level.guards]
            middlewares = [self._variable(one, "middleware", level) for one in level.middlewares]
            handlers = [self._variable(one, "exception handler", level) for one in level.exception_handlers.values()]
            layers = (*level.guards, *level.middlewares, *level.exception_handlers.values())
            keys = [self._key(key, level) for key in level.exception_handlers]
            credentials = zip(guards, level.guards, strict=True)
            known = self._plans[level] = LayerPlan(
                level=level.label,
                guards=tuple(guards),
                credentials={name: one for name, one in credentials if isinstance(one, Credentials)},
                injected={name: self._injected[name] for name in guards if name in self._injected},
                security=tuple(each for one in level.guards for each in stated_security(one)),
                middlewares=tuple(middlewares),
                exception_handlers=dict(zip(keys, handlers, strict=True)),
                handled={
                    key: self._handled(one, level)
                    for key, one in zip(keys, level.exception_handlers.values(), strict=True)
                },
                names=dict(zip((*guards, *middlewares, *handlers), map(callable_name, layers), strict=True)),
            )
        return known

    def _handled(self, handler: Any, level: Level) -> HandledPlan:
        signature = _signature(handler) if callable(handler) else None
        returns, where = (MISSING, level.where) if signature is None else (signature.returns, signature.where)
        return plan_handled(handler, returns, where, self._report)

    def _key(self, key: Any, level: Level) -> type[Exception] | int:
        status = isinstance(key, int) and not isinstance(key, bool) and key in _ERRORS
        if not status and not (isinstance(key, type) and issubclass(key, Exception)):
            self._report(
                InvalidLayerError(
                    level.where,
                    f"an exception handler is registered for {type_name(key)}",
                    hint="register it for one Exception class or one status from 400 to 599",
                )
            )
        return key  # type: ignore[no-any-return]  # checked above

    def _variable(self, layer: Any, role: str, level: Level) -> str:
        known = self._variables.get((id(layer), role))
        if known is None:
            try:
                known = self._variables[id(layer), role] = self._make(layer, role, level)
            except DefinitionError as error:
                self._report(error)
                return ""
            except ExceptionGroup as group:
                for each in group.exceptions:
                    self._report(each)  # type: ignore[arg-type]  # an injector raises no others
                return ""
        return known

    def _make(self, layer: Any, role: str, level: Level) -> str:
        if role == "guard" and isinstance(layer, Credentials):
            return self._process.hold(callable_name(type(layer)), layer)
        _check(layer, role, level)
        variable = self.keep(layer, _SHAPES[role].name, level)
        if role == "exception handler" and variable:
            return self._with_services(layer, variable)
        signature = guard_signature(layer) if role == "guard" else None
        if signature is not None and variable:
            self._injected[variable] = signature
        return variable

    def _with_services(self, layer: Any, variable: str) -> str:
        """Return the variable of an exception handler that takes no more than request and error."""
        parameters = injected_services(layer)
        if not parameters:
            return variable
        call = prepare_call(layer, parameters, self._graph, self._injector)
        name = callable_name(layer)
        if isinstance(layer, type):
            return self._process.derive(name, variable, functools.partial(bind_instance, call))
        return self._process.hold(name, bind(call, layer))

    def keep(self, layer: Any, role: str, level: Level) -> str:
        """Return the variable of what lives as long as the process: an instance, or a class that is built once."""
        if not isinstance(layer, type):
            return self._process.hold(callable_name(layer if callable(layer) else type(layer)), layer)
        provider = self._graph.adopt(layer)
        if provider is None:
            return ""
        if provider.lifetime is Lifetime.SCOPED:
            raise InvalidLayerError(
                provider.signature.where,
                f"it is given as {role} of {level.label}, which lives as long as the process, "
                "and it is registered as scoped",
                hint="register it as a singleton, or not at all",
            )
        return self._process.make(provider)


def _check(layer: Any, role: str, level: Level) -> None:
    shape = _SHAPES[role]
    count = shape.arguments
    if role == "guard":
        fits = is_guard(layer)
    elif role == "exception handler":
        fits = is_error_handler(layer)
    elif isinstance(layer, type):
        called = getattr(layer, "__call__", None)  # noqa: B004  the function itself is wanted, not whether there is one
        fits = callable(called) and is_async(called) and accepts(called, count + 1)
    else:
        fits = callable(layer) and is_async(layer) and accepts(layer, count)
    if not fits:
        where = level.where
        if callable(layer):
            where = describe_class(layer) if isinstance(layer, type) else describe(layer)
        raise InvalidLayerError(
            where,
            f"{callable_name(layer) if callable(layer) else value_name(layer)} is given as {shape.name} "
            f"of {level.label} and cannot be called as one",
            hint="give the function itself, without calling it"
            if is_running(layer)
            else f"write it as {shape.written}, or as {shape.as_class}",
        )
    _check_result(layer, role, level)


# What says nothing of a result, or that there is none but an exception.
_UNSAID = (*UNSTATED, typing.NoReturn, typing.Never)
_NOTHING = (None, type(None))


def _signature(layer: Any) -> Signature | None:
    """Return what a layer is annotated with; ``None`` if that cannot be read, which nobody else needs."""
    is_class = isinstance(layer, type)
    try:
        return read_signature(instance_call(layer) if is_class else layer, owner=layer if is_class else None)
    except DefinitionError:
        return None


def _check_result(layer: Any, role: str, level: Level) -> None:
    """Refuse a guard that would tell by its result whether it admits, and other layers that give no response."""
    signature = _signature(layer)
    if signature is None:
        return
    returns = signature.returns
    if role == "guard" and returns in UNSTATED:
        raise InvalidLayerError(
            signature.where,
            f"it is given as a guard of {level.label} and does not say that it returns nothing",
            hint="annotate it -> None, and raise Forbidden or another HTTPError to refuse",
        )
    fits = returns in _NOTHING if role == "guard" else _may_be_response(returns)
    if returns not in _UNSAID and not fits:
        raise InvalidLayerError(
            signature.where,
            f"it is given as {_SHAPES[role].name} of {level.label} and returns {type_name(returns)}",
            hint=_RESULTS[role],
        )


_RESULTS = {
    "guard": "raise Forbidden or another HTTPError to refuse, and annotate it -> None: nobody looks at its result",
    "middleware": "return what call_next gives, or a Response, and say so in the annotation",
    "exception handler": "return a Response, and say so in the annotation",
}


def _may_be_response(returns: Any) -> bool:
    if typing.get_origin(returns) in (typing.Union, types.UnionType):
        return any(map(_may_be_response, typing.get_args(returns)))
    made = typing.get_origin(returns) or returns
    return returns not in _NOTHING and (not isinstance(made, type) or issubclass(made, web.StreamResponse))
