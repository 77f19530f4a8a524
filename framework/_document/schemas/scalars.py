"""JSON Schemas of the types that contain no other types."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from framework._codecs import codec_of
from framework._document.schemas.values import Schema, fixed_values, keys_of_enum
from framework._hooks import encode_hook
from framework._pydantic import unfolded

__all__ = ("KEYS", "SCALARS", "Schema", "compact", "examples_of", "plain_copy")

# RFC 3339 has no times without an offset; these two formats of the OpenAPI registry are for them.
_DATE_TIMES = {None: "date-time", True: "date-time", False: "date-time-local"}
_TIMES = {None: "time", True: "time", False: "time-local"}
_INTEGER_KEY: Schema = {"pattern": "^-?[0-9]+$"}


def compact(**members: Any) -> Schema:
    """Return the members that are set: ``compact(minimum=1, maximum=None)`` -> ``{"minimum": 1}``."""
    return {name: value for name, value in members.items() if value is not None}


def plain_copy(value: Any) -> Any:
    """Copy a user's value into dictionaries with string keys and lists: ``{404: (...)}`` -> ``{"404": [...]}``."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | Mapping):
        return {str(key): plain_copy(one) for key, one in value.items()}
    return [plain_copy(one) for one in value] if isinstance(value, list | tuple) else value


def examples_of(examples: Mapping[str, Any]) -> Schema:
    """Return examples for a parameter or a media type: ``example`` for a single example without a name."""
    plain = {
        name: plain_copy(msgspec.to_builtins(unfolded(one), str_keys=True, enc_hook=encode_hook))
        for name, one in examples.items()
    }
    if "" in plain:
        return {"example": plain[""]}
    return {"examples": {name: {"value": one} for name, one in plain.items()}} if plain else {}


def _number(name: str, kind: inspect.IntType | inspect.FloatType) -> Schema:
    return compact(
        type=name,
        minimum=kind.ge,
        exclusiveMinimum=kind.gt,
        maximum=kind.le,
        exclusiveMaximum=kind.lt,
        multipleOf=kind.multiple_of,
    )


def _string(kind: inspect.StrType) -> Schema:
    return compact(type="string", minLength=kind.min_length, maxLength=kind.max_length, pattern=kind.pattern)


def _base64(kind: inspect.BytesType | inspect.ByteArrayType | inspect.MemoryViewType) -> Schema:
    # Lengths are of the decoded bytes; each group of up to three bytes is four characters.
    lengths = (None if length is None else 4 * ((length + 2) // 3) for length in (kind.min_length, kind.max_length))
    shortest, longest = lengths
    return compact(type="string", contentEncoding="base64", minLength=shortest, maxLength=longest)


def _custom(kind: inspect.CustomType) -> Schema:
    # Types that only orjson knows: only extra_json_schema describes them.
    codec = codec_of(kind.cls)
    schema: Schema = plain_copy((codec and codec.schema) or {})
    return schema


def _text(name: str) -> Callable[[Any], Schema]:
    return lambda _: {"type": "string", "format": name}


SCALARS: dict[type[inspect.Type], Callable[[Any], Schema]] = {
    inspect.AnyType: lambda _: {},
    inspect.RawType: lambda _: {},
    inspect.CustomType: _custom,
    inspect.ExtType: lambda _: {},
    inspect.NoneType: lambda _: {"type": "null"},
    inspect.BoolType: lambda _: {"type": "boolean"},
    inspect.IntType: lambda kind: _number("integer", kind),
    inspect.FloatType: lambda kind: _number("number", kind),
    inspect.StrType: _string,
    inspect.BytesType: _base64,
    inspect.ByteArrayType: _base64,
    inspect.MemoryViewType: _base64,
    inspect.DateTimeType: lambda kind: {"type": "string", "format": _DATE_TIMES[kind.tz]},
    inspect.TimeType: lambda kind: {"type": "string", "format": _TIMES[kind.tz]},
    inspect.DateType: _text("date"),
    inspect.TimeDeltaType: _text("duration"),
    inspect.UUIDType: _text("uuid"),
    inspect.DecimalType: _text("decimal"),
    inspect.LiteralType: lambda kind: fixed_values(kind.values),
}


def _text_key(kind: inspect.Type) -> Schema:
    schema = SCALARS[type(kind)](kind)
    # A key is a string in any case.
    schema.pop("type", None)
    return schema


def _key_of_values(values: tuple[Any, ...]) -> Schema:
    return {"enum": [str(value) for value in values]}


KEYS: dict[type[inspect.Type], Callable[[Any], Schema]] = {
    inspect.StrType: _text_key,
    inspect.IntType: lambda _: dict(_INTEGER_KEY),
    inspect.DateTimeType: _text_key,
    inspect.TimeType: _text_key,
    inspect.DateType: _text_key,
    inspect.TimeDeltaType: _text_key,
    inspect.UUIDType: _text_key,
    inspect.DecimalType: _text_key,
    inspect.BytesType: _text_key,
    inspect.CustomType: _text_key,
    inspect.LiteralType: lambda kind: _key_of_values(kind.values),
    inspect.EnumType: lambda kind: keys_of_enum(kind.cls) or dict(_INTEGER_KEY),
}
"""The schemas of a mapping's keys in JSON, where all keys are strings."""
