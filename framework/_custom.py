"""The declaration of how values of a class that msgspec does not know are read, written and described."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

__all__ = ("CustomType", "WrongJSONTypeError")


@dataclass(frozen=True)
class CustomType:
    """A class of one's own as a value of requests, responses and messages: ``App(types=[CustomType(ObjectId, …)])``.

    ``decode`` takes what JSON has in its place (a string, number, list or dict; of a URL always a string) and returns
    an instance; its ValueError and TypeError, and the exceptions in ``errors``, are a 422 with the message as the
    detail. Any other exception is a 500. ``encode`` returns what is written in the place of an instance. ``schema`` is
    the JSON Schema of what is read and written; without one any value is documented. A schema of type ``object`` or
    ``array`` makes an unmarked parameter the body.
    """

    cls: type[Any]
    _: KW_ONLY
    decode: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] | None = None
    schema: Mapping[str, Any] | None = None
    errors: Sequence[type[Exception]] = ()


class WrongJSONTypeError(ValueError):
    """A value has another JSON type than its class is read from: code ``type`` instead of ``value``."""

    code = "type"

    def __init__(self, value: object) -> None:
        super().__init__(f"Expected `str`, got `{_JSON_NAMES.get(type(value), type(value).__name__)}`")


_JSON_NAMES: Mapping[type, str] = {type(None): "null", list: "array", dict: "object"}
