"""Methods that a class body defines but Python does not keep."""

import ast
import inspect
import linecache
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

__all__ = ("repeated_methods",)


def repeated_methods(cls: type, is_meant: Callable[[ast.expr], bool]) -> Iterator[tuple[str, list[int]]]:
    """Yield the methods that a class body defines several times, with their lines; Python keeps the last definition.

    One of the definitions has a decorator for which ``is_meant`` is true. A class without a source file has none.
    """
    try:
        file = inspect.getfile(cls)
    except (OSError, TypeError):
        return
    body = _classes(file, tuple(linecache.getlines(file))).get(cls.__qualname__)
    methods: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
    for one in body.body if body is not None else ():
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            methods.setdefault(one.name, []).append(one)
    for name, several in methods.items():
        meant = any(is_meant(decorator) for one in several for decorator in one.decorator_list)
        if len(several) > 1 and meant and _is_at(vars(cls).get(name), several[-1]):
            yield name, [one.lineno for one in several]


def _is_at(function: Any, written: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function is the definition at a place: the file may have changed, or define two such classes."""
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return code is not None and code.co_firstlineno == min(one.lineno for one in (*written.decorator_list, written))


@lru_cache(maxsize=64)
def _classes(file: str, lines: tuple[str, ...]) -> Mapping[str, ast.ClassDef]:
    """Return the classes of a file by their qualified names; empty if the file does not parse."""
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
    except (SyntaxError, ValueError, RecursionError, SystemError):
        # SystemError is how the parser of Python 3.11 fails now and then when another thread parses as well.
        return {}
    return found
