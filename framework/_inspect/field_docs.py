"""The docstrings of fields, which Python does not keep: string literals below the fields in the source."""

import ast
import functools
import linecache
import sys
import typing
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ("field_docs",)


def field_docs(cls: Any) -> dict[str, str]:
    """Return the docstrings of a class's fields, including inherited fields, by field name."""
    plain = typing.get_origin(cls) or cls
    found: dict[str, str] = {}
    for base in reversed(getattr(plain, "__mro__", ())):
        filename = getattr(sys.modules.get(base.__module__), "__file__", None)
        if filename is not None and base.__module__ != "builtins":
            found |= _in_file(filename).get(base.__qualname__, {})
    return found


@functools.lru_cache(maxsize=256)
def _in_file(filename: str) -> Mapping[str, Mapping[str, str]]:
    """Return the docstrings of the fields of all classes of a file, by the qualified names of the classes."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):  # Not Python source, for example an extension module.
        return {}
    return dict(_classes(tree, ""))


def _classes(tree: ast.AST, prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield f"{prefix}{node.name}", dict(_fields(node))
            yield from _classes(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _classes(node, f"{prefix}{node.name}.<locals>.")
        else:
            yield from _classes(node, prefix)


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            yield field.target.id, below.value.value
