"""The hooks that decode and encode types that msgspec does not know; all decoders and encoders share them."""

from typing import Any

import msgspec

from framework._codecs import CustomType, codec_of, codec_of_value
from framework._secret import SecretStr

__all__ = ("BrokenDecodeError", "decode_hook", "encode_hook", "raise_broken", "raise_broken_cause", "reveal")


class BrokenDecodeError(ValueError):
    """An exception of a ``decode=`` that is not a validation error; the original exception is its cause.

    It is a ValueError, so msgspec adds the place at which it was raised.
    """


def decode_hook(kind: type, value: Any) -> Any:
    """Decode a value of a type that msgspec does not know; values of unknown types are returned unchanged.

    msgspec calls it for such types only, so a decoder with this hook is as fast as a decoder without. Raises ValueError
    and TypeError for invalid values.
    """
    codec = codec_of(kind)
    if codec is None or codec.decode is None or isinstance(value, kind):
        return value
    try:
        made = codec.decode(value)
    except (ValueError, TypeError):
        raise
    except _errors_of(codec) as error:
        # msgspec would report one of its own errors as the error of the whole value, without the place.
        raise ValueError(str(error)) from error
    except Exception as error:
        raise BrokenDecodeError from error
    if not isinstance(made, kind):
        wrong = RuntimeError(f"it has returned `{type(made).__qualname__}`, expected `{kind.__qualname__}`")
        raise BrokenDecodeError from wrong
    return made


def _errors_of(codec: CustomType) -> tuple[type[Exception], ...]:
    return (msgspec.MsgspecError, *codec.errors)


def raise_broken(error: BaseException) -> None:
    """Raise the exception that a ``decode=`` has raised, with its place, if it is the cause of an error of msgspec."""
    if error.__cause__ is not None:
        raise_broken_cause(error.__cause__, str(error).rpartition(" - at `")[2].rstrip("`"))


def raise_broken_cause(broken: BaseException, place: str = "") -> None:
    """Raise the exception that a ``decode=`` has raised, if it is the cause of an error of the hook."""
    cause = broken.__cause__
    if isinstance(broken, BrokenDecodeError) and cause is not None:
        cause.add_note(f"Raised by decode= of a CustomType, at `{place or '$'}`")
        raise cause from None


def encode_hook(value: Any) -> Any:
    """Return the encoded form of a value that msgspec does not know.

    Raises TypeError for unknown types, and TypeError or ValueError if ``encode`` fails.
    """
    codec = codec_of_value(value)
    if codec is None or codec.encode is None:
        raise TypeError(f"Encoding objects of type {type(value).__qualname__} is unsupported")
    try:
        return codec.encode(value)
    except (TypeError, ValueError):
        raise
    except Exception as error:
        raise TypeError(f"encode= of CustomType({codec.cls.__qualname__}) has raised {error!r}") from error


def reveal(value: Any) -> Any:
    """Return the value that ``decode_hook`` would read this value from; raises TypeError for other types."""
    return value.reveal() if isinstance(value, SecretStr) else encode_hook(value)
