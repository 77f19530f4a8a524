"""Tells which types need the hook of decoders."""

from msgspec import inspect

from framework._inspect.types import subtypes
from framework._secret import SecretStr

__all__ = ("holds_secrets",)


def holds_secrets(kind: inspect.Type) -> bool:
    """Tell whether something of a type may hold a secret."""
    return any(isinstance(one, inspect.CustomType) and one.cls is SecretStr for one in subtypes(kind))
