"""Checks controllers, and finds the handlers among their attributes."""

import types
import typing
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from framework._http.tokens import is_token
from framework._inspect.factories import is_abstract
from framework._inspect.names import callable_name, describe_class, place_of, type_name, value_name
from framework.controller import Controller
from framework.errors import (
    DefinitionError,
    InvalidControllerError,
    InvalidHandlerError,
    InvalidOptionError,
    InvalidPathError,
)
from framework.routing import RouteDefinition

__all__ = ("check_controller", "check_methods", "check_path", "handler_of", "is_handler", "route_definitions")

# RFC 9110, section 5.6.2.
_WRAPPERS: dict[type[Any], tuple[str, str]] = {
    staticmethod: ("a static method", "__func__"),
    classmethod: ("a class method", "__func__"),
    property: ("a property", "fget"),
    cached_property: ("a property", "func"),
}


def check_controller(controller: Any, place: str) -> None:
    """Raise InvalidControllerError if an object is not a controller that can be built; ``place`` is its place."""
    if not isinstance(controller, type):
        if isinstance(controller, types.FunctionType):
            raise InvalidControllerError(
                place,
                f"{value_name(controller)} stands among the controllers",
                hint="write it as a method of a Controller, and give that class",
            )
        generic = typing.get_origin(controller) is not None
        name = type_name(controller)
        raise InvalidControllerError(
            place,
            f"{name if generic else value_name(controller)} stands among the controllers",
            hint=f"derive a class from {name} and give that"
            if generic
            else "give the class of a controller; its constructor is injected",
        )
    where = describe_class(controller)
    if not issubclass(controller, Controller):
        raise InvalidControllerError(
            where, "it is not a Controller", hint=f"write class {type_name(controller)}(Controller)"
        )
    variables: Any = getattr(controller, "__parameters__", ())
    if variables:
        raise InvalidControllerError(
            where,
            f"it is generic (over {', '.join(map(type_name, variables))})",
            hint=f"derive a class from {type_name(controller)}[…] and give that",
        )
    if is_abstract(controller):
        missing = ", ".join(sorted(getattr(controller, "__abstractmethods__", ())))
        raise InvalidControllerError(
            where, f"it is abstract (without {missing})", hint="give a subclass that implements what is missing"
        )
    if not any(True for _ in route_definitions(controller)):
        raise InvalidControllerError(
            where, "it has no handler", hint="decorate a method with @get(), @post() or another route"
        )


def route_definitions(controller: type[Controller]) -> Iterator[tuple[str, Sequence[RouteDefinition]]]:
    """Yield the names of a controller's handlers, those of its bases first, with their declarations."""
    bases = [base for base in controller.__mro__ if base is not object and base is not Controller]
    names = {name: None for base in reversed(bases) for name in vars(base)}
    for name in names:
        # A method that overrides a handler keeps the route of the one that it overrides.
        declared = (_routes(vars(base).get(name)) for base in bases)
        definitions = next((one for one in declared if one), ())
        if definitions:
            yield name, definitions


def _routes(value: Any) -> Sequence[RouteDefinition]:
    _, attribute = _WRAPPERS.get(type(value), ("", ""))
    own: Sequence[RouteDefinition] = getattr(value, "__routes__", ())
    return own or (_routes(getattr(value, attribute)) if attribute else ())


def is_handler(value: Any) -> bool:
    """Return whether an attribute of a controller has a route decorator."""
    return bool(_routes(value))


def handler_of(controller: type[Controller], name: str) -> Callable[..., Any]:
    """Return the function of a handler from the most derived class; raises InvalidHandlerError."""
    value = next(vars(base)[name] for base in controller.__mro__ if name in vars(base))
    kind, attribute = _WRAPPERS.get(type(value), ("", ""))
    written = getattr(value, attribute) if attribute else value
    place = f" ({place_of(written)})" if callable(written) else ""
    where = f"{callable_name(controller)}.{name}{place}"
    if kind:
        raise InvalidHandlerError(where, f"{kind} cannot be a handler", hint="write it as a method of the controller")
    if isinstance(value, type) or not callable(value):
        raise InvalidHandlerError(
            where, "it stands in the place of a handler and is not a method", hint="write it as async def"
        )
    if hasattr(Controller, name):
        raise InvalidHandlerError(
            where, f"a handler cannot be named {name}, which every controller has already", hint="rename it"
        )
    function: Callable[..., Any] = value
    return function


def check_path(path: Any, where: str) -> str:
    """Return a path as it was declared; raises InvalidPathError or InvalidHandlerError if it is not a string."""
    if isinstance(path, str):
        return path
    if callable(path):
        raise InvalidHandlerError(where, "its route decorator has no parentheses", hint='write @get() or @get("/path")')
    raise InvalidPathError(where, path, "is not text", hint='give the paths one by one: @get("/a", "/b")')


def check_methods(
    definition: RouteDefinition, where: str, report: Callable[[DefinitionError], None]
) -> tuple[str, ...]:
    """Return the valid methods of a route, and report the others."""
    listed: Sequence[Any] = definition.methods
    wrong = [one for one in listed if not is_token(one) or one != one.upper()]
    if wrong or not listed:
        given = ", ".join(map(repr, listed))
        report(
            InvalidOptionError(
                where, f"methods=({given}) names no HTTP methods", hint='write it as methods=("GET", "POST")'
            )
        )
    return tuple(dict.fromkeys(one for one in definition.methods if one not in wrong))
