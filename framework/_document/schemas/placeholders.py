"""Types in place of schemas in an operation, until the names of all components are known."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

from framework._document.schemas.schemas import Names, schema_of
from framework._inspect.types import kind_of

__all__ = ("describe", "types_in", "with_schemas")

# The values of these keys are data, whatever their own keys are called. ("default" is a response here.)
_DATA = frozenset({"example", "examples"})
# A complete schema, or the name of a component as apispec writes it; an extension may have any value.
_LEAVES = (str, int, float, type(None))
_WRITTEN_OUT = (dict, Mapping, list, tuple, *_LEAVES)


def describe(annotation: Any) -> inspect.Type:
    """Return msgspec's description of a type; an unknown type (numpy's, for example) may be any value."""
    try:
        return kind_of(annotation)
    except TypeError:
        return inspect.AnyType()


def types_in(node: Any) -> Iterator[inspect.Type]:
    """Yield all types under ``schema`` in (a part of) an operation."""
    if isinstance(node, dict | Mapping):
        for key, value in node.items():
            if key not in _DATA:
                yield from _types_under(key, value)
    elif isinstance(node, list | tuple):
        for one in node:
            yield from types_in(one)


def _types_under(key: Any, value: Any) -> Iterator[inspect.Type]:
    if key != "schema":
        yield from () if isinstance(value, _LEAVES) else types_in(value)
    elif not isinstance(value, _WRITTEN_OUT):
        yield _as_type(value)


def with_schemas(node: Any, names: Names) -> Any:
    """Return (a part of) an operation with schemas in place of types."""
    if isinstance(node, _LEAVES):
        return node
    if isinstance(node, dict | Mapping):
        return {key: _resolved(key, value, names) for key, value in node.items()}
    return [with_schemas(one, names) for one in node] if isinstance(node, list | tuple) else node


def _resolved(key: Any, value: Any, names: Names) -> Any:
    if key in _DATA:
        return value
    if key != "schema":
        return with_schemas(value, names)
    return value if isinstance(value, _WRITTEN_OUT) else schema_of(_as_type(value), names)


def _as_type(value: Any) -> inspect.Type:
    return value if isinstance(value, inspect.Type) else describe(value)
