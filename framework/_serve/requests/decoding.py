"""The decoders of bodies, parts and messages: those of a format, with checks for values that msgspec should not accept.

Which types need a check is decided when the app is built; all others are decoded by msgspec alone.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

from framework._inspect.types import kind_of, subtypes
from framework._pydantic_dataclasses import hiding
from framework._serve.validation.collisions import FEW
from framework._serve.validation.lax import holds_chosen_keys, strict_check
from framework._serve.validation.msgpack_keys import require_plain_keys
from framework.formats import JSON, MSGPACK, Format

__all__ = ("decoder_for", "parser_for")

_Decode: TypeAlias = Callable[[bytes], Any]
# Whether bytes may contain a value that a check rejects.
_Suspect: TypeAlias = Callable[[bytes], Any]

# The first letters of NaN and infinities; a JSON escape may encode them too.
_INFINITE_TEXT = re.compile(rb"(?i)nan|inf|\\u")
# float 32 and float 64 with all bits of the exponent set (IEEE 754), and strings as above.
_INFINITE_MSGPACK = re.compile(rb"(?i:nan|inf)|\xca[\x7f\xff][\x80-\xff]|\xcb[\x7f\xff][\xf0-\xff]")


def decoder_for(format_: Format, annotation: Any) -> _Decode:
    """Return the decoder of a type; it also rejects non-finite numbers and colliding keys (ValidationError)."""
    decode, kind = _plain_decoder(format_, annotation), kind_of(annotation)
    suspects, check = tuple(_suspects_of(format_, kind)), strict_check(kind)
    if not suspects or check is None:
        return decode
    parse = parser_for(format_)

    def decode_checked(data: bytes) -> Any:
        if any(suspect(data) for suspect in suspects) and check(parse(data)):
            # The place of the value is found when the error is explained.
            raise msgspec.ValidationError("Invalid value")
        return decode(data)

    return decode_checked


def parser_for(format_: Format) -> _Decode:
    """Return the decoder of bytes without a type; it raises ValidationError for colliding keys."""
    return _with_plain_keys(format_.parse) if _is_msgpack(format_) else format_.parse


def _plain_decoder(format_: Format, annotation: Any) -> _Decode:
    with hiding():
        decode = format_.decoder(annotation)
    return _with_plain_keys(decode) if _is_msgpack(format_) and _is_untyped(kind_of(annotation)) else decode


def _is_untyped(kind: inspect.Type) -> bool:
    return any(isinstance(one, inspect.AnyType | inspect.CustomType) for one in subtypes(kind))


def _with_plain_keys(decode: _Decode) -> _Decode:
    def decode_plain(data: bytes) -> Any:
        require_plain_keys(data)
        return decode(data)

    return decode_plain


def _is_msgpack(format_: Format) -> bool:
    return format_.media_type == MSGPACK.media_type


def _suspects_of(format_: Format, kind: inspect.Type) -> Iterator[_Suspect]:
    numbers = _number_suspect(format_, kind)
    if numbers is not None:
        yield numbers
    if holds_chosen_keys(kind):
        yield _has_many if format_.media_type == JSON.media_type else _is_long


def _has_many(data: bytes) -> bool:
    return data.count(b",") >= FEW


def _is_long(data: bytes) -> bool:
    return len(data) > FEW


def _number_suspect(format_: Format, kind: inspect.Type) -> _Suspect | None:
    has_decimals = any(isinstance(one, inspect.DecimalType) for one in subtypes(kind))
    if _is_msgpack(format_) and (has_decimals or any(isinstance(one, inspect.FloatType) for one in subtypes(kind))):
        return _INFINITE_MSGPACK.search
    if not has_decimals:
        # JSON has no such numbers.
        return None
    return _INFINITE_TEXT.search if format_.media_type == JSON.media_type else _always


def _always(_: bytes) -> bool:
    return True
