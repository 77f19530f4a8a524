"""Defaults of dataclasses that msgspec leaves out of the instances that it makes.

msgspec sets no field that was not sent and whose default is an attribute of the class. Reading the field works, but the
``__dict__`` of the instance, which all encoders read, lacks it, and a response would lack it too.
"""

import dataclasses
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import inspect

from framework._inspect.types import kind_of, subtypes

__all__ = ("completed", "completer_of", "completing")

_Complete: TypeAlias = Callable[[Any], None]


def completing(annotation: Any, decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return a decoder whose values have the defaults of all dataclasses; itself if no type needs it."""
    complete = completer_of(kind_of(annotation))
    if complete is None:
        return decode

    def decode_completely(data: bytes) -> Any:
        value = decode(data)
        complete(value)
        return value

    return decode_completely


def completed(kind: inspect.Type, value: Any) -> Any:
    """Return a decoded value of a type, which has the defaults of all dataclasses now."""
    complete = completer_of(kind)
    if complete is not None:
        complete(value)
    return value


def completer_of(kind: inspect.Type) -> _Complete | None:
    """Return a function that adds the defaults to a decoded value of a type; ``None`` if no type needs it."""
    kinds = {_class_of(one): one for one in _objects(kind)}
    defaults = {cls: found for cls, one in kinds.items() if (found := _left_out(cls, one))}
    if not defaults:
        return None
    steps: dict[type, _Complete] = {}

    def complete(value: Any) -> None:
        step = steps.get(type(value))
        if step is not None:
            step(value)

    def complete_items(values: Any) -> None:
        for one in values:
            complete(one)

    def complete_values(values: Any) -> None:
        complete_items(values.values())

    steps.update(dict.fromkeys((list, tuple, set, frozenset), complete_items))
    steps[dict] = complete_values
    for cls, one in kinds.items():
        steps[cls] = _step(defaults.get(cls, {}), tuple(_leading(one, defaults)), complete)
    return complete


def _step(defaults: Mapping[str, Any], names: tuple[str, ...], complete: _Complete) -> _Complete:
    """Return what completes one instance of a class, and its fields with these names."""

    def step(value: Any) -> None:
        if defaults:
            held = value.__dict__
            for name, default in defaults.items():
                held.setdefault(name, default)
        for name in names:
            complete(getattr(value, name, None))

    return step


def _leading(kind: Any, defaults: Mapping[type, Any]) -> Iterator[str]:
    """Yield the fields of a class in which an instance with missing defaults may be."""
    for field in kind.fields:
        if any(_class_of(one) in defaults for one in _objects(field.type)):
            yield field.name


def _left_out(cls: Any, kind: inspect.Type) -> dict[str, Any]:
    """Return the defaults that instances of a class may lack."""
    has_dict = isinstance(kind, inspect.DataclassType) and bool(cls.__dictoffset__)
    if not has_dict or not dataclasses.is_dataclass(cls):
        return {}
    return {
        one.name: one.default
        for one in dataclasses.fields(cls)
        if one.default is not dataclasses.MISSING and hasattr(cls, one.name)
    }


def _objects(kind: inspect.Type) -> Iterator[Any]:
    """Yield the types with fields that are part of a type, each once."""
    return (one for one in subtypes(kind) if hasattr(one, "fields"))


def _class_of(kind: Any) -> Any:
    return typing.get_origin(kind.cls) or kind.cls
