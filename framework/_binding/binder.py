"""Decides, at start-up, which value of the request fills which argument."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import NODEFAULT, Struct, field
from msgspec.structs import replace

from framework._binding.defaults import named_examples, wrong_defaults, wrong_examples
from framework._binding.parameters import (
    body_mend,
    contradiction,
    default_of,
    owner_of,
    plan_parameter,
    read_type,
    reads_the_same,
)
from framework._inspect.names import type_name
from framework._inspect.signatures import Parameter
from framework._inspect.types import carried_by_query, kind_of, without_unset
from framework._plan import ArgumentPlan, BodyPlan, ParameterPlan, Provision, Source
from framework.errors import (
    BodyNotAllowedError,
    DefinitionError,
    DuplicateParameterError,
    SeveralBodiesError,
    UnboundPlaceholderError,
    UnknownPlaceholderError,
)
from framework.params import Body, Cookie, Header, ParameterMarker, Path, Query

__all__ = ("RequestBinder",)

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SOURCES: dict[type[ParameterMarker], Source] = {
    Path: Source.PATH,
    Query: Source.QUERY,
    Header: Source.HEADER,
    Cookie: Source.COOKIE,
}


class RequestBinder(Struct, kw_only=True):
    """Collects what one route reads of a request, for its handler and all providers that it needs."""

    where: str
    method: str
    path: str
    placeholders: Sequence[str]
    parameters: list[ParameterPlan] = field(default_factory=list)
    body: BodyPlan | None = None
    claimed: dict[str, str] = field(default_factory=dict)
    """The handler's own parameters that could not be bound, or have a marker: nothing else takes their placeholders."""
    _bodies: list[str] = field(default_factory=list)

    def bind_marked(
        self,
        parameter: Parameter,
        annotation: Any,
        marker: ParameterMarker | Body,
        where: str,
        path: Sequence[str] = (),
    ) -> ArgumentPlan:
        """Bind a parameter that carries a marker; raises a DefinitionError.

        ``path`` says who asked for the provider that has the parameter, outermost first.
        """
        annotation = without_unset(annotation)
        if isinstance(marker, Body):
            return self._bind_body(parameter, annotation, where, marker, path)
        return self._bind_parameter(parameter, annotation, marker, where, path)

    def bind_unmarked(self, parameter: Parameter, where: str) -> ArgumentPlan:
        """Bind a handler's parameter by its name, then by its type; raises a DefinitionError."""
        annotation = without_unset(parameter.annotation)
        if parameter.name in self.placeholders:
            return self._bind_parameter(parameter, annotation, Path(), where)
        kind = read_type(annotation, where, parameter.name)
        if carried_by_query(kind):
            return self._bind_parameter(parameter, annotation, Query(), where)
        return self._bind_body(parameter, annotation, where, Body())

    def mistakes(self) -> Iterator[DefinitionError]:
        """Yield what is wrong with all parameters together, when all are bound."""
        taken = {one.field.name for one in self.parameters if one.source is Source.PATH}
        for name in self.placeholders:
            if name not in taken and self.claimed.get(name) != "":
                yield UnboundPlaceholderError(self.where, self.path, name, marker=self.claimed.get(name, ""))
        if len(self._bodies) > 1:
            yield SeveralBodiesError(self.where, self._bodies)
        if self.body is not None:
            yield from wrong_defaults(self.body.type)
            yield from wrong_examples(self.body.type, self.where)
        for one in self.parameters:
            kind = kind_of(one.annotation)
            yield from wrong_defaults(kind)
            yield from wrong_examples(kind, self.where)

    def _bind_body(
        self, parameter: Parameter, annotation: Any, where: str, marker: Body, path: Sequence[str] = ()
    ) -> ArgumentPlan:
        kind = read_type(annotation, where, parameter.name)
        if self.method not in _BODY_METHODS:
            mend = body_mend(type_name(annotation), kind)
            raise BodyNotAllowedError(
                where, parameter.name, type_name(annotation), self.method, mend=mend, needed_by=path
            )
        if self.body is None or where == self.where or self.body.annotation != annotation:
            self._bodies.append(parameter.name)
        default = default_of(parameter, annotation, where)
        self.body = BodyPlan(
            annotation=annotation,
            type=kind,
            required=default is NODEFAULT,
            default=default,
            description=marker.description,
            examples=named_examples(marker, annotation, where, parameter.name),
        )
        return _argument(parameter, Provision.BODY, "body")

    def _bind_parameter(
        self, parameter: Parameter, annotation: Any, marker: ParameterMarker, where: str, path: Sequence[str] = ()
    ) -> ArgumentPlan:
        source = _SOURCES[type(marker)]
        if source is Source.PATH:
            self.claimed[marker.name or parameter.name] = ""
        plan = plan_parameter(parameter, annotation, marker, source=source, where=where)
        if source is Source.PATH and plan.field.name not in self.placeholders:
            raise UnknownPlaceholderError(
                where, parameter.name, plan.field.name, self.path, marked=True, needed_by=path
            )
        variable = self._share(plan)
        return _argument(parameter, Provision.PARAMETER, variable)

    def _share(self, plan: ParameterPlan) -> str:
        """Keep a parameter under a variable; one that is read already in the same way is shared."""
        names = {one.name for one in plan.fields}
        for known in self.parameters:
            if known.source is not plan.source or names.isdisjoint({one.name for one in known.fields}):
                continue
            if reads_the_same(known, plan):
                return known.variable
            shared = contradiction(known, plan)
            if shared is not None:
                raise DuplicateParameterError(self.where, plan.source, shared, (owner_of(known), owner_of(plan)))
        variable = f"p{len(self.parameters)}"
        self.parameters.append(replace(plan, variable=variable))
        return variable


def _argument(parameter: Parameter, provision: Provision, variable: str) -> ArgumentPlan:
    return ArgumentPlan(
        name=parameter.name, provision=provision, variables=(variable,), positional=parameter.positional
    )
