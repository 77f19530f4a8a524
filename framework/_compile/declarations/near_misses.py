"""Finds probable errors: misspelled names, and routes that would be ignored without an error."""

import ast
import sys
import types
from collections.abc import Callable, Collection
from typing import Any

from framework._inspect.names import callable_name, describe, place_of
from framework._inspect.near_names import did_you_mean
from framework._inspect.own import is_own
from framework._inspect.written import repeated_methods
from framework.controller import Controller
from framework.errors import DefinitionError, InvalidControllerError, InvalidHandlerError

__all__ = ("check_attributes", "check_lost_routes", "check_module")

_DECORATORS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "route", "websocket"})
_OWN = frozenset(name for name in vars(Controller) if not name.startswith("_"))


def check_attributes(controller: type[Controller], where: str, report: Callable[[DefinitionError], None]) -> None:
    """Report class attributes with names similar to those of a controller: ``gaurds``, ``prefix``."""
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
                    hint=f"write {meant} instead, or choose a name that is less like it",
                )
            )


def check_lost_routes(controller: type[Controller], where: str, report: Callable[[DefinitionError], None]) -> None:
    """Report handlers that are hidden by a decorator above theirs, or by a second method of the same name."""
    for name, value in vars(controller).items():
        hidden = _hidden_handler(value)
        if hidden is not None:
            report(
                InvalidHandlerError(
                    f"{callable_name(controller)}.{name} ({place_of(hidden)})",
                    "another decorator hides its route decorator, so it has no route",
                    hint="write the route decorator first, above the other, or use functools.wraps in the other",
                )
            )
    if is_own(controller):
        # PERF: its source need not be read.
        return
    for name, lines in repeated_methods(controller, _is_route):
        listed = " and ".join(map(str, lines))
        report(
            InvalidControllerError(
                where,
                f"it has several methods named {name} (lines {listed}), and only the last exists",
                hint="give each method a name of its own",
            )
        )


def check_module(module: str, mounted: Collection[Any], report: Callable[[DefinitionError], None]) -> None:
    """Report functions of a module that have a route and are in no controller; ``mounted`` are the functions that are.

    The module is the one that creates the app: users of other frameworks decorate plain functions there.
    """
    for value in list(vars(sys.modules.get(module, types)).values()):
        is_function = isinstance(value, types.FunctionType) and "." not in value.__qualname__
        if is_function and hasattr(value, "__routes__") and value not in mounted:
            report(
                InvalidHandlerError(
                    describe(value),
                    "it has a route and is in no controller, so no request reaches it",
                    hint="write it as a method of a Controller, and give that class to App(controllers=[…])",
                )
            )


def _hidden_handler(value: Any) -> Any:
    """Return the handler inside a callable that has no route itself, ``None`` if there is none."""
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


def _is_route(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in _DECORATORS
