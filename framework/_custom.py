"""The declaration of how values of a custom class are read, written and described."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

__all__ = ("CustomType", "WrongJSONTypeError")


@dataclass(frozen=True)
class CustomType:
    """A custom class as a value of requests, responses and messages: ``App(types=[CustomType(ObjectId, …)])``.

    ``decode`` takes the JSON value (a string, number, list or dict; from a URL always a string) and returns an
    instance. Its ValueError and TypeError, and the exceptions in ``errors``, become a 422 with the message as the
    detail; any other exception is a 500. ``encode`` returns the JSON value of an instance. ``schema`` is the JSON
    Schema of that value; without a schema, any value is documented. A schema of type ``object`` or ``array`` makes an
    unmarked parameter the body.
    """

    __module__ = "framework.types"

    cls: type[Any]
    _: KW_ONLY
    decode: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] | None = None
    schema: Mapping[str, Any] | None = None
    errors: Sequence[type[Exception]] = ()


class WrongJSONTypeError(ValueError):
    """A value has a JSON type that its class cannot be read from: code ``type`` instead of ``value``."""

    code = "type"

    def __init__(self, value: object) -> None:
        super().__init__(f"Expected `str`, got `{_JSON_NAMES.get(type(value), type(value).__name__)}`")


_JSON_NAMES: Mapping[type, str] = {type(None): "null", list: "array", dict: "object"}
