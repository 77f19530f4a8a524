"""Plans links between operations: finds their targets and checks their values, after all routes are planned."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from msgspec import UNSET, inspect
from msgspec.structs import replace

from framework._compile.binding.defaults import misfit
from framework._compile.declarations.collect import Mounted, Report
from framework._compile.urls import wire_text
from framework._document.links.callbacks import check_callbacks
from framework._document.links.expressions import LinkError, expression_errors, is_expression
from framework._document.links.targets import LinkTarget
from framework._inspect.names import callable_name, value_name
from framework._inspect.types import is_collection
from framework._plan import BodyKind, LinkedParameter, LinkPlan, RoutePlan, Source
from framework._serve.validation.kinds import form_of
from framework.errors import InvalidLinkError
from framework.openapi import Link

__all__ = ("plan_links",)

# OpenAPI 3.1, section 4.8.7.
_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")


class _Operation(NamedTuple):
    mounted: Mounted
    target: LinkTarget

    @property
    def plan(self) -> RoutePlan:
        return self.target.plan

    @property
    def options(self) -> Mapping[str, Any]:
        return self.mounted.options


def plan_links(mounted: Sequence[Mounted], routes: Sequence[RoutePlan], report: Report) -> list[RoutePlan]:
    """Return the routes of an app with their links and callbacks; report errors."""
    by_place = {(method, one.template.text, one.socket): one for one in reversed(mounted) for method in one.methods}
    operations = [_Operation(by_place[one.method, one.path, one.socket is not None], LinkTarget(one)) for one in routes]
    planned = {id(one.mounted) for one in operations}
    broken = {key for one in mounted if id(one) not in planned for key in (one.name, id(one.function))}
    planner = _LinkPlanner(operations, broken, report)
    return [planner.plan(one) for one in operations]


class _LinkPlanner:
    """Plans the links between some operations; ``broken`` are names and ids of handlers that have errors themselves."""

    def __init__(self, operations: Sequence[_Operation], broken: AbstractSet[str | int], report: Report) -> None:
        self._known: dict[str | int, list[_Operation]] = {}
        for one in operations:
            for key in (one.mounted.name, id(one.mounted.function)):
                self._known.setdefault(key, []).append(one)
        self._broken = broken
        self._report = report

    def plan(self, operation: _Operation) -> RoutePlan:
        """Return the plan of an operation with its links and callbacks."""
        plan, options = operation.plan, operation.options
        links = [self._plan(name, link, operation) for name, link in options.get("links", {}).items()]
        callbacks = check_callbacks(plan, options.get("callbacks", {}), self._report)
        return replace(plan, links=tuple(one for one in links if one is not None), callbacks=callbacks)

    def _plan(self, name: str, link: Link, origin: _Operation) -> LinkPlan | None:
        where = f"{origin.plan.label}, link {name!r}"
        errors = list(_own_errors(name, link, origin.plan))
        keys = _keys(link.target, origin.mounted)
        targets = next((self._known[one] for one in keys if one in self._known), [])
        chosen = _chosen(targets, link, origin)
        if not chosen and self._broken.isdisjoint(keys):
            errors.append(self._unknown_target(link.target, origin))
        elif len(chosen) > 1:
            listed = ", ".join(sorted(str(one.target) for one in chosen))
            errors.append((f"its target {_label(link.target)} is several operations: {listed}", _APART))
        elif chosen and chosen[0].mounted.socket:
            errors.append((f"its target {_label(link.target)} is a web socket, not an operation", _TARGETS))
        elif chosen:
            errors.extend(_target_errors(link, chosen[0].target))
        for what, hint in errors:
            self._report(InvalidLinkError(where, what, hint=hint))
        return _planned(name, link, chosen[0].target) if chosen and not errors else None

    def _unknown_target(self, target: Any, origin: _Operation) -> LinkError:
        if not (isinstance(target, str) or callable(target)):
            return f"its target {value_name(target)} is neither a handler nor the name of a route", _TARGETS
        # Neither the route itself nor a web socket is a likely target.
        names = [
            key
            for key, found in self._known.items()
            if isinstance(key, str) and any(one.plan is not origin.plan and not one.mounted.socket for one in found)
        ]
        near = difflib.get_close_matches(str(target), names, n=1)
        hint = f"write {near[0]!r}" if near else _TARGETS
        return f"its target {_label(target)} is not an operation of this app", hint


_TARGETS = "name a handler that is mounted, or a route as url_for does: Link('OrderController.show')"
_APART = "give each a decorator with its own name=, and link to a name"


def _label(target: Any) -> str:
    return repr(target) if isinstance(target, str) else callable_name(target)


def _keys(target: Any, origin: Mounted) -> list[str | int]:
    """Return the keys that a target may be registered under: its name, nearest scope first, or the id of a handler."""
    return [f"{scope}{target}" for scope in _scopes(origin)] if isinstance(target, str) else [id(target)]


def _scopes(mounted: Mounted) -> Iterator[str]:
    """Yield the prefixes of a name: the route's own controller, its routers from the inside out, none."""
    own = f"{callable_name(mounted.controller)}.{mounted.attribute}"
    routers = mounted.name.removesuffix(mounted.options.get("name") or own)
    yield f"{routers}{callable_name(mounted.controller)}."
    while routers:
        yield routers
        routers = routers.rstrip(".").rpartition(".")[0]
        routers = f"{routers}." if routers else ""
    yield ""


def _chosen(targets: Sequence[_Operation], link: Link, origin: _Operation) -> Sequence[_Operation]:
    """Return, of several operations, those whose parameters fit the values, and of those the nearest to the route."""
    fitting = [one for one in targets if not list(_name_errors(link, one.target))] if len(targets) > 1 else targets
    # If the values fit no operation, the errors of the first are reported.
    known = fitting or targets[:1]
    nearness = [_shared_levels(one.mounted, origin.mounted) for one in known]
    return [one for one, shared in zip(known, nearness, strict=True) if shared == max(nearness)]


def _shared_levels(one: Mounted, other: Mounted) -> int:
    pairs = list(zip(one.levels, other.levels, strict=False))
    return next((number for number, (a, b) in enumerate(pairs) if a is not b), len(pairs))


# Errors


def _own_errors(name: str, link: Link, plan: RoutePlan) -> Iterator[LinkError]:
    if not _NAME.match(name):
        yield f"its name {name!r} is not allowed by OpenAPI", "use letters, digits, '.', '-' and '_'"
    for given, value in {**link.parameters, "request_body": link.request_body}.items():
        if is_expression(value):
            yield from ((f"{given}={what}", hint) for what, hint in expression_errors(value, plan))


def _target_errors(link: Link, target: LinkTarget) -> Iterator[LinkError]:
    yield from _name_errors(link, target)
    for name, value in link.parameters.items():
        for one in target.named(name)[:1]:
            yield from _parameter_errors(name, value, one.schema)
    if link.request_body is not UNSET:
        yield from _body_errors(link.request_body, target)


def _body_errors(value: Any, target: LinkTarget) -> Iterator[LinkError]:
    body = target.plan.body
    if body is None:
        yield f"it gives request_body=, and {target} reads none", "take it out"
    elif body.kind is BodyKind.TYPED:
        yield from _constant_errors("request_body", value, body.type)
    elif not is_expression(value):
        yield f"request_body={value!r} is a constant, and the body of {target} is not JSON", "give an expression"


def _name_errors(link: Link, target: LinkTarget) -> Iterator[LinkError]:
    given = {name: target.named(name) for name in link.parameters}
    for name, found in given.items():
        if not found:
            known = ", ".join(one.name for one in target.parameters)
            hint = f"use one of {known}" if known else "take it out"
            yield f"it gives {name}=, which is not a parameter of {target}", hint
        elif len(found) > 1:
            names = " or ".join(repr(one.full_name) for one in found)
            yield f"it gives {name}=, which {target} has several times", f"call it {names} in parameters="
    for one in target.parameters:
        twice = [f"{name}=" for name, found in given.items() if found == [one]]
        if len(twice) > 1:
            yield f"it gives {' and '.join(twice)}, which are one parameter", "keep one of them"
        if one.source is Source.PATH and not any(one in found for found in given.values()):
            what = f"it does not give the path parameter {one.name!r} of {target}"
            yield what, f'write where its value comes from, for example {one.name}="$response.body#/{one.name}"'


def _parameter_errors(given: str, value: Any, schema: Any) -> Iterator[LinkError]:
    if wire_text(value) is None:
        # In OpenAPI 3.1, all values there are strings.
        yield f"{given}={value!r} is not a single value, and a link can give no other", "give one, or an expression"
    elif isinstance(schema, inspect.Type) and not is_expression(value):
        yield from _constant_errors(given, value, schema)


def _constant_errors(given: str, value: Any, kind: inspect.Type) -> Iterator[LinkError]:
    constant = [value] if is_collection(kind) and not isinstance(value, list | tuple) else value
    reason = None if is_expression(value) else misfit(constant, form_of(kind).hint)
    if reason is not None:
        yield f"{given}={value!r} does not fit its type ({reason})", "give a value that fits, or an expression"


def _planned(name: str, link: Link, target: LinkTarget) -> LinkPlan:
    return LinkPlan(
        name=name,
        method=target.plan.method,
        path=target.plan.path,
        parameters=tuple(_given(target, one, value) for one, value in link.parameters.items()),
        request_body=link.request_body,
        description=link.description,
    )


def _given(target: LinkTarget, name: str, value: Any) -> LinkedParameter:
    found = target.named(name)[0]
    is_shared = [one.name for one in target.parameters].count(found.name) > 1
    return LinkedParameter(source=found.source, name=found.name, qualified=is_shared, value=str(wire_text(value)))
