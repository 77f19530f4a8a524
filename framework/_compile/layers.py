"""Checks guards, middlewares and exception handlers, and lets the container build those that are classes."""

import functools
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from framework._compile.declarations.collect import Level
from framework._compile.error_handlers import bind, bind_instance, injected_services, is_error_handler, prepare_call
from framework._compile.guards import guard_signature, is_guard
from framework._compile.handled import plan_handled
from framework._compile.injected import Injector
from framework._compile.services.graph import ServiceGraph
from framework._compile.services.planner import ServicePlanner
from framework._inspect.names import callable_name, describe, describe_class, is_running, type_name, value_name
from framework._inspect.signatures import MISSING, UNSTATED, Signature, accepts, instance_call, is_async, read_signature
from framework._plan import HandledPlan, LayerPlan, ServicePlan
from framework._steps import Layer
from framework.container import Lifetime
from framework.credentials import Credentials, stated_errors, stated_security
from framework.errors import DefinitionError, InvalidLayerError, InvalidOptionError

__all__ = ("LayerPlanner",)

# The statuses of errors.
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
    """Plans each level once for all routes below it."""

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
        self._opened: dict[str, Sequence[ServicePlan]] = {}

    def plan(self, level: Level) -> LayerPlan:
        """Return the plan of a level."""
        known = self._plans.get(level)
        # PERF: most levels have no layers.
        if known is None and not (level.guards or level.middlewares or level.exception_handlers):
            known = self._plans[level] = LayerPlan(level=level.label, where=level.where, first=level.first)
        if known is None:
            guards = [self._variable(one, "guard", level) for one in level.guards]
            middlewares = [self._variable(one, "middleware", level) for one in level.middlewares]
            handlers = [self._variable(one, "exception handler", level) for one in level.exception_handlers.values()]
            layers = (*level.guards, *level.middlewares, *level.exception_handlers.values())
            keys = [self._key(key, level) for key in level.exception_handlers]
            given = dict(zip(guards, level.guards, strict=True))
            known = self._plans[level] = LayerPlan(
                level=level.label,
                where=level.where,
                guards=tuple(guards),
                guarding=_compiled_of(guards, level.guards),
                credentials={name: one for name, one in given.items() if isinstance(one, Credentials)},
                injected={name: self._injected[name] for name in guards if name in self._injected},
                security=tuple(each for one in level.guards for each in stated_security(one)),
                stated=frozenset(name for name, one in given.items() if stated_security(one)),
                raises=tuple(each for one in level.guards for each in stated_errors(one)),
                middlewares=tuple(middlewares),
                compiled=_compiled_of(middlewares, level.middlewares),
                exception_handlers=dict(zip(keys, handlers, strict=True)),
                handled={
                    key: self._handled(one, level)
                    for key, one in zip(keys, level.exception_handlers.values(), strict=True)
                },
                handler_services=tuple(each for one in handlers for each in self._opened.get(one, ())),
                names=dict(zip((*guards, *middlewares, *handlers), map(_name_of, layers), strict=True)),
                first=level.first,
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
        if role == "middleware" and _is_compiled(layer):
            return self._compiled(layer, level)
        _check(layer, role, level)
        if role == "guard" and isinstance(layer, Layer) and self._has_mistakes(layer.guard_mistakes(), level):
            return ""
        variable = self.keep(layer, _SHAPES[role].name, level)
        if role == "exception handler" and variable:
            return self._with_services(layer, variable)
        signature = guard_signature(layer) if role == "guard" else None
        if signature is not None and variable:
            self._injected[variable] = signature
        return variable

    def _compiled(self, layer: Any, level: Level) -> str:
        """Return the variable of a compiled middleware if its options are valid."""
        name = callable_name(layer if isinstance(layer, type) else type(layer))
        if isinstance(layer, type):
            raise InvalidLayerError(
                level.where, f"{name} is given as a middleware of {level.label}", hint=f"give an instance: {name}()"
            )
        return "" if self._has_mistakes(layer.mistakes(), level) else self._process.hold(name, layer)

    def _has_mistakes(self, mistakes: Iterable[tuple[str, str]], level: Level) -> bool:
        found = list(mistakes)
        for what, hint in found:
            self._report(InvalidOptionError(level.where, what, hint=hint))
        return bool(found)

    def _with_services(self, layer: Any, variable: str) -> str:
        """Return the variable of an exception handler with only the parameters request and error."""
        parameters = injected_services(layer)
        if not parameters:
            return variable
        call = prepare_call(layer, parameters, self._graph, self._injector)
        name = callable_name(layer)
        if isinstance(layer, type):
            bound = self._process.derive(name, variable, functools.partial(bind_instance, call))
        else:
            bound = self._process.hold(name, bind(call, layer))
        self._opened[bound] = call.services
        return bound

    def keep(self, layer: Any, role: str, level: Level) -> str:
        """Return the variable of an object that lives as long as the process: an instance, or a class that is built."""
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


def _compiled_of(names: Sequence[str], layers: Sequence[Any]) -> dict[str, Layer]:
    pairs = zip(names, layers, strict=True)
    return {name: one for name, one in pairs if name and isinstance(one, Layer)}


def _name_of(layer: Any) -> str:
    # A layer that is given as a guard wraps the function whose parameters it has.
    return callable_name(type(layer) if isinstance(layer, Layer) else layer)


def _is_compiled(layer: Any) -> bool:
    return isinstance(layer, Layer) or (isinstance(layer, type) and issubclass(layer, Layer))


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


# Annotations without a result, or with an exception as the only result.
_UNSAID = (*UNSTATED, typing.NoReturn, typing.Never)
_NOTHING = (None, type(None))


def _signature(layer: Any) -> Signature | None:
    """Return the signature of a layer; ``None`` if its annotations cannot be read, which are not used otherwise."""
    is_class = isinstance(layer, type)
    try:
        return read_signature(instance_call(layer) if is_class else layer, owner=layer if is_class else None)
    except DefinitionError:
        return None


def _check_result(layer: Any, role: str, level: Level) -> None:
    """Reject guards that return whether the request is admitted, and other layers that return no response."""
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
