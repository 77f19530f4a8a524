"""Checks the errors that routes say they raise: what cannot be answered would be a 500 when it is raised."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from framework._inspect.hints import class_hints
from framework._inspect.names import describe_class, type_name, value_name
from framework._inspect.types import unsupported
from framework.errors import DefinitionError, InvalidResponseError, UnresolvedAnnotationError
from framework.http_errors import HTTPError

__all__ = ("check_errors",)

# RFC 9457, section 3.1: what every problem has.
_OF_THE_PROBLEM = frozenset({"type", "title", "status", "instance"})
_ERRORS = range(400, 600)


def check_errors(where: str, errors: Iterable[Any], report: Callable[[DefinitionError], None]) -> None:
    """Report what is wrong with the errors of a route."""
    for one in errors:
        if isinstance(one, type) and issubclass(one, HTTPError):
            for mistake in _mistakes(one):
                report(mistake)
            continue
        if isinstance(one, HTTPError):
            what, mend = f"raises= names an instance of {type_name(type(one))}", "name the class"
        else:
            name = type_name(one) if isinstance(one, type) else value_name(one)
            what = f"raises= names {name}, which is no HTTPError"
            mend = "derive it from HTTPError with a status, or take it out"
        report(InvalidResponseError(where, what, mend=mend))


def _mistakes(error: type[HTTPError]) -> Iterator[DefinitionError]:
    where = describe_class(error)
    if error.status not in _ERRORS:
        what = f"its status {error.status!r} is not that of an error"
        yield InvalidResponseError(where, what, mend="give it a status from 400 to 599")
    for name in [one for one in error.members if one in _OF_THE_PROBLEM]:
        what = f"its member {name!r} is one that every problem has already"
        yield InvalidResponseError(where, what, mend="give it another name")
    try:
        hints = class_hints(error) if error.members else {}
    except (NameError, TypeError, AttributeError) as reason:
        yield UnresolvedAnnotationError(where, str(reason).rstrip("."))
        return
    for name in error.members:
        refused = unsupported(hints[name], written=True)
        if refused is not None:
            what = f"its member {name!r} is {type_name(hints[name])}, which cannot be encoded ({refused.reason})"
            yield InvalidResponseError(where, what, mend=refused.mend or "use builtins, a Struct or a dataclass")
