"""Checks that defaults are values of their own types, which msgspec takes on trust."""

import datetime as dt
import decimal
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import NODEFAULT, UNSET, inspect

from framework._binding.faults_kinds import form_of
from framework._hooks import decode_hook, reveal
from framework._inspect.hints import class_hints
from framework._inspect.names import describe_class, type_name
from framework._inspect.types import fields_of, subtypes
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
    """Return why a default is no value of a type, or ``None`` where it is one."""
    if default is UNSET or isinstance(default, msgspec.Raw):
        return None
    try:
        # By way of builtins, since convert() takes no members of an Enum.
        plain = msgspec.to_builtins(default, builtin_types=_PLAIN, enc_hook=reveal)
        msgspec.convert(plain, annotation, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        return str(error)
    except (TypeError, NotImplementedError):
        return f"got `{type_name(type(default))}`"
    return None


def wrong_defaults(kind: inspect.Type) -> Iterator[InvalidDefaultError]:
    """Yield a mistake for each field of a type, and of the types inside it, whose default does not fit."""
    for one in subtypes(kind):
        given = [field for field in fields_of(one) or () if field.default is not NODEFAULT]
        if not given:
            continue
        cls = getattr(one, "cls", None)
        hints = class_hints(cls) if isinstance(cls, type) else {}
        for field in given:
            reason = misfit(field.default, hints.get(field.name, Any))
            if isinstance(cls, type) and reason is not None:
                yield InvalidDefaultError(describe_class(cls), f"field {field.name!r}", field.default, reason)


def named_examples(marker: ParameterMarker | Body, annotation: Any, where: str, parameter: str) -> Mapping[str, Any]:
    """Return the examples of a marker, the one of ``example=`` without a name; raises a DefinitionError."""
    if marker.example is not UNSET and marker.examples is not None:
        raise InvalidMarkerError(where, parameter, "it has example= and examples=", "keep the one that is meant")
    examples = marker.examples or ({} if marker.example is UNSET else {"": marker.example})
    check_examples(examples, annotation, f"{where}, parameter {parameter!r}")
    return examples


def check_examples(examples: Mapping[str, Any], annotation: Any, where: str) -> None:
    """Raise InvalidExampleError for the first example that is no value of a type."""
    for name, example in examples.items():
        reason = misfit(example, annotation)
        if reason is not None:
            raise InvalidExampleError(where, name, example, reason)


def wrong_examples(kind: inspect.Type, where: str) -> Iterator[InvalidExampleError]:
    """Yield a mistake for each example in the ``Meta`` of a type, and of the types inside it, that does not fit."""
    for one in subtypes(kind):
        given = one.extra_json_schema if isinstance(one, inspect.Metadata) else None
        for example in (given or {}).get("examples", ()):
            reason = misfit(example, form_of(one).hint)
            if reason is not None:
                yield InvalidExampleError(where, "", example, reason)
