"""Encodes values to bytes."""

from typing import Any

import msgspec
import orjson

from framework._hooks import encode_hook

__all__ = ("encode_bytes", "encode_msgspec", "encode_orjson", "encode_untyped")

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY

encode_msgspec = msgspec.json.Encoder(enc_hook=encode_hook).encode


def encode_bytes(value: bytes | bytearray | memoryview) -> bytes:
    """Return bytes unchanged; raises TypeError for a number, which ``bytes`` would turn into that many NULs."""
    return value if isinstance(value, bytes) else bytes(memoryview(value))


def encode_orjson(value: Any) -> bytes:
    """Encode a tree of builtins, dataclasses or numpy arrays, with msgspec if orjson rejects it."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return encode_msgspec(value)


def encode_untyped(value: Any) -> tuple[bytes, str]:
    """Encode a value without a known annotation; return the body and its media type."""
    if isinstance(value, str):
        return value.encode(), "text/plain; charset=utf-8"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value), "application/octet-stream"
    return encode_orjson(value), "application/json"
