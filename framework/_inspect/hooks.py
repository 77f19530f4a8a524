"""Returns which types need the hooks of decoders and encoders."""

from msgspec import inspect

from framework._codecs import codec_of
from framework._inspect.types import subtypes
from framework._secret import SecretStr

__all__ = ("holds_custom", "holds_secrets")


def holds_secrets(kind: inspect.Type) -> bool:
    """Tell whether something of a type may hold a secret."""
    return any(isinstance(one, inspect.CustomType) and one.cls is SecretStr for one in subtypes(kind))


def holds_custom(kind: inspect.Type) -> bool:
    """Tell whether something of a type may hold what msgspec alone cannot read or write."""
    return any(isinstance(one, inspect.CustomType) and codec_of(one.cls) is not None for one in subtypes(kind))
