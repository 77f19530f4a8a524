"""Plans the commands of an application: which parameters are services, and which the command line fills."""

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import inspect

from framework._compile.injected import Injector
from framework._compile.services.graph import ServiceGraph
from framework._inspect.names import callable_name, describe, type_name, value_name
from framework._inspect.signatures import MISSING, Parameter, read_signature
from framework._inspect.types import (
    carried_by_query,
    is_collection,
    kind_of,
    unsupported,
    without_metadata,
    without_none,
)
from framework._plan.commands import CommandParameter, CommandPlan
from framework.commands import Command
from framework.errors import DefinitionError, InvalidTaskError, MissingAnnotationError

__all__ = ("plan_commands",)

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_Report = Callable[[DefinitionError], None]


def plan_commands(
    commands: Sequence[Any], graph: ServiceGraph, injector: Injector, report: _Report
) -> tuple[CommandPlan, ...]:
    """Return the plans of the commands; report those that cannot be called."""
    known: dict[str, CommandPlan] = {}
    for one in commands:
        try:
            plan = _plan(one if isinstance(one, Command) else Command(one), graph, injector)
        except DefinitionError as error:
            report(error)
        except ExceptionGroup as group:
            several: Any = group.exceptions
            for each in several:
                report(each)
        else:
            other = known.setdefault(plan.name, plan)
            if other is not plan:
                hint = f'give one of them another name: Command({callable_name(plan.function)}, name="other")'
                report(InvalidTaskError(plan.where, f"the command {plan.name} is also {other.where}", hint=hint))
    return tuple(known.values())


def _plan(command: Command, graph: ServiceGraph, injector: Injector) -> CommandPlan:
    function: Any = command.function
    if not callable(function) or isinstance(function, type):
        what = f"{value_name(function)} is among the commands and is not a function"
        raise InvalidTaskError("App", what, hint="write it as commands=[import_products]")
    where = describe(function)
    name = callable_name(function).rpartition(".")[2].strip("_").replace("_", "-").lower()
    name = name if command.name is None else command.name
    if _NAME.fullmatch(name) is None:
        what = f"{name!r} is not the name of a command"
        raise InvalidTaskError(
            where, what, hint='write lower-case words with hyphens: Command(function, name="import")'
        )
    parameters = tuple(_parameters(function, where, graph))
    rest = [one.name for one in parameters if one.repeated and one.required]
    if len(rest) > 1:
        what = f"{' and '.join(rest)} would both take all remaining arguments"
        raise InvalidTaskError(where, what, hint="give one of them a default, so that it is an option")
    injector.prepare(function, (), {one.name: None for one in parameters})
    doc = textwrap.dedent(f"        {function.__doc__ or ''}").strip()
    return CommandPlan(name=name, function=function, where=where, help=doc, parameters=parameters)


def _parameters(function: Any, where: str, graph: ServiceGraph) -> Iterator[CommandParameter]:
    """Yield what the command line fills: values that a string can be, and that are not services."""
    for one in read_signature(function).parameters:
        if one.annotation is MISSING:
            raise MissingAnnotationError(where, one.name)
        if graph.knows(one.annotation) or unsupported(one.annotation) is not None:
            continue
        kind = kind_of(one.annotation)
        if carried_by_query(kind):
            yield _parameter(one, kind)
        else:
            what = f"parameter {one.name!r} is {type_name(one.annotation)}, which no argument can be"
            hint = "take its fields one by one, or register the type in the container"
            raise InvalidTaskError(where, what, hint=hint)


def _parameter(parameter: Parameter, kind: inspect.Type) -> CommandParameter:
    required = parameter.default is MISSING
    plain = kind_of(without_none(parameter.annotation))
    return CommandParameter(
        name=parameter.name,
        annotation=parameter.annotation,
        default=None if required else parameter.default,
        required=required,
        repeated=is_collection(without_metadata(plain)),
        flag=isinstance(without_metadata(plain), inspect.BoolType) and not required,
        description="".join(_descriptions(kind)),
        choices=tuple(_choices(plain)),
    )


def _choices(kind: Any) -> Iterator[str]:
    """Yield the values of an enum or a literal, also of a collection of them."""
    kind = without_metadata(kind)
    if isinstance(kind, inspect.EnumType):
        yield from (str(one.value) for one in kind.cls)
    elif isinstance(kind, inspect.LiteralType):
        yield from (str(one) for one in kind.values if one is not None)
    elif is_collection(kind) and hasattr(kind, "item_type"):
        yield from _choices(kind.item_type)


def _descriptions(kind: inspect.Type) -> Iterator[str]:
    """Yield the outermost description of a type."""
    while isinstance(kind, inspect.Metadata):
        found = (kind.extra_json_schema or {}).get("description")
        if found:
            yield found
            return
        kind = kind.type
