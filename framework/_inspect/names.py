"""How functions, classes and types are named in messages and in the document."""

import functools
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ("callable_name", "constructor_of", "describe", "place_of", "short_path", "type_name")


def type_name(annotation: Any) -> str:
    """Return an annotation as a person would write it: ``list[Order]``, ``Order | None``."""
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is Ellipsis:
        return "..."
    origin = typing.get_origin(annotation)
    if origin is None:
        return _plain_name(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_name(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(type_name(one) for one in arguments)
    if origin is typing.Literal:
        return f"Literal[{', '.join(repr(one) for one in arguments)}]"
    return f"{type_name(origin)}[{', '.join(type_name(one) for one in arguments)}]"


def _plain_name(annotation: Any) -> str:
    if isinstance(annotation, list | tuple):
        return f"[{', '.join(type_name(one) for one in annotation)}]"
    name = getattr(annotation, "__qualname__", None) or getattr(annotation, "__name__", None)
    if name is None:
        return repr(annotation).removeprefix("typing.")
    return str(name).rpartition("<locals>.")[2]


def callable_name(target: Any) -> str:
    """Return the name of a function or class without the functions that it stands in: ``OrderController.show``."""
    target = _unwrapped(target)
    name = getattr(target, "__qualname__", None)
    return type(target).__name__ if name is None else str(name).rpartition("<locals>.")[2]


def describe(target: Callable[..., Any], *, owner: type | None = None) -> str:
    """Return where a function or class stands: ``OrderController.__init__ (shop/orders.py:12)``.

    ``owner`` is the class through which an inherited method is used.
    """
    name = callable_name(target)
    if isinstance(target, type):
        name += ".__init__"
    elif owner is not None:
        name = f"{callable_name(owner)}.{name.rpartition('.')[2]}"
    return f"{name} ({place_of(target)})"


def place_of(target: Callable[..., Any]) -> str:
    """Return file and line of a function or a class's constructor, shortened: ``shop/orders.py:12``."""
    plain = _unwrapped(target)
    function = constructor_of(plain) if isinstance(plain, type) else plain
    if not hasattr(function, "__code__") and not isinstance(plain, type):
        function = type(plain).__call__
    code = getattr(function, "__code__", None)
    if code is not None and not code.co_filename.startswith("<"):
        return f"{short_path(code.co_filename)}:{code.co_firstlineno}"
    return f"module {plain.__module__}"


def constructor_of(cls: type) -> Any:
    """Return a class's ``__init__``, inherited or its own."""
    return getattr(cls, "__init__")  # noqa: B009  mypy holds the plain attribute for unsound


def short_path(filename: str) -> str:
    """Return a file's path from the working directory where it lies below it, and whole otherwise."""
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _unwrapped(target: Any) -> Any:
    while isinstance(target, functools.partial):
        target = target.func
    while hasattr(target, "__wrapped__"):
        target = target.__wrapped__
    return target
