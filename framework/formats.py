"""Formats: how values are encoded to bytes and decoded, each for its media types."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from framework._dataclass_defaults import completing
from framework._hooks import decode_hook, encode_hook
from framework._inspect.calls import ExplainedMeta

__all__ = ("JSON", "MSGPACK", "Format")


class Format(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """A format of request bodies (by Content-Type) and responses (by Accept).

    ``decoder`` and ``encoder`` are called once for each type, when the app is built; the functions that they return are
    called for each request. A decoder raises msgspec.ValidationError for an invalid body and msgspec.DecodeError for a
    body that cannot be parsed. ``parse`` decodes a body without a type, so that every error in it can be reported.
    """

    media_type: str
    """In lower case, without parameters: ``application/json``."""
    aliases: tuple[str, ...] = ()
    """Further media types that are decoded."""
    suffix: str | None = None
    """The structured syntax suffix (RFC 6839) of further media types that are decoded: ``+json``."""
    decoder: Callable[[Any], Callable[[bytes], Any]]
    encoder: Callable[[Any], Callable[[Any], bytes]]
    parse: Callable[[bytes], Any]

    def reads(self, media_type: str) -> bool:
        """Return whether this format decodes bodies of a media type (in lower case, without parameters)."""
        if media_type == self.media_type or media_type in self.aliases:
            return True
        return self.suffix is not None and media_type.startswith("application/") and media_type.endswith(self.suffix)


JSON = Format(
    media_type="application/json",
    suffix="+json",
    decoder=lambda annotation: completing(annotation, msgspec.json.Decoder(annotation, dec_hook=decode_hook).decode),
    encoder=lambda _: msgspec.json.Encoder(enc_hook=encode_hook).encode,
    parse=msgspec.json.decode,
)
"""JSON (RFC 8259)."""

MSGPACK = Format(
    media_type="application/msgpack",
    aliases=("application/x-msgpack", "application/vnd.msgpack"),
    decoder=lambda annotation: completing(annotation, msgspec.msgpack.Decoder(annotation, dec_hook=decode_hook).decode),
    encoder=lambda _: msgspec.msgpack.Encoder(enc_hook=encode_hook).encode,
    parse=msgspec.msgpack.decode,
)
"""MessagePack."""
