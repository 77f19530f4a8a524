"""The checks of option values that several options share."""

import math
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

__all__ = (
    "Shape",
    "all_are",
    "are_strings",
    "is_bool",
    "is_collection",
    "is_duration",
    "is_mapping",
    "is_name",
    "is_path",
    "is_string",
    "is_struct_class",
    "is_whole_number",
)


class Shape(Struct, frozen=True):
    """The valid values of an option: a check, a description, and an example."""

    fits: Callable[[Any], bool]
    expected: str
    example: str
    optional: bool = False
    """Whether None means that it is not set."""


def is_string(value: Any) -> bool:
    """Return whether a value is a string."""
    return isinstance(value, str)


def is_path(value: Any) -> bool:
    """Return whether a value is the path of a file or folder."""
    return isinstance(value, str | os.PathLike) and str(value) != ""


def is_name(value: Any) -> bool:
    """Return whether a value is a string that is not empty."""
    return isinstance(value, str) and value != ""


def is_whole_number(value: Any) -> bool:
    """Return whether a value is a whole number, zero included."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_duration(value: Any) -> bool:
    """Return whether a value is a positive, finite number of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def is_collection(value: Any) -> bool:
    """Return whether a value is a collection of items, and neither a string nor a mapping."""
    return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping | type)


def all_are(cls: type) -> Callable[[Any], bool]:
    """Return a check that a value is a collection of instances of a class."""
    return lambda value: is_collection(value) and all(isinstance(one, cls) for one in value)


def are_strings(value: Any) -> bool:
    """Return whether a value is a collection of strings."""
    return is_collection(value) and all(isinstance(one, str) for one in value)


def is_mapping(value: Any) -> bool:
    """Return whether a value is a mapping."""
    return isinstance(value, Mapping)


def is_struct_class(value: Any) -> bool:
    """Return whether a value is a Struct class."""
    return isinstance(value, type) and issubclass(value, Struct)


def is_bool(value: Any) -> bool:
    """Return whether a value is True or False."""
    return isinstance(value, bool)
