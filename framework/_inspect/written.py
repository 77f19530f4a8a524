"""What is in a class body and Python does not keep: docstrings of fields, and repeated definitions of methods."""

import ast
import inspect
import linecache
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct

__all__ = ("field_docs", "repeated_methods")

_Method: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
# The attributes of statements, and of the parts of statements, that hold further statements.
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
# Modules whose classes have no docstrings of fields. PERF: to read typing.py took 35 ms, if a model is generic.
_WITHOUT = frozenset({"builtins", "typing"})


class _WrittenClass(Struct, frozen=True):
    """The body of a class in its source file."""

    field_docs: Mapping[str, str]
    """The string literals below the fields, by field name."""
    repeated: Mapping[str, Sequence[_Method]]
    """The methods that are defined several times, by name."""


def field_docs(cls: Any) -> dict[str, str]:
    """Return the docstrings of a class's fields, including inherited fields, by field name."""
    plain = typing.get_origin(cls) or cls
    found: dict[str, str] = {}
    for base in reversed(getattr(plain, "__mro__", ())):
        filename = getattr(sys.modules.get(base.__module__), "__file__", None)
        written = None
        if filename is not None and base.__module__ not in _WITHOUT:
            written = _written_classes(filename).get(base.__qualname__)
        if written is not None:
            found |= written.field_docs
    return found


def repeated_methods(cls: type, is_meant: Callable[[ast.expr], bool]) -> Iterator[tuple[str, list[int]]]:
    """Yield the methods that a class body defines several times, with their lines; Python keeps the last definition.

    One of the definitions has a decorator for which ``is_meant`` is true. A class without a source file has none.
    """
    try:
        body = _written_classes(inspect.getfile(cls)).get(cls.__qualname__)
    except (OSError, TypeError):
        return
    for name, several in body.repeated.items() if body is not None else ():
        meant = any(is_meant(decorator) for one in several for decorator in one.decorator_list)
        if meant and _is_at(vars(cls).get(name), several[-1]):
            yield name, [one.lineno for one in several]


def _is_at(function: Any, written: _Method) -> bool:
    """Return whether a function is the definition at a place: the file may have changed, or define two such classes."""
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return code is not None and code.co_firstlineno == min(one.lineno for one in (*written.decorator_list, written))


def _written_classes(file: str) -> Mapping[str, _WrittenClass]:
    """Return the classes of a file by their qualified names; empty if the file does not parse."""
    return _read(file, tuple(linecache.getlines(file)))


@lru_cache(maxsize=256)
def _read(file: str, lines: tuple[str, ...]) -> Mapping[str, _WrittenClass]:
    try:
        return dict(_classes(ast.parse("".join(lines), file), ""))
    except (SyntaxError, ValueError, RecursionError, SystemError):
        # SystemError is how the parser of Python 3.11 fails now and then when another thread parses as well.
        return {}


def _classes(tree: ast.AST, prefix: str) -> Iterator[tuple[str, _WrittenClass]]:
    # PERF: only statements hold classes; to look into expressions as well took five times as long.
    for node in (each for block in _BLOCKS for each in getattr(tree, block, ())):
        inner = prefix
        if isinstance(node, ast.ClassDef):
            yield f"{prefix}{node.name}", _WrittenClass(dict(_fields(node)), _repeated(node.body))
            inner = f"{prefix}{node.name}."
        elif isinstance(node, _Method):
            inner = f"{prefix}{node.name}.<locals>."
        yield from _classes(node, inner)


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            yield field.target.id, below.value.value


def _repeated(body: Iterable[ast.stmt]) -> dict[str, list[_Method]]:
    methods: dict[str, list[_Method]] = {}
    for one in body:
        if isinstance(one, _Method):
            methods.setdefault(one.name, []).append(one)
    return {name: several for name, several in methods.items() if len(several) > 1}
