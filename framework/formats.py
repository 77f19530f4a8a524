"""Formats: how values are written as bytes and read back, each for its media types."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from framework._hooks import decode_hook, encode_hook

__all__ = ("JSON", "MSGPACK", "Format")


class Format(Struct, frozen=True, kw_only=True):
    """One way of writing values, for bodies (by Content-Type) and answers (by Accept).

    ``decoder`` and ``encoder`` are called once for each type, when the app is built; what they give is called for each
    request. A decoder raises msgspec.ValidationError for what is invalid and msgspec.DecodeError for what cannot be
    parsed; ``parse`` reads a body without a type, so that every fault in it can be told.
    """

    media_type: str
    """In lower case, without parameters: ``application/json``."""
    aliases: tuple[str, ...] = ()
    """Media types that are read as well."""
    suffix: str | None = None
    """The structured syntax suffix (RFC 6839) of the media types that are read as well: ``+json``."""
    decoder: Callable[[Any], Callable[[bytes], Any]]
    encoder: Callable[[Any], Callable[[Any], bytes]]
    parse: Callable[[bytes], Any]

    def reads(self, media_type: str) -> bool:
        """Tell whether a body of a media type (in lower case, without parameters) is read by this format."""
        if media_type == self.media_type or media_type in self.aliases:
            return True
        return self.suffix is not None and media_type.startswith("application/") and media_type.endswith(self.suffix)


JSON = Format(
    media_type="application/json",
    suffix="+json",
    decoder=lambda annotation: msgspec.json.Decoder(annotation, dec_hook=decode_hook).decode,
    encoder=lambda _: msgspec.json.Encoder(enc_hook=encode_hook).encode,
    parse=msgspec.json.decode,
)
"""JSON (RFC 8259)."""

MSGPACK = Format(
    media_type="application/msgpack",
    aliases=("application/x-msgpack", "application/vnd.msgpack"),
    decoder=lambda annotation: msgspec.msgpack.Decoder(annotation, dec_hook=decode_hook).decode,
    encoder=lambda _: msgspec.msgpack.Encoder(enc_hook=encode_hook).encode,
    parse=msgspec.msgpack.decode,
)
"""MessagePack."""
