"""Checks whether the type that a factory creates matches its registration, as far as types are known at start-up."""

import types
import typing
from collections.abc import Iterator
from typing import Any

from framework._inspect.signatures import type_arguments
from framework._inspect.types import without_none

__all__ = ("is_a",)


def is_a(product: Any, annotation: Any) -> bool:
    """Return whether one type is, or may be, another: a subclass, an implementation, a generic of the same types."""
    # A factory may return None for an optional service.
    product, annotation = _plain(without_none(product)), _plain(annotation)
    made, wanted = typing.get_origin(product) or product, typing.get_origin(annotation) or annotation
    if made in {typing.Union, types.UnionType}:
        return any(is_a(one, annotation) for one in typing.get_args(product))
    if made is Any or not isinstance(made, type) or not isinstance(wanted, type):
        return True
    if getattr(wanted, "_is_protocol", False):
        return all(_has(made, name) for name in _methods(wanted))
    if typing.is_typeddict(wanted):
        # A TypedDict is only for type checkers, which compare the keys.
        return issubclass(made, dict)
    return issubclass(made, wanted) and _same_arguments(product, annotation, wanted)


def _plain(annotation: Any) -> Any:
    while isinstance(annotation, typing.NewType):
        annotation = annotation.__supertype__
    return annotation


def _has(made: type, name: str) -> bool:
    return hasattr(made, name) or hasattr(made, "__getattr__") or made is object


def _methods(protocol: type) -> Iterator[str]:
    """Yield the methods of a protocol; its attributes are not checked, because a constructor may set them."""
    for base in protocol.__mro__:
        if getattr(base, "_is_protocol", False):
            yield from (name for name, one in vars(base).items() if isinstance(one, types.FunctionType | property))


def _same_arguments(product: Any, annotation: Any, wanted: type) -> bool:
    """Return whether a created type may be ``Repository[int]``: an argument may be a subclass in either direction."""
    asked, given = type_arguments(annotation).get(wanted, {}), type_arguments(product).get(wanted, {})
    pairs = [(given.get(one, Any), other) for one, other in asked.items()]
    return all(is_a(one, other) or is_a(other, one) for one, other in pairs)
