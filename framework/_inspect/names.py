"""The names of functions, classes and types in messages and in the OpenAPI document."""

import functools
import linecache
import re
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = (
    "callable_name",
    "calling_module",
    "constructor_of",
    "describe",
    "describe_call",
    "describe_class",
    "is_running",
    "place_of",
    "place_of_caller",
    "short_path",
    "type_name",
    "value_name",
    "value_text",
)

_PACKAGE = Path(__file__).parents[1]
"""The folder of the framework."""


def type_name(annotation: Any) -> str:
    """Return an annotation as it is written in source: ``list[Order]``, ``Order | None``."""
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
    """Return the name of a function or class without its enclosing functions: ``OrderController.show``."""
    target = _unwrapped(target)
    name = getattr(target, "__qualname__", None)
    return type(target).__name__ if name is None else str(name).rpartition("<locals>.")[2]


_RUNNING = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)


def value_name(value: Any) -> str:
    """Return the name of an unexpected value for a message: ``'admin'``, ``an instance of Guard``."""
    if isinstance(value, type):
        return f"the class {callable_name(value)}"
    if isinstance(value, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        return f"the function {callable_name(value)}"
    if is_running(value):
        return f"what {callable_name(value)}() returns"
    if isinstance(value, list):
        return type_name(value)
    if not _has_text(value):
        return f"an instance of {callable_name(type(value))}"
    return repr(value)


def is_running(value: object) -> bool:
    """Return whether something is a coroutine or a generator, often of a function that should not be called."""
    return isinstance(value, _RUNNING)


def value_text(value: Any) -> str:
    """Return a value as it is written in source, if that is readable: ``'admin'``, ``None``, ``the function now``."""
    written = _has_text(value) and not isinstance(value, types.BuiltinFunctionType | types.FunctionType)
    return repr(value) if written else value_name(value)


def _has_text(value: Any) -> bool:
    """Return whether the repr of a value contains more than its address."""
    return any("__repr__" in vars(base) for base in type(value).__mro__[:-1])


def describe(target: Callable[..., Any], *, owner: type | None = None) -> str:
    """Return the name and place of a function or class: ``OrderController.__init__ (shop/orders.py:12)``.

    ``owner`` is the class through which an inherited method is used.
    """
    name = callable_name(target)
    if isinstance(_unwrapped(target), type):
        name += ".__init__"
    elif owner is not None:
        name = f"{callable_name(owner)}.{name.rpartition('.')[2]}"
    return f"{name} ({place_of(target)})"


def describe_call(name: str) -> str:
    """Return the place at which the calling function was called: ``App (shop/main.py:30)``."""
    frame = sys._getframe(2)  # noqa: SLF001  the only way to find the place of a call
    return f"{name} ({short_path(frame.f_code.co_filename)}:{frame.f_lineno})"


def place_of_caller() -> str:
    """Return the place outside of the framework at which something is called now: ``shop/main.py:30``."""
    frame = sys._getframe(1)  # noqa: SLF001  as above
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(("framework.", "typing.")):
        frame = frame.f_back
    return f"{short_path(frame.f_code.co_filename)}:{frame.f_lineno}"


def calling_module() -> str:
    """Return the name of the module in which the calling function was called."""
    return str(sys._getframe(2).f_globals.get("__name__"))  # noqa: SLF001  as above


def describe_class(cls: type) -> str:
    """Return the name and place of a class itself: ``OrderController (shop/orders.py:9)``."""
    return f"{callable_name(cls)} ({_class_place(cls)})"


def place_of(target: Callable[..., Any]) -> str:
    """Return file and line of a function or a class's constructor, shortened: ``shop/orders.py:12``.

    A generated constructor (of a dataclass, of ``object``) has the place of its class.
    """
    plain = _unwrapped(target)
    if isinstance(plain, type):
        written = constructor_of(plain)
        return _written_place(written) or _class_place(plain)
    function = plain if hasattr(plain, "__code__") else type(plain).__call__
    return _written_place(function) or f"module {plain.__module__}"


def _written_place(function: Any) -> str | None:
    code = getattr(function, "__code__", None)
    # A generated function has an invented file name; the constructor of every protocol is defined in typing.
    if code is None or code.co_filename.startswith("<") or function.__module__ == typing.__name__:
        return None
    return f"{short_path(code.co_filename)}:{code.co_firstlineno}"


def _class_place(cls: type) -> str:
    filename = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if filename is None:
        return f"module {cls.__module__}"
    lines = [0]
    for name in cls.__qualname__.split("."):
        # Within the last class that was found for the enclosing name.
        if name != "<locals>":
            lines = [number for number in _definitions(filename).get(name, ()) if number > lines[0]]
            if not lines:
                return short_path(filename)
    codes = [getattr(one, "__code__", None) for one in vars(cls).values()]
    inside = [one.co_firstlineno for one in codes if one is not None and one.co_filename == filename]
    # Several definitions of one name: the right one is the last before its first method.
    before = [number for number in lines if inside and number <= min(inside)]
    return f"{short_path(filename)}:{before[-1] if before else lines[0]}"


@functools.lru_cache(maxsize=64)
def _definitions(filename: str) -> dict[str, list[int]]:
    """Return the lines at which each name of a file is defined as a class or a function."""
    found: dict[str, list[int]] = {}
    for number, text in enumerate(linecache.getlines(filename), start=1):
        statement = re.match(_STATEMENT, text)
        if statement is not None:
            found.setdefault(statement[1], []).append(number)
    return found


_STATEMENT = r"\s*(?:class|def|async\s+def)\s+(\w+)"


def constructor_of(cls: type) -> Any:
    """Return a class's ``__init__``, inherited or its own."""
    return getattr(cls, "__init__")  # noqa: B009  mypy reports the plain attribute as unsound


@functools.lru_cache(maxsize=1024)
def short_path(filename: str) -> str:
    """Return a file's path relative to the working directory if it is below it, else the absolute path.

    Files of the framework are named ``framework/health/health.py`` wherever it is installed.
    """
    path = Path(filename)
    folder = _PACKAGE.parent if path.is_relative_to(_PACKAGE) else Path.cwd()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _unwrapped(target: Any) -> Any:
    while isinstance(target, functools.partial):
        target = target.func
    while hasattr(target, "__wrapped__"):
        target = target.__wrapped__
    return target
