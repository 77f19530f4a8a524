"""Builds apps that are meant to be wrong, and says where their parts stand."""

import ast
import functools
import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from framework import App, Container, Controller, DefinitionError, Router

Told = list[tuple[type[DefinitionError], str]]


def mistakes(*controllers: Any, container: Container | None = None, **settings: Any) -> Told:
    """Build an app and return the mistakes that are told, in order; it must have some."""
    return told(App([*controllers], container=container, openapi=None, **settings))


def mistakes_of(register: Callable[[Container], object], *controllers: type[Controller] | Router) -> Told:
    """Return the mistakes of an app whose container was filled by ``register``."""
    container = Container()
    register(container)
    return mistakes(*controllers, container=container)


def told(app: App) -> Told:
    """Return class and whole text of every mistake that building an app tells, ``[]`` where it builds."""
    found: Told = []
    try:
        app.build()
    except* DefinitionError as group:
        found = [(type(one), str(one)) for one in group.exceptions if isinstance(one, DefinitionError)]
    return found


def place(target: Any) -> str:
    """Return file and line of a function's code, or of a class statement: ``tests/startup/test_x.py:12``."""
    if isinstance(target, type):
        file = inspect.getsourcefile(target)
        return f"{short(file)}:{_classes(str(file))[target.__qualname__]}"
    code = inspect.unwrap(target).__code__
    return f"{short(code.co_filename)}:{code.co_firstlineno}"


@functools.cache
def _classes(file: str) -> dict[str, int]:
    """Return the line of the first class of each qualified name in a file, that of its decorators if it has some."""
    return dict(reversed([*_classes_in(ast.parse(Path(file).read_text(encoding="utf-8")), "")]))


def _classes_in(tree: ast.AST, outside: str) -> Iterator[tuple[str, int]]:
    for node in ast.iter_child_nodes(tree):
        inside = outside
        if isinstance(node, ast.ClassDef):
            yield f"{outside}{node.name}", min([node.lineno, *(one.lineno for one in node.decorator_list)])
            inside = f"{outside}{node.name}."
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = f"{outside}{node.name}.<locals>."
        yield from _classes_in(node, inside)


def after(function: Callable[..., Any], lines: int) -> str:
    """Return the place of a line that many lines below the first line of a function."""
    code = function.__code__
    return f"{short(code.co_filename)}:{code.co_firstlineno + lines}"


def short(filename: str | None) -> str:
    """Return a path from the working directory where it lies below it."""
    assert filename is not None
    relative = os.path.relpath(filename)
    return filename if relative.startswith("..") else relative


def custom_type_hint(name: str) -> str:
    """Return the hint for a class that is not a value, and how it becomes one."""
    return (
        f"describe it with App(types=[CustomType({name}, decode=…, encode=…, schema=…)]), or use a builtin, a Struct, "
        "a dataclass, a TypedDict, a NamedTuple or an attrs class"
    )
