"""Guards with more parameters than the request: their signatures, and the plans of their arguments for each route."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aiohttp.web_request import BaseRequest
from msgspec import Struct
from msgspec.structs import replace

from framework._compile.binding.binder import RequestBinder
from framework._compile.binding.markers import refuse_foreign, split_marker
from framework._compile.services.keys import is_value
from framework._compile.services.needs import needed_services
from framework._compile.services.planner import ServicePlanner
from framework._inspect.names import type_name
from framework._inspect.signatures import (
    MISSING,
    UNSTATED,
    Parameter,
    Signature,
    accepts,
    called_of,
    is_async,
    positional_names,
    read_signature,
)
from framework._inspect.types import is_model, unsupported, without_none
from framework._plan import ArgumentPlan, GuardPlan, Provision
from framework.errors import (
    DefinitionError,
    InvalidGuardError,
    MissingProviderError,
    UnknownPlaceholderError,
)
from framework.params import Body, File, Form, ParameterMarker, Path

__all__ = ("GuardPlanner", "guard_signature", "is_guard")

_OF_THE_BODY = (Body, Form, File)


def guard_signature(layer: Any) -> Signature | None:
    """Return the signature of a guard with more parameters than the request, ``None`` for any other guard.

    Raises a DefinitionError if it has more parameters and its annotations cannot be read.
    """
    called, own = called_of(layer)
    if not callable(called):
        return None
    try:
        signature = read_signature(called, owner=layer if own else None)
    except DefinitionError:
        if accepts(called, own + 1):
            return None  # Its annotations are not used otherwise.
        raise
    taken = signature.parameters[own:]
    given = layer.keywords if isinstance(layer, functools.partial) else ()
    request = taken[:1] if taken and _is_request(taken[0].annotation) else ()
    others = [one for one in taken[len(request) :] if one.name not in given]
    if all(one.annotation is MISSING and one.default is not MISSING for one in others):
        return None
    first = [replace(one, annotation=BaseRequest, positional=True) for one in request]
    return replace(signature, parameters=tuple(_by_position([*first, *others], positional_names(called)[own:])))


def is_guard(layer: Any) -> bool:
    """Return whether an object can be called as a guard, with the request or with arguments that can be injected."""
    called, own = called_of(layer)
    if not callable(called) or not is_async(called):
        return False
    signature = guard_signature(layer)
    if signature is None:
        return accepts(called, own + 1)
    return not any(one.annotation in UNSTATED and one.default is MISSING for one in signature.parameters)


def _is_request(annotation: Any) -> bool:
    plain = without_none(annotation)
    return annotation in UNSTATED or (isinstance(plain, type) and issubclass(plain, BaseRequest))


def _by_position(parameters: Sequence[Parameter], names: Sequence[str]) -> Iterator[Parameter]:
    """Pass arguments by position as long as they are in the order of the function's parameters."""
    # PERF: each keyword costs as much as a look-up.
    in_order = True
    for index, one in enumerate(parameters):
        in_order = in_order and names[index : index + 1] == (one.name,)
        yield replace(one, positional=one.positional or in_order)


class _Planned(Struct, frozen=True, kw_only=True):
    """A guard whose arguments are planned; the dependencies of its services may still grow."""

    variable: str
    arguments: tuple[ArgumentPlan, ...]
    binder: RequestBinder


class GuardPlanner:
    """Plans the guards of one route in their order, before all its other parts."""

    def __init__(
        self, services: ServicePlanner, binder: RequestBinder, path: str, report: Callable[[DefinitionError], None]
    ) -> None:
        self._services = services
        self._binder = binder
        self._path = path
        self._report = report
        self._guard = ""
        self._planned: dict[str, _Planned] = {}
        self.binder = binder
        """The binder of the guard that is being planned; after all guards, that of the route."""

    @property
    def binders(self) -> Sequence[RequestBinder]:
        """The binder of each guard."""
        return [one.binder for one in self._planned.values()]

    def plan(self, variable: str, name: str, signature: Signature) -> None:
        """Plan the arguments of a guard and report errors; a guard on several levels is planned once."""
        if variable in self._planned:
            return
        self.binder = self._binder.before(len(self._planned) + 1)
        self._guard = name
        arguments = self._arguments(signature)
        self._planned[variable] = _Planned(variable=variable, arguments=arguments, binder=self.binder)
        self.binder = self._binder

    def check(self, parameter: Parameter, marker: Any, where: str, path: Sequence[str]) -> None:
        """Raise a DefinitionError for a parameter that guards of this route cannot read."""
        if self.binder is self._binder:
            return
        if isinstance(marker, _OF_THE_BODY):
            raise InvalidGuardError(
                f"{where}, parameter {parameter.name!r}",
                f"it is read from the body, and the guard {self._guard} runs before the body is read",
                hint="take it in the handler, or decide by path, query, headers or cookies",
                needed_by=path,
            )
        name = marker.name or parameter.name if isinstance(marker, ParameterMarker) else ""
        if isinstance(marker, Path) and name not in self._binder.placeholders:
            raise UnknownPlaceholderError(
                where, parameter.name, name, self._binder.path, guard=self._guard, needed_by=path
            )

    def plans(self) -> tuple[GuardPlan, ...]:
        """Return the plans after all guards are planned."""
        return tuple(self._plan(one) for one in self._planned.values())

    def _plan(self, one: _Planned) -> GuardPlan:
        services = needed_services(self._services.services, (name for each in one.arguments for name in each.variables))
        arguments = (*one.arguments, *(argument for each in services for argument in each.call.arguments))
        return GuardPlan(
            variable=one.variable,
            arguments=one.arguments,
            parameters=tuple(one.binder.parameters),
            services=tuple(each.variable for each in services),
            credentials=tuple(each.variables[0] for each in arguments if each.provision is Provision.CREDENTIAL),
        )

    def _arguments(self, signature: Signature) -> tuple[ArgumentPlan, ...]:
        planned: list[ArgumentPlan] = []
        left = False
        for parameter in signature.parameters:
            try:
                argument = self._argument(parameter, signature.where)
            except DefinitionError as error:
                self._report(error)
                continue
            # After an argument that keeps its default, nothing can be passed by position.
            left |= argument is None
            if argument is not None:
                planned.append(replace(argument, positional=argument.positional and not left))
        return tuple(planned)

    def _argument(self, parameter: Parameter, where: str) -> ArgumentPlan | None:
        refuse_foreign(parameter, where)
        path = (self._path, self._guard)
        try:
            argument = self._services.argument(parameter, where, path)
        except MissingProviderError as error:
            raise _unread(error, parameter, where, path) from None
        plain, _ = split_marker(parameter.annotation)
        if argument is None and plain is not MISSING and is_value(without_none(plain)):
            raise InvalidGuardError(
                f"{where}, parameter {parameter.name!r}",
                "it has no marker, so it is never read from the request and always has its default",
                hint=f"name its source, for example Annotated[{type_name(plain)}, Query()], or leave it out",
            )
        return argument


def _unread(error: MissingProviderError, parameter: Parameter, where: str, path: Sequence[str]) -> MissingProviderError:
    """Return the error for a value that no container has, with a hint where it can be read."""
    plain, marker = split_marker(parameter.annotation)
    if marker or error.where != f"{where}, parameter {parameter.name!r}" or unsupported(plain) is not None:
        return error
    name = type_name(plain)
    hint = f"name its source, for example Annotated[{name}, Query()]"
    body = "; a body is read by the handler alone" if is_model(plain) else ""
    return MissingProviderError(where, parameter.name, name, path, hint=f"{hint}{body}")
