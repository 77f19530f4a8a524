"""Checks that defaults are values of their own types, which msgspec does not check."""

import datetime as dt
import decimal
import typing
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import NODEFAULT, UNSET, inspect

from framework._codecs import codec_of
from framework._hooks import decode_hook, reveal
from framework._inspect.names import describe_class, type_name, value_text
from framework._inspect.signatures import class_hints
from framework._inspect.types import fields_of, kind_of, subtypes, without_metadata, without_none
from framework._pydantic import unfolded
from framework._pydantic_dataclasses import hiding
from framework._serve.validation.kinds import form_of
from framework.errors import InvalidDefaultError, InvalidExampleError, InvalidMarkerError
from framework.params import Body, ParameterMarker

__all__ = ("check_examples", "misfit", "named_examples", "wrong_defaults", "wrong_examples")

# The types that msgspec.convert() accepts unchanged.
_PLAIN = (
    bytes,
    bytearray,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
    decimal.Decimal,
    uuid.UUID,
)


def misfit(default: Any, annotation: Any) -> str | None:
    """Return why a default is not a value of a type, ``None`` if it is: the handler gets it unchanged."""
    if default is UNSET or isinstance(default, msgspec.Raw):
        return None
    if is_instance_of_custom(default, annotation):
        return None
    # Here, a string in the format of a date is not a date.
    made, reason = _converted(default, annotation, builtin_types=_PLAIN)
    return _unlike(default, made) if reason is None else reason


def is_instance_of_custom(value: Any, annotation: Any) -> bool:
    """Return whether a type is a custom type of the application, and a value is its instance."""
    kind = without_metadata(kind_of(without_none(annotation)))
    return isinstance(kind, inspect.CustomType) and codec_of(kind.cls) is not None and isinstance(value, kind.cls)


def _misfit_example(example: Any, annotation: Any) -> str | None:
    """Return why an example is not a value of a type; it may be in its JSON form."""
    return None if isinstance(example, msgspec.Raw) else _converted(example, annotation)[1]


def _converted(value: Any, annotation: Any, builtin_types: tuple[type, ...] | None = None) -> tuple[Any, str | None]:
    """Return the converted value, and the reason if msgspec cannot convert it."""
    try:
        # Via builtins, because convert() does not accept members of an Enum.
        plain = msgspec.to_builtins(unfolded(value), builtin_types=_PLAIN, enc_hook=reveal)
        with hiding():
            return msgspec.convert(plain, annotation, builtin_types=builtin_types, dec_hook=decode_hook), None
    except msgspec.ValidationError as error:
        return None, str(error)
    except TypeError:
        return None, f"got `{type_name(type(value))}`"


# Types that may replace each other.
_FAMILIES: tuple[tuple[type, ...], ...] = ((list, tuple), (set, frozenset), (dict,))
_COLLECTIONS = (list, tuple, set, frozenset, dict)
_BUILTIN = (type(None), bool, int, float, str, *_PLAIN)


def _unlike(default: Any, made: Any) -> str | None:
    """Return how the type of a default differs from its converted value: the value of an Enum is not a member."""
    if type(made) in _COLLECTIONS:
        family = next(one for one in _FAMILIES if type(made) in one)
        # With Any, an object that is not a collection may have been converted to one.
        fits = isinstance(default, family) or not isinstance(default, _COLLECTIONS)
    else:
        fits = type(made) in _BUILTIN or isinstance(default, type(made))
    if not fits:
        return f"Expected `{type_name(type(made))}`, got `{type_name(type(default))}`"
    found = (_unlike(one, other) for one, other in _pairs(default, made))
    return next((one for one in found if one is not None), None)


def _pairs(default: Any, made: Any) -> list[tuple[Any, Any]]:
    """Return the pairs of items at the same places in two collections; none for sets."""
    if isinstance(default, dict) and isinstance(made, dict):
        return [*zip(default, made, strict=False), *zip(default.values(), made.values(), strict=False)]
    both = isinstance(default, (list, tuple)) and isinstance(made, (list, tuple))
    return list(zip(default, made, strict=False)) if both else []


def wrong_defaults(kind: inspect.Type) -> Iterator[InvalidDefaultError]:
    """Yield an error for each field of a type, and of the types inside it, whose default does not match."""
    for one in subtypes(kind):
        given = [field for field in fields_of(one) or () if field.default is not NODEFAULT]
        if not given:
            continue
        cls = getattr(one, "cls", None)
        # A parametrised generic is not a class itself: Page[Order].
        cls = typing.get_origin(cls) or cls
        hints = class_hints(cls) if isinstance(cls, type) else {}
        for field in given:
            reason = misfit(field.default, hints.get(field.name, Any))
            if isinstance(cls, type) and reason is not None:
                yield InvalidDefaultError(
                    describe_class(cls), f"field {field.name!r}", value_text(field.default), reason
                )


def named_examples(marker: ParameterMarker | Body, annotation: Any, where: str, parameter: str) -> Mapping[str, Any]:
    """Return the examples of a marker by name, with "" for ``example=``; raises a DefinitionError."""
    if marker.example is not UNSET and marker.examples is not None:
        raise InvalidMarkerError(where, parameter, "it has example= and examples=", "keep the one that is meant")
    examples = marker.examples or ({} if marker.example is UNSET else {"": marker.example})
    check_examples(examples, annotation, f"{where}, parameter {parameter!r}")
    return examples


def check_examples(examples: Mapping[str, Any], annotation: Any, where: str) -> None:
    """Raise InvalidExampleError for the first example that is not a value of a type."""
    for name, example in examples.items():
        reason = _misfit_example(example, annotation)
        if reason is not None:
            raise InvalidExampleError(where, name, example, reason)


def wrong_examples(kind: inspect.Type, where: str) -> Iterator[InvalidExampleError]:
    """Yield an error for each invalid example in the ``Meta`` of a type, and of the types inside it."""
    for one in subtypes(kind):
        given = one.extra_json_schema if isinstance(one, inspect.Metadata) else None
        for example in (given or {}).get("examples", ()):
            reason = _misfit_example(example, form_of(one).hint)
            if reason is not None:
                yield InvalidExampleError(where, "", example, reason)
