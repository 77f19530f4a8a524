"""Routes that are open to everybody in an application with a default guard."""

from collections.abc import Callable
from typing import Any, TypeVar

from framework.errors import InvalidHandlerError

__all__ = ("public",)

_T = TypeVar("_T", bound=Callable[..., Any])


def public(target: _T) -> _T:
    """Exempt a route, or all routes of a controller, from ``App(default_guard=)``; other guards still run.

    It applies to the decorated function or class only: a method that overrides a public one, and a subclass of a
    public controller, have the default guard unless they are decorated too.
    """
    opened: Any = target
    if not callable(target):
        raise InvalidHandlerError(
            "the decorator @public",
            f"an instance of {type(target).__name__} cannot be public",
            hint="decorate a controller or one of its methods; static files have the option public=True",
        )
    opened.__public__ = True
    return target
