"""Which schemas the application reads and which it writes: for callbacks and webhooks, the directions are swapped."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

from framework._document.openapi.operation_ids import METHODS
from framework._document.schemas.placeholders import types_in, with_schemas
from framework._document.schemas.schemas import Names

__all__ = ("directed_schemas", "directed_types", "sent_schemas", "sent_types")

# The members of an operation that hold what its server reads; all others are sent by the server.
_READ = frozenset({"parameters", "requestBody"})


def directed_types(operation: Mapping[str, Any], *, read: bool) -> Iterator[inspect.Type]:
    """Yield the types of an operation that its server reads, or those that it sends."""
    for key, one in operation.items():
        if key == "callbacks":
            for items in _mapping(one).values():
                yield from sent_types(_mapping(items), read=read)
        elif (key in _READ) is read:
            yield from types_in({key: one})


def sent_types(items: Mapping[str, Any], *, read: bool) -> Iterator[inspect.Type]:
    """Yield the types that the application reads, or writes, in the path items of its own requests."""
    for item in items.values():
        for key, one in _mapping(item).items():
            yield from directed_types(_mapping(one) if key in METHODS else {key: one}, read=not read)


def directed_schemas(operation: Mapping[str, Any], names: Names, output_names: Names) -> dict[str, Any]:
    """Return an operation with schemas in place of types: of input for the request, of output for the responses."""
    return {key: _member(key, one, names, output_names) for key, one in operation.items()}


def sent_schemas(items: Mapping[str, Any], names: Names, output_names: Names) -> dict[str, Any]:
    """Return the path items of the application's own requests with schemas in place of types."""
    return {name: _item(one, output_names, names) for name, one in items.items()}


def _member(key: str, node: Any, names: Names, output_names: Names) -> Any:
    if key == "callbacks" and isinstance(node, Mapping):
        return {
            name: sent_schemas(one, names, output_names) if isinstance(one, Mapping) else one
            for name, one in node.items()
        }
    return with_schemas({key: node}, names if key in _READ else output_names)[key]


def _item(item: Any, names: Names, output_names: Names) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {
        key: directed_schemas(one, names, output_names)
        if key in METHODS and isinstance(one, Mapping)
        else _member(key, one, names, output_names)
        for key, one in item.items()
    }


def _mapping(node: Any) -> Mapping[str, Any]:
    # The value of extra= may be anything, for example a reference.
    return node if isinstance(node, Mapping) else {}
