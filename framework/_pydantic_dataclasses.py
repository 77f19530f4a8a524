"""Dataclasses of pydantic 2, which msgspec would read and write as plain dataclasses, without their validation.

msgspec recognises a dataclass by its attribute ``__dataclass_fields__``, and caches its description of each class with
fields. While it inspects a type for the first time, that attribute is hidden: msgspec then calls the hooks for such a
class, as for any unknown class.
"""

import functools
import gc
import threading
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from msgspec import Struct

__all__ = (
    "forget",
    "hiding",
    "inherits_pydantic_dataclass",
    "is_pydantic_dataclass",
    "is_read_too_early",
    "original",
    "readable",
    "remember",
)

_MARK = "__is_pydantic_dataclass__"
_FIELDS = "__dataclass_fields__"
_CACHE = "__msgspec_cache__"
_lock = threading.RLock()
_known: set[type[Any]] = set()
_early: WeakSet[type[Any]] = WeakSet()


def is_pydantic_dataclass(cls: Any) -> bool:
    """Return whether a class is a dataclass of pydantic."""
    return isinstance(cls, type) and _MARK in vars(cls)


def inherits_pydantic_dataclass(cls: Any) -> bool:
    """Return whether a class derives from a dataclass of pydantic, but is not one itself."""
    return isinstance(cls, type) and _MARK not in vars(cls) and any(_MARK in vars(base) for base in cls.__mro__)


def remember(cls: type[Any]) -> None:
    """Add a dataclass of pydantic to those that are hidden from msgspec."""
    _known.add(cls)


def forget(cls: Any) -> None:
    """Drop msgspec's cache for a class that contains a dataclass of pydantic; that of a Struct cannot be dropped."""
    if isinstance(cls, type) and issubclass(cls, Struct):
        # msgspec keeps it in C, where Python cannot delete it.
        if any(type(one).__name__ == "StructInfo" for one in gc.get_referents(cls)):
            _early.add(cls)
    elif _CACHE in getattr(cls, "__dict__", ()):
        delattr(cls, _CACHE)


def is_read_too_early(cls: Any) -> bool:
    """Return whether msgspec has cached a class, and so reads a dataclass of pydantic in it as a plain one."""
    cls = typing.get_origin(cls) or cls
    return is_pydantic_dataclass(cls) or cls in _early


class _Hidden:
    """Replaces ``__dataclass_fields__``, and hides it from one thread."""

    def __init__(self, fields: object) -> None:
        self._fields = fields
        self._thread = threading.get_ident()

    def __get__(self, instance: object, owner: type[Any]) -> object:
        if threading.get_ident() == self._thread:
            raise AttributeError(_FIELDS)
        return self._fields


@contextmanager
def hiding() -> Iterator[None]:
    """Let msgspec inspect types so that it calls its hooks for the known dataclasses of pydantic."""
    if not _known:
        yield
        return
    with _lock:
        shown = {cls: vars(cls)[_FIELDS] for cls in tuple(_known) if not isinstance(vars(cls)[_FIELDS], _Hidden)}
        try:
            for cls, fields in shown.items():
                setattr(cls, _FIELDS, _Hidden(fields))
            yield
        finally:
            for cls, fields in shown.items():
                setattr(cls, _FIELDS, fields)


class _Readable(type):
    """The metaclass of placeholders for dataclasses of pydantic, in types that msgspec inspects on each conversion."""

    model: type[Any]

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.model)


@functools.lru_cache(maxsize=4096)
def readable(cls: Any) -> Any:
    """Return the placeholder of a dataclass of pydantic for types that are built here; any other class as it is."""
    if not is_pydantic_dataclass(cls):
        return cls
    body = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    made = _Readable(cls.__name__, (), body)
    made.model = cls
    return made


def original(cls: Any) -> Any:
    """Return the dataclass of pydantic that a class stands for, and any other class as it is."""
    return cls.model if isinstance(cls, _Readable) else cls
