"""Selects the routes of a document, if an application has several documents."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from framework._inspect.names import value_name
from framework._plan import CredentialPlan, RoutePlan, StreamKind, in_guard_order
from framework.errors import DefinitionError, InvalidOptionError
from framework.openapi import OpenAPI, RouteSelection, RouteSummary

__all__ = ("has_channels", "is_channel", "select_routes", "summary_of")

_Test: TypeAlias = Callable[[RoutePlan], bool]


def summary_of(plan: RoutePlan) -> RouteSummary:
    """Return the summary of a route that selections get."""
    return RouteSummary(
        method=plan.method,
        path=plan.path,
        name=plan.name,
        handler=plan.label,
        tags=plan.tags,
        in_document=plan.in_document,
        metadata=plan.metadata,
        access=tuple(dict.fromkeys(_access(plan))),
    )


def _access(plan: RoutePlan) -> Iterator[str]:
    """Yield what a request must pass, in this order."""
    verified = {guard: one for one in plan.credentials for guard in one.guards}
    needed = {one.variable: one.credentials for one in plan.guards}
    for level in in_guard_order(plan.layers):
        for guard in level.guards:
            yield from (_alternatives(one) for one in plan.credentials if one.variable in needed.get(guard, ()))
            yield _alternatives(verified[guard]) if guard in verified else level.names[guard]
    yield from (_alternatives(one) for one in plan.credentials if not one.optional)


def _alternatives(credential: CredentialPlan) -> str:
    """Name the schemes of credentials: ``bearer (orders:write) or header-X-Key``."""
    required = [each.scheme.requirement() for each in credential.verifications]
    return " or ".join(f"{one.scheme} ({' '.join(one.scopes)})" if one.scopes else one.scheme for one in required)


def is_channel(plan: RoutePlan) -> bool:
    """Return whether a route is in the AsyncAPI document: a web socket, or a stream of events."""
    stream = plan.response.stream
    return plan.in_document and (plan.socket is not None or (stream is not None and stream.kind is StreamKind.EVENTS))


def has_channels(routes: Iterable[RoutePlan]) -> bool:
    """Return whether any route is in the AsyncAPI document."""
    return any(map(is_channel, routes))


def select_routes(settings: OpenAPI, routes: Iterable[RoutePlan]) -> Sequence[RoutePlan]:
    """Return the routes of a document.

    Raises an ExceptionGroup of InvalidOptionErrors for what names nothing.
    """
    shown = [plan for plan in routes if plan.in_document]
    mistakes = [*_mistakes("include", settings.include, shown), *_mistakes("exclude", settings.exclude, shown)]
    if mistakes:
        raise ExceptionGroup("The OpenAPI document cannot be made", mistakes)
    wanted, unwanted = _test_of(settings.include), _test_of(settings.exclude)
    everything = isinstance(settings.include, Sequence) and not settings.include
    return [plan for plan in shown if (everything or wanted(plan)) and not unwanted(plan)]


def _test_of(selection: RouteSelection) -> _Test:
    if callable(selection):
        choose = selection
        return lambda plan: bool(choose(summary_of(plan)))
    return lambda plan: any(_names(one, plan) for one in selection)


def _names(one: str, plan: RoutePlan) -> bool:
    """Return whether a tag or a path prefix is a route's; ``/v1`` is not one of ``/v10``."""
    if one.startswith("/"):
        return plan.path == one or plan.path.startswith(f"{one.rstrip('/')}/")
    return one in plan.tags


def _mistakes(option: str, selection: RouteSelection, shown: Sequence[RoutePlan]) -> list[DefinitionError]:
    if callable(selection):
        return []
    if isinstance(selection, str) or not all(isinstance(one, str) for one in selection):
        what = f"{option}={value_name(selection)} is neither a sequence of tags and path prefixes nor a function"
        return [InvalidOptionError("OpenAPI", what, hint=f'write it as {option}=("internal",)')]
    return [
        InvalidOptionError(
            "OpenAPI",
            f"{option}= names {one!r}, which is neither a tag nor a path prefix of a route in the document",
            hint="name one that there is, or take it out",
        )
        for one in selection
        if not any(_names(one, plan) for plan in shown)
    ]
