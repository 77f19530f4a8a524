"""Checks the errors that routes declare in ``raises=``: without a response of its own, an error would be a 500."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from framework._inspect.names import describe_class, type_name, value_name
from framework._inspect.signatures import class_hints
from framework._inspect.types import unsupported
from framework._plan import LayerPlan, handled_by
from framework.errors import DefinitionError, InvalidResponseError, UnresolvedAnnotationError
from framework.http_errors import HTTPError

__all__ = ("check_errors", "check_handled")

# RFC 9457, section 3.1: the members of every problem.
_OF_THE_PROBLEM = frozenset({"type", "title", "status", "instance"})
_ERRORS = range(400, 600)


def check_errors(where: str, errors: Iterable[Any], report: Callable[[DefinitionError], None]) -> None:
    """Report invalid errors that are named in one place; ``check_handled`` checks errors without a status."""
    for one in errors:
        if isinstance(one, type) and issubclass(one, HTTPError):
            for mistake in _mistakes(one):
                report(mistake)
        elif isinstance(one, HTTPError):
            what = f"raises= names an instance of {type_name(type(one))}"
            report(InvalidResponseError(where, what, hint="name the class"))
        elif not _needs_handler(one):
            report(_no_error(where, type_name(one) if isinstance(one, type) else value_name(one)))


def check_handled(
    where: str, errors: Iterable[Any], layers: Sequence[LayerPlan], report: Callable[[DefinitionError], None]
) -> None:
    """Report the errors of a route that are not HTTPErrors and have no exception handler that declares a status."""
    for one in filter(_needs_handler, errors):
        handled = handled_by(layers, one)
        if handled is None:
            report(_no_error(where, type_name(one)))
        elif handled.status is None:
            what = f"raises= names {type_name(one)}, whose exception handler does not declare its status"
            hint = "decorate the handler with @framework.openapi.handles(status=409), for example"
            report(InvalidResponseError(where, what, hint=hint))


def _needs_handler(error: Any) -> bool:
    return isinstance(error, type) and issubclass(error, Exception) and not issubclass(error, HTTPError)


def _no_error(where: str, name: str) -> InvalidResponseError:
    return InvalidResponseError(
        where,
        f"raises= names {name}, which is not an HTTPError",
        hint="derive it from HTTPError with a status, register an exception handler for it, or take it out",
    )


def _mistakes(error: type[HTTPError]) -> Iterator[DefinitionError]:
    where = describe_class(error)
    if error is not HTTPError and not any("status" in vars(one) for one in error.__mro__ if one is not HTTPError):
        hint = f"write class {error.__name__}(HTTPError, status=404), with the status that it has"
        yield InvalidResponseError(where, "it has no status", hint=hint)
    if error.status not in _ERRORS:
        what = f"its status {error.status!r} is not that of an error"
        yield InvalidResponseError(where, what, hint="give it a status from 400 to 599")
    for name in [one for one in error.members if one in _OF_THE_PROBLEM]:
        what = f"its member {name!r} is one that every problem has already"
        yield InvalidResponseError(where, what, hint="give it another name")
    try:
        hints = class_hints(error) if error.members else {}
    except (NameError, TypeError, AttributeError) as reason:
        yield UnresolvedAnnotationError(where, str(reason).rstrip("."))
        return
    for name in error.members:
        refused = unsupported(hints[name], written=True)
        if refused is not None:
            what = f"its member {name!r} is {type_name(hints[name])}, which cannot be encoded ({refused.reason})"
            yield InvalidResponseError(where, what, hint=refused.hint or "use builtins, a Struct or a dataclass")
