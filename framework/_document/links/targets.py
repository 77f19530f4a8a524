"""The values that a link can pass to its target: parameters, by all of their names, and a body."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from framework._document.openapi.parameters import describe_parameters
from framework._document.openapi.responses import precondition_parameters
from framework._plan import Provision, RoutePlan, Source

__all__ = ("LinkTarget", "TargetParameter")


class TargetParameter(NamedTuple):
    """One parameter of an operation."""

    source: Source
    name: str
    """As on the wire."""
    schema: Any
    """A type, or a schema if the framework itself defines the parameter."""

    @property
    def full_name(self) -> str:
        """Return the name with its source as prefix, by which OpenAPI distinguishes parameters of one name."""
        return f"{self.source}.{self.name}"


class LinkTarget:
    """An operation that a link may refer to."""

    def __init__(self, plan: RoutePlan) -> None:
        self.plan = plan

    def __str__(self) -> str:
        return f"{self.plan.method} {self.plan.path}"

    @cached_property
    def parameters(self) -> Sequence[TargetParameter]:
        """All parameters in the OpenAPI document, except those of forms."""
        return [TargetParameter(Source(one["in"]), one["name"], one["schema"]) for one in _described(self.plan)]

    @cached_property
    def _arguments(self) -> Mapping[str, tuple[Source, str]]:
        return _arguments(self.plan)

    def named(self, name: str) -> Sequence[TargetParameter]:
        """Return the parameters of a name: as on the wire, with its source as prefix, or as in the handler."""
        found = [one for one in self.parameters if _is_called(one, name)]
        return found or [one for one in self.parameters if (one.source, one.name) == self._arguments.get(name)]


def _described(plan: RoutePlan) -> list[dict[str, Any]]:
    declared = describe_parameters(plan.all_parameters, {}, {})
    known = {one["name"].lower() for one in declared if one["in"] == "header"}
    return declared + [one for one in precondition_parameters(plan) if one["name"].lower() not in known]


def _is_called(parameter: TargetParameter, name: str) -> bool:
    names = {parameter.name, parameter.full_name}
    # RFC 9110, section 5.1: header names are case-insensitive.
    return name.lower() in map(str.lower, names) if parameter.source is Source.HEADER else name in names


def _arguments(plan: RoutePlan) -> Mapping[str, tuple[Source, str]]:
    """Return the parameters that are one argument of the handler each, by its name."""
    names = {one.variables[0]: one.name for one in plan.handler.arguments if one.provision is Provision.PARAMETER}
    plain = [one for one in plan.all_parameters if not one.model and one.variable in names]
    return {names[one.variable]: (one.source, one.field.name) for one in plain}
