"""Reads and creates instances of Structs, dataclasses, attrs classes, TypedDicts and NamedTuples."""

import copy
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import inspect

__all__ = ("KINDS_OF_OBJECTS", "ObjectKind", "is_twin")


class ObjectKind:
    """Reads and creates the instances of one class."""

    never_as_is = False
    """Whether an instance may have more than the fields, without a subclass."""

    def __init__(self, kind: Any) -> None:
        self.cls: Any = typing.get_origin(kind.cls) or kind.cls
        self.names = [one.name for one in kind.fields]
        self.required = frozenset(one.name for one in kind.fields if one.required)

    def is_exact(self, value: Any) -> bool:
        """Return whether a value is an instance of the class, and of no subclass."""
        return type(value) is self.cls

    def is_subclass(self, value: Any) -> bool:
        """Return whether a value is an instance of a subclass."""
        return isinstance(value, self.cls)

    def read(self, value: Any, name: str) -> list[Any]:
        """Return the value of a field in a list, and an empty list if there is none."""
        found = getattr(value, name, _ABSENT)
        return [] if found is _ABSENT else [found]

    def by_name(self, value: Any) -> Any:
        """Return a value with its fields by position as a mapping, and any other value unchanged."""
        return value

    def replaced(self, value: Any, changes: Mapping[str, Any]) -> Any:
        """Return a copy of an instance with other values; the instance itself if there are none."""
        raise NotImplementedError

    def cut(self, value: Any, fields: Mapping[str, Any]) -> Any:
        """Return an instance of the class with the fields of an instance of a subclass."""
        raise NotImplementedError

    def build(self, fields: Mapping[str, Any]) -> Any:
        """Return an instance as the constructor creates it."""
        raise NotImplementedError


_ABSENT = object()
_TWINS: set[type] = set()


def is_twin(cls: type) -> bool:
    """Return whether a subclass was made by this module."""
    return cls in _TWINS


@functools.cache
def _twin(cls: Any) -> Any:
    """Return a class that encodes like a Struct class and does not run its ``__post_init__``, which has already run."""
    if not hasattr(cls, "__post_init__"):
        return cls
    config = cls.__struct_config__
    tag = {} if config.tag is None else {"tag": config.tag, "tag_field": config.tag_field}
    body = {"__post_init__": lambda _: None, "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    made = types.new_class(cls.__name__, (cls,), tag, lambda namespace: namespace.update(body))
    _TWINS.add(made)
    return made


class _StructKind(ObjectKind):
    def is_exact(self, value: Any) -> bool:
        return type(value) is self.cls or (type(value) in _TWINS and type(value).__base__ is self.cls)

    def replaced(self, value: Any, changes: Mapping[str, Any]) -> Any:
        if changes:
            value = copy.copy(value)
            for name, one in changes.items():
                msgspec.structs.force_setattr(value, name, one)
        return value

    def cut(self, value: Any, fields: Mapping[str, Any]) -> Any:  # noqa: ARG002  the fields are enough
        return _twin(self.cls)(**fields)

    def build(self, fields: Mapping[str, Any]) -> Any:
        return self.cls(**fields)


class _DataclassKind(ObjectKind):
    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        attributes = getattr(self.cls, "__attrs_attrs__", None)
        if attributes is not None:
            self._arguments = {one.name: one.alias for one in attributes if one.init}
            # msgspec encodes all of an attrs instance's __dict__, except fields with a leading underscore.
            self.never_as_is = leaks(kind)
        else:
            known = self.cls.__dataclass_fields__.values()
            self._arguments = {one.name: one.name for one in known if one.init}

    def replaced(self, value: Any, changes: Mapping[str, Any]) -> Any:
        if self.never_as_is:
            return {name: one for name in self.names for one in self.read(value, name)} | dict(changes)
        if changes:
            value = copy.copy(value)
            for name, one in changes.items():
                object.__setattr__(value, name, one)
        return value

    def cut(self, value: Any, fields: Mapping[str, Any]) -> Any:  # noqa: ARG002  the fields are enough
        if self.never_as_is:
            return dict(fields)
        made = object.__new__(self.cls)
        for name, one in fields.items():
            object.__setattr__(made, name, one)
        return made

    def build(self, fields: Mapping[str, Any]) -> Any:
        made = self.cls(**{self._arguments[name]: one for name, one in fields.items() if name in self._arguments})
        for name, one in fields.items():
            if name not in self._arguments:
                object.__setattr__(made, name, one)
        return self.replaced(made, {})


def leaks(kind: inspect.Type) -> bool:
    """Return whether msgspec encodes more or fewer values of an attrs class than its fields."""
    if not isinstance(kind, inspect.DataclassType) or not hasattr(kind.cls, "__attrs_attrs__"):
        return False
    cls = typing.get_origin(kind.cls) or kind.cls
    return bool(cls.__dictoffset__) or any(one.name.startswith("_") for one in kind.fields)


class _TypedDictKind(ObjectKind):
    never_as_is = True

    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        self.cls = dict
        self._names = frozenset(self.names)

    def is_exact(self, value: Any) -> bool:
        return type(value) is dict and self._names.issuperset(value) and self.required.issubset(value)

    def is_subclass(self, value: Any) -> bool:
        # A TypedDict with more keys is a subtype of it.
        return isinstance(value, Mapping) and all(name in value for name in self.required)

    def read(self, value: Any, name: str) -> list[Any]:
        return [value[name]] if name in value else []

    def replaced(self, value: Any, changes: Mapping[str, Any]) -> Any:
        return value | changes if changes else value

    def cut(self, value: Any, fields: Mapping[str, Any]) -> Any:  # noqa: ARG002  the fields are enough
        return dict(fields)

    def build(self, fields: Mapping[str, Any]) -> Any:
        return dict(fields)


class _NamedTupleKind(ObjectKind):
    def by_name(self, value: Any) -> Any:
        is_row = type(value) in (tuple, list) and len(self.required) <= len(value) <= len(self.names)
        return dict(zip(self.names, value, strict=False)) if is_row else value

    def replaced(self, value: Any, changes: Mapping[str, Any]) -> Any:
        return value._replace(**changes) if changes else value

    def cut(self, value: Any, fields: Mapping[str, Any]) -> Any:  # noqa: ARG002  the fields are enough
        return self.cls(**fields)

    def build(self, fields: Mapping[str, Any]) -> Any:
        return self.cls(**fields)


KINDS_OF_OBJECTS: dict[type[inspect.Type], Callable[[Any], ObjectKind]] = {
    inspect.StructType: _StructKind,
    inspect.DataclassType: _DataclassKind,
    inspect.TypedDictType: _TypedDictKind,
    inspect.NamedTupleType: _NamedTupleKind,
}
"""By the name of the type in msgspec."""
