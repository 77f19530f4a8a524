"""The values of sessions: encoded, validated on reading, and made new."""

import dataclasses
from typing import Any, Generic, TypeVar

import msgspec

__all__ = ("Values", "value_mistake")

T = TypeVar("T")
_INVALID = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, TypeError)


class Values(Generic[T]):
    """Encodes and decodes values of one type."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self._decoder = msgspec.json.Decoder(kind)
        self.encode = msgspec.json.Encoder().encode
        self.empty = self.encode(kind())
        """The encoded value of a new session."""

    def fresh(self) -> T:
        """Return the value of a new session."""
        return self.kind()

    def decode(self, data: Any) -> T:
        """Return a stored value; raises ValueError if it is not of the type any more."""
        try:
            return self._decoder.decode(data)
        except _INVALID as error:
            raise ValueError(str(error)) from error

    def is_changed(self, value: T, stored: Any) -> bool:
        """Return whether a value differs from what is stored."""
        encoded = self.encode(value)
        # What an older release has stored may be written otherwise, and a set in another order.
        return encoded != bytes(stored) and encoded != self.encode(self.decode(stored))


def value_mistake(kind: Any) -> tuple[str, str] | None:
    """Return why a type cannot be that of a session, and a hint."""
    hint = "give a msgspec.Struct or a dataclass whose fields have defaults"
    named = getattr(kind, "__name__", repr(kind))
    if not isinstance(kind, type) or not (issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind)):
        return f"Sessions({named}) is not a Struct or dataclass", hint
    try:
        kind()
    except Exception as error:  # noqa: BLE001  whatever a constructor raises
        return f"Sessions({named}): a new session would be {named}(), which raises {error}", hint
    try:
        values = Values(kind)
        values.decode(values.empty)
    except Exception as error:  # noqa: BLE001  a type that msgspec does not support, or a default of another type
        return (
            f"Sessions({named}): the value of a new session cannot be stored: {error}",
            "change the type of the field",
        )
    return None
