"""Finds what was probably meant otherwise: names that are nearly right, and routes that are lost without an error."""

import ast
import types
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from framework._inspect.names import callable_name, place_of
from framework._inspect.written import repeated_methods
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
    "opt": "metadata",
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
    for name, lines in repeated_methods(controller, _is_route):
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


def _is_route(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in _DECORATORS
