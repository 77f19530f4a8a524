"""Finds the dataclasses of pydantic in a type, before msgspec looks at it."""

import sys
import typing
from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakSet

from framework._inspect.signatures import class_hints
from framework._pydantic_dataclasses import forget, is_pydantic_dataclass, remember

__all__ = ("discover",)

_visited: WeakSet[type[Any]] = WeakSet()


def discover(annotation: Any) -> None:
    """Remember the dataclasses of pydantic in a type, and in the fields of its classes."""
    if "pydantic.dataclasses" not in sys.modules:
        return
    waiting = [annotation]
    while waiting:
        for one in _parts(waiting.pop()):
            if is_pydantic_dataclass(one):
                remember(one)
            elif one not in _visited:
                waiting.extend(_field_types(one))


def _parts(annotation: Any) -> Iterator[type[Any]]:
    """Yield the classes in an annotation: ``dict[str, Order] | None`` -> dict, str, Order, NoneType."""
    origin = typing.get_origin(annotation)
    if isinstance(annotation, type) and origin is None:
        yield annotation
        return
    inner = [origin, *typing.get_args(annotation), *_targets(annotation)]
    for one in inner:
        yield from () if one is None or one is annotation else _parts(one)
    if any(map(is_pydantic_dataclass, inner)):
        forget(annotation)


def _targets(annotation: Any) -> list[Any]:
    """Return what a NewType or a ``type`` statement stands for."""
    return [getattr(annotation, name) for name in ("__supertype__", "__value__") if hasattr(annotation, name)]


def _field_types(cls: type[Any]) -> Sequence[Any]:
    """Return the types of the fields of a class, none if they cannot be resolved."""
    if not any("__annotations__" in vars(base) or "__annotate__" in vars(base) for base in cls.__mro__[:-1]):
        return ()
    try:
        hints = list(class_hints(cls).values())
    except Exception:  # noqa: BLE001  what evaluating the annotations of any class may raise; msgspec reports its own
        return ()
    _visited.add(cls)
    if any(map(is_pydantic_dataclass, (part for one in hints for part in _parts(one)))):
        forget(cls)
    return hints
