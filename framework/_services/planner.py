"""Plans how what somebody needs is made: once for the process, or once for each request."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.web_request import BaseRequest

from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, Parameter, Signature
from framework._markers import Marker, split_marker
from framework._plan import ArgumentPlan, Call, FactoryKind, Provision, ServicePlan
from framework._services.graph import Provider, ServiceGraph
from framework.container import Lifetime
from framework.errors import (
    CaptiveProviderError,
    CyclicProviderError,
    DefinitionError,
    MissingAnnotationError,
    MissingProviderError,
    RequestInSingletonError,
)
from framework.params import Inject

__all__ = ("BindMarked", "ServicePlanner", "argument_of_request", "is_request", "lifetime_of")

BindMarked: TypeAlias = Callable[[Parameter, Any, Any, str], ArgumentPlan]
"""Binds a parameter that carries a marker of the request: ``(parameter, annotation, marker, where)``."""


def is_request(annotation: Any) -> bool:
    """Tell whether a parameter asks for the request itself."""
    return annotation in (web.Request, BaseRequest)


def argument_of_request(parameter: Parameter) -> ArgumentPlan:
    """Return the argument that is the request itself."""
    return ArgumentPlan(
        name=parameter.name, provision=Provision.REQUEST, variables=("request",), positional=parameter.positional
    )


class ServicePlanner:
    """Collects the services that one consumer needs, in the order in which they are made.

    The planner of the process has no ``singletons`` planner beside it and cannot bind what is in a request.
    """

    def __init__(
        self,
        graph: ServiceGraph,
        report: Callable[[DefinitionError], None],
        *,
        singletons: "ServicePlanner | None" = None,
        bind_marked: BindMarked | None = None,
    ) -> None:
        self._graph = graph
        self._report = report
        self._singletons = singletons
        self._bind_marked = bind_marked
        self._made: dict[Provider, str] = {}
        self._stack: list[Provider] = []
        self._count = 0
        self.services: list[ServicePlan] = []

    def arguments(self, signature: Signature, path: Sequence[str]) -> tuple[ArgumentPlan, ...]:
        """Plan the arguments of a constructor or factory; ``path`` says who asked for it, outermost first."""
        planned: list[ArgumentPlan] = []
        for parameter in signature.parameters:
            try:
                argument = self._argument(parameter, signature.where, path)
            except DefinitionError as error:
                self._report(error)
                continue
            if argument is not None:
                planned.append(argument)
        return tuple(planned)

    def _argument(self, parameter: Parameter, where: str, path: Sequence[str]) -> ArgumentPlan | None:
        if parameter.annotation is MISSING:
            if parameter.default is not MISSING:
                return None
            raise MissingAnnotationError(where, parameter.name)
        annotation, markers = split_marker(parameter.annotation)
        marker: Marker | None = markers[0] if markers else None
        if isinstance(marker, Inject):
            return self.inject(parameter, annotation, where, path, qualifier=marker.qualifier)
        if marker is None and not is_request(annotation):
            return self.inject(parameter, annotation, where, path)
        if self._bind_marked is None:
            raise RequestInSingletonError(where, parameter.name, path[-1])
        if marker is None:
            return argument_of_request(parameter)
        return self._bind_marked(parameter, annotation, marker, where)

    def inject(
        self, parameter: Parameter, annotation: Any, where: str, path: Sequence[str], *, qualifier: str | None = None
    ) -> ArgumentPlan | None:
        """Plan an argument that is a service; ``None`` where the parameter's default has to do."""
        provider = self._graph.find(annotation, qualifier)
        if provider is not None:
            variable = self._need(provider, parameter, where, path)
            return _argument(parameter, Provision.SERVICE, (variable,))
        several = self._graph.find_all(annotation) if qualifier is None else ()
        if several:
            variables = tuple(self._need(one, parameter, where, path) for one in several)
            return _argument(parameter, Provision.SERVICES, variables)
        if parameter.default is not MISSING or self._graph.knows(annotation, qualifier):
            return None  # A registration that could not be read was reported already.
        raise MissingProviderError(
            where, parameter.name, type_name(annotation), path, hint=self._hint(annotation, qualifier)
        )

    def _hint(self, annotation: Any, qualifier: str | None) -> str:
        known = self._graph.qualifiers(annotation)
        name = type_name(annotation)
        if qualifier is not None:
            return f"container.add_scoped({name}, …, qualifier={qualifier!r})" + (
                f"; registered are {', '.join(map(repr, known))}" if known else ""
            )
        if known:
            return (
                f"choose one with Annotated[{name}, Inject({known[0]!r})]; registered are {', '.join(map(repr, known))}"
            )
        return ""

    def _need(self, provider: Provider, parameter: Parameter, where: str, path: Sequence[str]) -> str:
        if provider.lifetime is Lifetime.SINGLETON and self._singletons is not None:
            return self._singletons._need(provider, parameter, where, path)  # noqa: SLF001  another of its kind
        if provider.lifetime is Lifetime.SCOPED and self._singletons is None:
            raise CaptiveProviderError(
                where, parameter.name, path[-1], provider.label, provider.lifetime.value, (*path, provider.label)
            )
        return self.make(provider, path)

    def make(self, provider: Provider, path: Sequence[str] = ()) -> str:
        """Plan a service, and what it needs before it; return the variable that holds it."""
        if provider in self._stack:
            raise _cycle(self._stack[self._stack.index(provider) :])
        known = self._made.get(provider)
        if known is not None and provider.lifetime is not Lifetime.TRANSIENT:
            return known
        self._stack.append(provider)
        try:
            arguments = self.arguments(provider.signature, (*path, provider.label))
        finally:
            self._stack.pop()
        variable = self._variable(provider.label)
        self._made[provider] = variable
        self.services.append(
            ServicePlan(
                variable=variable,
                label=provider.label,
                lifetime=provider.lifetime,
                kind=provider.kind,
                call=Call(target=provider.target, arguments=arguments),
                value=provider.value,
            )
        )
        return variable

    def hold(self, label: str, value: Any) -> str:
        """Keep something that exists already under a variable, as an instance is kept."""
        variable = self._variable(label)
        call = Call(target=type(value), arguments=())
        self.services.append(
            ServicePlan(
                variable=variable,
                label=label,
                lifetime=Lifetime.SINGLETON,
                kind=FactoryKind.VALUE,
                call=call,
                value=value,
            )
        )
        return variable

    def _variable(self, label: str) -> str:
        self._count += 1
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label)
        name = re.sub(r"\W+", "_", words).strip("_").lower()
        return f"{name}_{'s' if self._singletons is None else 'r'}{self._count}"


def lifetime_of(graph: ServiceGraph, signature: Signature) -> Lifetime:
    """Return how long something may live by what it asks for: as long as the process if all of that does."""
    for parameter in signature.parameters:
        annotation, markers = split_marker(parameter.annotation)
        marker = markers[0] if markers else None
        if is_request(annotation) or not isinstance(marker, Inject | None):
            return Lifetime.SCOPED
        qualifier = marker.qualifier if marker is not None else None
        one = graph.find(annotation, qualifier)
        needed = [one] if one is not None else graph.find_all(annotation)
        if any(provider.lifetime is not Lifetime.SINGLETON for provider in needed):
            return Lifetime.SCOPED
    return Lifetime.SINGLETON


def _argument(parameter: Parameter, provision: Provision, variables: tuple[str, ...]) -> ArgumentPlan:
    return ArgumentPlan(name=parameter.name, provision=provision, variables=variables, positional=parameter.positional)


def _cycle(providers: Sequence[Provider]) -> CyclicProviderError:
    # Told from the same place whichever of them was asked for first.
    first = min(range(len(providers)), key=lambda index: providers[index].signature.where)
    turned = [*providers[first:], *providers[:first]]
    return CyclicProviderError(turned[0].signature.where, [*(one.label for one in turned), turned[0].label])
