"""Checks that defaults are values of their own types, which msgspec takes on trust."""

import datetime as dt
import decimal
import typing
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import NODEFAULT, UNSET, inspect

from framework._binding.faults_kinds import form_of
from framework._codecs import codec_of
from framework._hooks import decode_hook, reveal
from framework._inspect.hints import class_hints
from framework._inspect.names import describe_class, type_name, value_text
from framework._inspect.types import fields_of, kind_of, subtypes, without_metadata, without_none
from framework.errors import InvalidDefaultError, InvalidExampleError, InvalidMarkerError
from framework.params import Body, ParameterMarker

__all__ = ("check_examples", "misfit", "named_examples", "wrong_defaults", "wrong_examples")

# What msgspec.convert() takes as it is.
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
    """Return why a default is not a value of a type, or ``None`` where it is one: it reaches the handler as it is."""
    if default is UNSET or isinstance(default, msgspec.Raw):
        return None
    if is_instance_of_custom(default, annotation):
        return None
    # The text of a date is not a date here.
    made, reason = _converted(default, annotation, builtin_types=_PLAIN)
    return _unlike(default, made) if reason is None else reason


def is_instance_of_custom(value: Any, annotation: Any) -> bool:
    """Tell whether a type is a class of an application's own, and a value an instance of it."""
    kind = without_metadata(kind_of(without_none(annotation)))
    return isinstance(kind, inspect.CustomType) and codec_of(kind.cls) is not None and isinstance(value, kind.cls)


def _misfit_example(example: Any, annotation: Any) -> str | None:
    """Return why an example is not a value of a type; it may be written as JSON has it."""
    return None if isinstance(example, msgspec.Raw) else _converted(example, annotation)[1]


def _converted(value: Any, annotation: Any, builtin_types: tuple[type, ...] | None = None) -> tuple[Any, str | None]:
    """Return what msgspec makes of a value, and why it makes nothing."""
    try:
        # By way of builtins, since convert() takes no members of an Enum.
        plain = msgspec.to_builtins(value, builtin_types=_PLAIN, enc_hook=reveal)
        return msgspec.convert(plain, annotation, builtin_types=builtin_types, dec_hook=decode_hook), None
    except msgspec.ValidationError as error:
        return None, str(error)
    except TypeError:
        return None, f"got `{type_name(type(value))}`"


# What may stand for each other.
_FAMILIES: tuple[tuple[type, ...], ...] = ((list, tuple), (set, frozenset), (dict,))
_COLLECTIONS = (list, tuple, set, frozenset, dict)
_BUILTIN = (type(None), bool, int, float, str, *_PLAIN)


def _unlike(default: Any, made: Any) -> str | None:
    """Return how a default differs in kind from what msgspec makes of it: the value of an Enum is not a member."""
    if type(made) in _COLLECTIONS:
        family = next(one for one in _FAMILIES if type(made) in one)
        # Of Any, what is not a collection may have been made one.
        fits = isinstance(default, family) or not isinstance(default, _COLLECTIONS)
    else:
        fits = type(made) in _BUILTIN or isinstance(default, type(made))
    if not fits:
        return f"Expected `{type_name(type(made))}`, got `{type_name(type(default))}`"
    found = (_unlike(one, other) for one, other in _pairs(default, made))
    return next((one for one in found if one is not None), None)


def _pairs(default: Any, made: Any) -> list[tuple[Any, Any]]:
    """Return what stands at the same places in two collections; sets have none."""
    if isinstance(default, dict) and isinstance(made, dict):
        return [*zip(default, made, strict=False), *zip(default.values(), made.values(), strict=False)]
    both = isinstance(default, (list, tuple)) and isinstance(made, (list, tuple))
    return list(zip(default, made, strict=False)) if both else []


def wrong_defaults(kind: inspect.Type) -> Iterator[InvalidDefaultError]:
    """Yield a mistake for each field of a type, and of the types inside it, whose default does not fit."""
    for one in subtypes(kind):
        given = [field for field in fields_of(one) or () if field.default is not NODEFAULT]
        if not given:
            continue
        cls = getattr(one, "cls", None)
        # The class of a parametrised generic is none: Page[Order].
        cls = typing.get_origin(cls) or cls
        hints = class_hints(cls) if isinstance(cls, type) else {}
        for field in given:
            reason = misfit(field.default, hints.get(field.name, Any))
            if isinstance(cls, type) and reason is not None:
                yield InvalidDefaultError(
                    describe_class(cls), f"field {field.name!r}", value_text(field.default), reason
                )


def named_examples(marker: ParameterMarker | Body, annotation: Any, where: str, parameter: str) -> Mapping[str, Any]:
    """Return the examples of a marker, the one of ``example=`` without a name; raises a DefinitionError."""
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
    """Yield a mistake for each example in the ``Meta`` of a type, and of the types inside it, that does not fit."""
    for one in subtypes(kind):
        given = one.extra_json_schema if isinstance(one, inspect.Metadata) else None
        for example in (given or {}).get("examples", ()):
            reason = _misfit_example(example, form_of(one).hint)
            if reason is not None:
                yield InvalidExampleError(where, "", example, reason)
