"""Strings become typed values outside of requests: settings, arguments of commands, cells of a table."""

from collections.abc import Sequence
from typing import Any

import msgspec

from framework._dataclass_defaults import completed
from framework._hooks import decode_hook, raise_broken
from framework._inspect.types import kind_of
from framework._serve.validation.walker import find_errors, single_error
from framework.http_errors import FieldError

__all__ = ("ConversionError", "convert_strings")


class ConversionError(ValueError):
    """Strings do not fit a type; ``errors`` has every error, with a JSON pointer (RFC 6901) to its place.

    The ``location`` of the errors is empty.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{one.pointer}: {one.detail}" if one.pointer else one.detail for one in errors))
        self.errors = tuple(errors)


def convert_strings(raw: Any, annotation: Any) -> Any:
    """Convert a string, or lists and dicts of strings, to a type, by the rules of query parameters.

    ``convert_strings("7", int)`` -> ``7``; ``convert_strings({"port": "80"}, Address)`` -> ``Address(port=80)``. Types
    of ``App(types=)`` are known after the app is built. Raises ConversionError with all errors, and what a
    ``decode=`` or ``__post_init__`` raises besides ValueError and TypeError.
    """
    kind = kind_of(annotation)
    errors, _ = find_errors(kind, raw, location="", strict=False)
    if errors:
        raise ConversionError(errors)
    try:
        return completed(kind, msgspec.convert(raw, annotation, strict=False, dec_hook=decode_hook))
    except msgspec.ValidationError as error:
        raise_broken(error)
        raise ConversionError([single_error(error, "")]) from error
