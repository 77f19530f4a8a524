"""Which schemas the application reads and which it writes: in callbacks and webhooks it is the other way round."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

from framework._openapi.operation_ids import METHODS
from framework._openapi.placeholders import types_in, with_schemas
from framework._openapi.schemas import Names

__all__ = ("directed_schemas", "directed_types", "sent_schemas", "sent_types")

# The members of an operation that hold what its server reads; all else is answered.
_READ = frozenset({"parameters", "requestBody"})


def directed_types(operation: Mapping[str, Any], *, read: bool) -> Iterator[inspect.Type]:
    """Yield the types of an operation that its server reads, or those that it answers with."""
    for key, one in operation.items():
        if key == "callbacks":
            for items in _mapping(one).values():
                yield from sent_types(_mapping(items), read=read)
        elif (key in _READ) is read:
            yield from types_in({key: one})


def sent_types(items: Mapping[str, Any], *, read: bool) -> Iterator[inspect.Type]:
    """Yield the types that the application reads, or writes, in path items of requests that it sends itself."""
    for item in items.values():
        for key, one in _mapping(item).items():
            yield from directed_types(_mapping(one) if key in METHODS else {key: one}, read=not read)


def directed_schemas(operation: Mapping[str, Any], names: Names, answer_names: Names) -> dict[str, Any]:
    """Return an operation with schemas in the place of types: of what its server reads, and of what it answers."""
    return {key: _member(key, one, names, answer_names) for key, one in operation.items()}


def sent_schemas(items: Mapping[str, Any], names: Names, answer_names: Names) -> dict[str, Any]:
    """Return path items of requests that the application sends with schemas in the place of types."""
    return {name: _item(one, answer_names, names) for name, one in items.items()}


def _member(key: str, node: Any, names: Names, answer_names: Names) -> Any:
    if key == "callbacks" and isinstance(node, Mapping):
        return {
            name: sent_schemas(one, names, answer_names) if isinstance(one, Mapping) else one
            for name, one in node.items()
        }
    return with_schemas({key: node}, names if key in _READ else answer_names)[key]


def _item(item: Any, names: Names, answer_names: Names) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {
        key: directed_schemas(one, names, answer_names)
        if key in METHODS and isinstance(one, Mapping)
        else _member(key, one, names, answer_names)
        for key, one in item.items()
    }


def _mapping(node: Any) -> Mapping[str, Any]:
    # What extra= adds may be anything, a reference for example.
    return node if isinstance(node, Mapping) else {}
