"""Plans how required services are created: once for the process, or once for each request."""

import functools
import re
import types
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from framework._compile.binding.markers import take_marker
from framework._compile.services.graph import Provider, ServiceGraph
from framework._compile.services.hints import hint_for_missing
from framework._compile.services.keys import is_value
from framework._compile.services.needs import is_request, lifetime_of, needed_by
from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, Parameter, Signature, instance_call
from framework._inspect.types import without_none
from framework._plan import ArgumentPlan, Call, FactoryKind, Provision, ServicePlan
from framework.container import Lifetime
from framework.errors import (
    CaptiveProviderError,
    CyclicProviderError,
    DefinitionError,
    InvalidProviderError,
    MissingAnnotationError,
    MissingProviderError,
    NoRequestError,
    RequestInSingletonError,
)
from framework.params import Inject

__all__ = ("BindMarked", "ServicePlanner", "argument_of_request")

BindMarked: TypeAlias = Callable[[Parameter, Any, Any, str, Sequence[str]], ArgumentPlan]
"""Binds a parameter with a marker of the request: ``(parameter, annotation, marker, where, path)``."""


def argument_of_request(parameter: Parameter) -> ArgumentPlan:
    """Return the argument that is the request itself."""
    return ArgumentPlan(
        name=parameter.name, provision=Provision.REQUEST, variables=("request",), positional=parameter.positional
    )


class ServicePlanner:
    """Collects the services that one consumer needs, in the order of their creation.

    The planner of the process has no ``singletons`` planner and cannot bind values of a request. ``no_request`` names
    a consumer outside of requests: a background task. With ``given_request`` the consumer is given a request, and only
    that: an exception handler.
    """

    def __init__(
        self,
        graph: ServiceGraph,
        report: Callable[[DefinitionError], None],
        *,
        singletons: "ServicePlanner | None" = None,
        bind_marked: BindMarked | None = None,
        no_request: str = "",
        given_request: bool = False,
    ) -> None:
        self._graph = graph
        self._report = report
        self._singletons = singletons
        self._bind_marked = bind_marked
        self._no_request = no_request
        self._given_request = given_request
        self._made: dict[Provider, str] = {}
        self._stack: list[Provider] = []
        self._count = 0
        self.services: list[ServicePlan] = []

    def arguments(self, signature: Signature, path: Sequence[str]) -> tuple[ArgumentPlan, ...]:
        """Plan the arguments of a constructor or factory; ``path`` names its dependents, outermost first."""
        planned: list[ArgumentPlan] = []
        for parameter in signature.parameters:
            try:
                argument = self.argument(parameter, signature.where, path)
            except DefinitionError as error:
                self._report(error)
                continue
            if argument is not None:
                planned.append(argument)
        return tuple(planned)

    def argument(self, parameter: Parameter, where: str, path: Sequence[str]) -> ArgumentPlan | None:
        """Plan one argument; ``None`` if the parameter's default is used. Raises a DefinitionError."""
        annotation, marker = take_marker(parameter, where)
        if annotation is MISSING:
            if parameter.default is not MISSING:
                return None
            raise MissingAnnotationError(where, parameter.name)
        if isinstance(marker, Inject):
            return self.inject(parameter, annotation, where, path, qualifier=marker.qualifier)
        if marker is None and not is_request(annotation):
            return self.inject(parameter, annotation, where, path)
        if self._no_request:
            if marker is None and (self._given_request or without_none(annotation) is not annotation):
                return argument_of_request(parameter)
            raise NoRequestError(where, parameter.name, self._no_request, needed_by=path)
        if self._bind_marked is None:
            holder = self._holder()
            called = isinstance(holder.target, type)
            raise RequestInSingletonError(where, parameter.name, holder.label, fixed=holder.adopted, called=called)
        if marker is None:
            return argument_of_request(parameter)
        return self._bind_marked(parameter, annotation, marker, where, path)

    def inject(
        self,
        parameter: Parameter,
        annotation: Any,
        where: str,
        path: Sequence[str],
        *,
        qualifier: str | None = None,
        may_be_value: bool = False,
    ) -> ArgumentPlan | None:
        """Plan an argument that is a service; ``None`` if the parameter's default is used.

        ``may_be_value`` means that the parameter would be read from the request if its type were that of a value.
        """
        provider = self._graph.find(annotation, qualifier)
        if provider is not None:
            variable = self._need(provider, parameter, where, path)
            return _argument(parameter, Provision.SERVICE, (variable,))
        several = self._graph.find_all(annotation) if qualifier is None else ()
        if several:
            variables = tuple(self._need(one, parameter, where, path) for one in several)
            return _argument(parameter, Provision.SERVICES, variables)
        if parameter.default is not MISSING:
            self._check_unread(parameter, annotation, where)
            return None
        if self._graph.knows(annotation, qualifier):
            return None  # An invalid registration was reported already.
        hint = hint_for_missing(
            self._graph,
            annotation,
            qualifier,
            lifetime=Lifetime.SINGLETON if self._singletons is None else Lifetime.SCOPED,
            reads_request=self._bind_marked is not None,
            may_be_value=may_be_value,
        )
        raise MissingProviderError(where, parameter.name, type_name(annotation), path, hint=hint)

    def _check_unread(self, parameter: Parameter, annotation: Any, where: str) -> None:
        """Reject a value with a default and no marker, which looks like a parameter of the request but is not one."""
        holder = self._stack[-1] if self._stack else None
        if holder is None or holder.lifetime is Lifetime.SINGLETON or not isinstance(holder.target, types.FunctionType):
            return
        if is_value(without_none(annotation)):
            name = type_name(annotation)
            raise InvalidProviderError(
                f"{where}, parameter {parameter.name!r}",
                "it has no marker, so it is never read from the request and always has its default",
                hint=f"name its source, for example Annotated[{name}, Query()], or leave it out",
            )

    def _holder(self) -> Provider:
        # A transient service lives as long as its dependent.
        return next(one for one in reversed(self._stack) if one.lifetime is not Lifetime.TRANSIENT)

    def _need(self, provider: Provider, parameter: Parameter, where: str, path: Sequence[str]) -> str:
        if provider.lifetime is Lifetime.SINGLETON and self._singletons is not None:
            return self._singletons._need(provider, parameter, where, path)  # noqa: SLF001  another of its kind
        if provider.lifetime is Lifetime.SCOPED and self._singletons is None:
            self._refuse_cycle(provider)
            holder = self._holder()
            raise CaptiveProviderError(
                where,
                parameter.name,
                holder.label,
                provider.label,
                needed_by=(*path, provider.label),
                fixed=holder.adopted,
                movable=not provider.outermost,
                called=isinstance(holder.target, type) and instance_call(holder.target) is not None,
                instead=getattr(provider.key, "__singleton_hint__", ""),
            )
        return self.make(provider, path)

    def _refuse_cycle(self, provider: Provider) -> None:
        """Raise CyclicProviderError if a provider of any lifetime needs a provider that is being planned."""
        waiting, seen = [[provider]], {provider}
        while waiting:
            way = waiting.pop()
            for one in needed_by(self._graph, way[-1].signature):
                if one in self._stack:
                    raise _cycle([*self._stack[self._stack.index(one) :], *way])
                if one not in seen:
                    seen.add(one)
                    waiting.append([*way, one])

    def make(self, provider: Provider, path: Sequence[str] = ()) -> str:
        """Plan a service after its dependencies; return the variable that holds it."""
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
        plan = ServicePlan(
            variable=variable,
            label=provider.label,
            key=provider.key,
            lifetime=provider.lifetime,
            kind=provider.kind,
            call=Call(target=provider.target, arguments=arguments),
            value=provider.value,
            outermost=provider.outermost,
        )
        self.services.insert(0 if provider.outermost else len(self.services), plan)
        return variable

    def make_settled(self, cls: type[Any], path: Sequence[str] = ()) -> str:
        """Plan an instance of a class with the lifetime of its dependencies; return its variable, "" if it has none."""
        provider = self._graph.settle(cls, lifetime_of)
        if provider is None:
            return ""
        of_process = self._singletons if provider.lifetime is Lifetime.SINGLETON else None
        return (of_process or self).make(provider, path)

    def hold(self, label: str, value: Any) -> str:
        """Keep an existing object under a variable, like a registered instance."""
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

    def derive(self, label: str, variable: str, make: Callable[[Any], Any]) -> str:
        """Keep an object that is derived from a service of the process under its own variable."""
        derived = self._variable(label)
        argument = ArgumentPlan(name="", provision=Provision.SERVICE, variables=(variable,), positional=True)
        call = Call(target=make, arguments=(argument,))
        plan = ServicePlan(variable=derived, label=label, lifetime=Lifetime.SINGLETON, kind=FactoryKind.CALL, call=call)
        self.services.append(plan)
        return derived

    def _variable(self, label: str) -> str:
        self._count += 1
        return f"{_snake_case(label)}_{'s' if self._singletons is None else 'r'}{self._count}"


@functools.lru_cache(maxsize=1024)
def _snake_case(label: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label)
    return re.sub(r"\W+", "_", words).strip("_").lower()


def _argument(parameter: Parameter, provision: Provision, variables: tuple[str, ...]) -> ArgumentPlan:
    return ArgumentPlan(name=parameter.name, provision=provision, variables=variables, positional=parameter.positional)


def _cycle(providers: Sequence[Provider]) -> CyclicProviderError:
    # The message begins with the same provider, whichever was required first.
    first = min(range(len(providers)), key=lambda index: providers[index].signature.where)
    turned = [*providers[first:], *providers[:first]]
    return CyclicProviderError(turned[0].signature.where, [*(one.label for one in turned), turned[0].label])
