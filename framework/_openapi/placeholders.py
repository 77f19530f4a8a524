"""Types that stand in an operation where schemas will be, until the names of all components are known."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import inspect

from framework._openapi.schemas import Names, schema_of

__all__ = ("describe", "types_in", "with_schemas")

# What stands under these is data, whatever its keys are called.
_DATA = frozenset({"default", "example", "examples"})


def describe(annotation: Any) -> inspect.Type:
    """Return msgspec's description of a type; what msgspec does not know (numpy's, for example) may be anything."""
    try:
        return _described(annotation)
    except TypeError:
        # Not hashable for the cache, or not known.
        return _freshly_described(annotation)


# PERF: one Struct with many others in it takes milliseconds, and hundreds of handlers may return it.
@lru_cache(maxsize=4096)
def _described(annotation: Any) -> inspect.Type:
    return inspect.type_info(annotation)


def _freshly_described(annotation: Any) -> inspect.Type:
    try:
        return inspect.type_info(annotation)
    except TypeError:
        return inspect.AnyType()


def types_in(node: Any) -> Iterator[inspect.Type]:
    """Yield all types that stand under ``schema`` in (a part of) an operation."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "schema" and _is_placeholder(value):
                yield _as_type(value)
            elif key not in _DATA:
                yield from types_in(value)
    elif isinstance(node, list | tuple):
        for one in node:
            yield from types_in(one)


def with_schemas(node: Any, names: Names) -> Any:
    """Return (a part of) an operation with schemas in the place of types."""
    if isinstance(node, Mapping):
        return {key: _resolved(key, value, names) for key, value in node.items()}
    return [with_schemas(one, names) for one in node] if isinstance(node, list | tuple) else node


def _resolved(key: Any, value: Any, names: Names) -> Any:
    if key == "schema" and _is_placeholder(value):
        return schema_of(_as_type(value), names)
    return value if key in _DATA else with_schemas(value, names)


def _is_placeholder(value: Any) -> bool:
    # A string is the name of a component, in apispec's way of writing.
    return not isinstance(value, Mapping | bool | str)


def _as_type(value: Any) -> inspect.Type:
    return value if isinstance(value, inspect.Type) else describe(value)
