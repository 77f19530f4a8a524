"""Finds what was probably meant otherwise: names that are nearly right, and routes that are lost without an error."""

import ast
import inspect
import linecache
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from framework._inspect.names import callable_name, place_of
from framework.controller import Controller
from framework.errors import DefinitionError, InvalidControllerError, InvalidHandlerError

__all__ = ("check_attributes", "check_lost_routes", "did_you_mean")

# What the same option is called by other frameworks.
_ELSEWHERE: Mapping[str, str] = {
    "status_code": "status",
    "dependencies": "guards",
    "permissions": "guards",
    "include_in_schema": "in_document",
    "responses": "raises",
    "prefix": "path",
    "response_class": "media_type",
    "max_body_size": "body_limit",
}
_DECORATORS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "route", "websocket"})
_OWN = frozenset(name for name in vars(Controller) if not name.startswith("_"))


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return the known name that was probably meant, an empty string if none is near."""
    other = _ELSEWHERE.get(name, "")
    if other in known:
        return other
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.75)), "")


def check_attributes(controller: type[Controller], where: str, report: Callable[[DefinitionError], None]) -> None:
    """Report class attributes that are nearly those of a controller: ``gaurds``, ``prefix``."""
    names = (name for base in controller.__mro__ if issubclass(base, Controller) for name in vars(base))
    for name in dict.fromkeys(names):
        value = getattr(controller, name, None)
        if name in _OWN or name.startswith("_") or isinstance(value, types.FunctionType | property):
            continue
        meant = did_you_mean(name, _OWN)
        if meant:
            report(
                InvalidControllerError(
                    where,
                    f"its attribute {name} has no effect",
                    mend=f"write {meant} instead, or choose a name that is less like it",
                )
            )


def check_lost_routes(controller: type[Controller], where: str, report: Callable[[DefinitionError], None]) -> None:
    """Report handlers that a decorator above theirs hides, or a second method of the same name."""
    for name, value in vars(controller).items():
        hidden = _hidden_handler(value)
        if hidden is not None:
            report(
                InvalidHandlerError(
                    f"{callable_name(controller)}.{name} ({place_of(hidden)})",
                    "another decorator hides its route decorator, so it has no route",
                    mend="write the route decorator first, above the other, or use functools.wraps in the other",
                )
            )
    for name, lines in _repeated(controller):
        listed = " and ".join(map(str, lines))
        report(
            InvalidControllerError(
                where,
                f"it has several methods named {name} (lines {listed}), and only the last exists",
                mend="give each method a name of its own",
            )
        )


def _hidden_handler(value: Any) -> Any:
    """Return the handler inside a callable that carries no route itself, ``None`` if there is none."""
    if hasattr(value, "__routes__") or isinstance(value, type) or not callable(value):
        return None
    cells = (cell.cell_contents for cell in getattr(value, "__closure__", None) or () if _is_filled(cell))
    inside = (*cells, *vars(value).values()) if hasattr(value, "__dict__") else tuple(cells)
    return next((one for one in inside if isinstance(one, types.FunctionType) and hasattr(one, "__routes__")), None)


def _is_filled(cell: types.CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:  # The name was not assigned yet.
        return False
    return True


def _repeated(controller: type[Controller]) -> Iterator[tuple[str, list[int]]]:
    """Yield the names of methods with a route decorator that the class body defines several times, with their lines."""
    try:
        file = inspect.getfile(controller)
    except (OSError, TypeError):  # It was not written in a file.
        return
    body = _classes(file, tuple(linecache.getlines(file))).get(controller.__qualname__)
    methods: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
    for one in body.body if body is not None else ():
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            methods.setdefault(one.name, []).append(one)
    for name, several in methods.items():
        routed = any(_is_route(decorator) for one in several for decorator in one.decorator_list)
        if len(several) > 1 and routed and _is_at(vars(controller).get(name), several[-1]):
            yield name, [one.lineno for one in several]


def _is_at(function: Any, written: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a function is the one that is written there: the file may have changed, or have two such classes."""
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return code is not None and code.co_firstlineno == min(one.lineno for one in (*written.decorator_list, written))


def _is_route(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in _DECORATORS


@lru_cache(maxsize=64)
def _classes(file: str, lines: tuple[str, ...]) -> Mapping[str, ast.ClassDef]:
    """Return the classes of a file by their qualified names; none if it does not parse."""
    found: dict[str, ast.ClassDef] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, ast.ClassDef):
                found[prefix + child.name] = child
                inner = f"{prefix}{child.name}."
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = f"{prefix}{child.name}.<locals>."
            visit(child, inner)

    try:
        visit(ast.parse("".join(lines), file), "")
    except (SyntaxError, ValueError):
        return {}
    return found
