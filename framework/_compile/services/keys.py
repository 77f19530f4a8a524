"""Checks the types under which services are registered."""

import types
import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from framework._inspect.names import type_name, value_name
from framework._inspect.types import without_none
from framework.container import Registration

__all__ = ("is_value", "wrong_key")

# Types of values, not of services: parameters of these types are read from the request.
_VALUES = frozenset(
    {bool, bytes, complex, date, datetime, Decimal, dict, float, frozenset, int, list, object, set, str, time}
    | {timedelta, tuple, UUID}
)


def wrong_key(registration: Registration) -> tuple[str, str] | None:
    """Return the error in the type of a registration, and a hint; ``None`` if it is valid."""
    key = registration.key
    name = type_name(key)
    if registration.orphan:
        under = "" if registration.qualifier is None else f" with qualifier {registration.qualifier!r}"
        return f"{name} is overridden{under} and was never registered", "override a type that is registered"
    if typing.get_origin(key) is typing.Annotated:
        return f"{name} is registered with metadata", f"register {name}; qualifier= tells several apart"
    if without_none(key) != key:
        plain = type_name(without_none(key))
        return f"{name} is registered as an optional", f"register {plain}; who asks for {name} is given it"
    if isinstance(key, types.FunctionType | types.MethodType):
        return f"{value_name(key)} is registered as a type", "give the type first, then its factory"
    origin = typing.get_origin(key)
    variables: Any = getattr(key, "__parameters__", ())
    if variables and origin is not None:
        return f"{name} is registered with a type variable", f"register {type_name(origin)}, which stands for all of it"
    if isinstance(key, type) or origin is not None or isinstance(key, typing.NewType):
        return None if registration.qualifier is not None else _common_value(key)
    hint = "give the type itself; add_instance takes it and then the instance"
    return f"{value_name(key)} is registered as a type", hint


def _common_value(key: Any) -> tuple[str, str] | None:
    """Return the error for a type of values that many parameters have: ``str``, ``list[int]``."""
    if not is_value(key):
        return None
    name = type_name(key)
    own = f'register a type of your own (a class, or NewType("Name", {name}))'
    asked = f'give it a qualifier and ask for Annotated[{name}, Inject("…")]'
    return f"{name} is registered, so it would fill every parameter of that type", f"{own}, or {asked}"


def is_value(annotation: Any) -> bool:
    """Return whether a type is that of values, not of services: ``str``, ``list[int]``, ``date``."""
    parts = (typing.get_origin(annotation) or annotation, *typing.get_args(annotation))
    return all(isinstance(one, type) and one in _VALUES for one in parts)
