"""How values of classes that msgspec does not know are read, written and described.

Classes are looked up by identity: first those that an application declares, then the built-in ones. The table is
global to the process: an annotation names a class, not the application that uses it.
"""

import ipaddress
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from framework._custom import CustomType, WrongJSONTypeError
from framework._pydantic import model_type
from framework._secret import SecretStr

__all__ = ("BUILT_IN", "CustomType", "WrongJSONTypeError", "codec_of", "codec_of_value", "declared", "declaring")


def _read_secret(value: Any) -> SecretStr:
    if not isinstance(value, str):
        raise WrongJSONTypeError(value)
    return SecretStr(value)


def _reader(cls: type, name: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        # The classes of ipaddress also read integers, and addresses with a zone, which is valid on one machine only.
        if not isinstance(value, str):
            raise WrongJSONTypeError(value)
        try:
            if "%" not in value:
                return cls(value)
        except ValueError:
            pass
        raise ValueError(f"Expected {name}") from None

    return read


def _path_reader(cls: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise WrongJSONTypeError(value)
        if not value or "\0" in value:
            # pathlib reads an empty string as the current folder, and the operating system ends a name at a NUL.
            raise ValueError("Expected a path")
        return cls(value)

    return read


_ADDRESSES: Mapping[type, tuple[str, str]] = {
    ipaddress.IPv4Address: ("an IPv4 address", "ipv4"),
    ipaddress.IPv6Address: ("an IPv6 address", "ipv6"),
    ipaddress.IPv4Network: ("an IPv4 network, without host bits", "ipv4network"),
    ipaddress.IPv6Network: ("an IPv6 network, without host bits", "ipv6network"),
    ipaddress.IPv4Interface: ("an IPv4 address with its network", "ipv4interface"),
    ipaddress.IPv6Interface: ("an IPv6 address with its network", "ipv6interface"),
}
_PATH: Mapping[str, Any] = {"type": "string", "format": "path", "minLength": 1, "pattern": r"^[^\u0000]*$"}
_PATHS = (pathlib.PurePath, pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.Path, type(pathlib.Path()))
_SECRET: Mapping[str, Any] = {"type": "string", "format": "password", "writeOnly": True}

BUILT_IN: Mapping[Any, CustomType] = {
    SecretStr: CustomType(SecretStr, decode=_read_secret, schema=_SECRET),
    **{
        cls: CustomType(cls, decode=_reader(cls, name), encode=str, schema={"type": "string", "format": format_})
        for cls, (name, format_) in _ADDRESSES.items()
    },
    **{cls: CustomType(cls, decode=_path_reader(cls), encode=str, schema=_PATH) for cls in _PATHS},
}
"""The built-in codecs."""
_declared: dict[Any, CustomType] = {}


@contextmanager
def declaring(types: Sequence[CustomType]) -> Iterator[None]:
    """Register the types that an application declares; unregister them if the application cannot be built.

    A later declaration of a class replaces an earlier declaration.
    """
    before = {one.cls: _declared.get(one.cls) for one in types}
    _declared.update({one.cls: one for one in types})
    try:
        yield
    except BaseException:
        for cls, known in before.items():
            del _declared[cls]
            _declared.update({} if known is None else {cls: known})
        raise


def declared(cls: Any) -> CustomType | None:
    """Return the declaration of a class, ``None`` if no application has declared it."""
    return _declared.get(cls)


def codec_of(cls: Any) -> CustomType | None:
    """Return how values of a class are read and written; ``None`` if the class is unknown.

    Models of pydantic describe themselves.
    """
    return _declared.get(cls) or BUILT_IN.get(cls) or model_type(cls)


def codec_of_value(value: Any) -> CustomType | None:
    """Return how a value is written: the codec of its class, or of the nearest base class."""
    return next((codec for cls in type(value).__mro__ if (codec := codec_of(cls)) is not None), None)
