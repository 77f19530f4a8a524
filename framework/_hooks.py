"""How types that msgspec does not know are made from what JSON and texts have: one hook for all decoders."""

from typing import Any

from framework._secret import SecretStr

__all__ = ("decode_hook", "reveal")


def decode_hook(kind: type, value: Any) -> Any:
    """Make a value of a type that msgspec does not know; what cannot be made is left, and msgspec refuses it.

    msgspec calls it for such types alone, so that a decoder with it is as fast as one without.
    """
    return SecretStr(value) if kind is SecretStr and isinstance(value, str) else value


def reveal(value: Any) -> Any:
    """Return what ``decode_hook`` makes a value from; raises NotImplementedError for other types."""
    if isinstance(value, SecretStr):
        return value.reveal()
    raise NotImplementedError
