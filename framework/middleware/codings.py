"""Content codings (RFC 9110, section 8.4): which of them a client accepts, and how they are written."""

import functools
import zlib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from msgspec import Struct

from framework._http.codings import accepted_codings
from framework.responses import Coder

__all__ = ("CODINGS", "Choice", "Choices", "Coding", "installed")

CODINGS = ("zstd", "br", "gzip")
"""The supported codings, the preferred one first."""

_REMEMBERED, _LONGEST_REMEMBERED = 256, 256

# With these levels a JSON body of 100 kB takes 1 to 2 ms.
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTD_LEVEL = 6, 4, 3
# Window size plus 16: zlib writes the gzip header, with time 0 and system 3.
_GZIP_WINDOW = 31
# RFC 9659: at most 2 to the power of 23 bytes. Streams have a smaller window, because they keep it until they end.
_ZSTD_WINDOW, _ZSTD_STREAM_WINDOW = 21, 17
_BROTLI_STREAM_WINDOW = 17


class Coding(Struct, frozen=True):
    """A content coding whose package is installed."""

    name: str
    compress: Callable[[bytes], bytes]
    """Encodes a whole body."""
    coder: Callable[[], Coder]
    """Creates the coder that encodes a body part by part."""


class Choice(Struct, frozen=True):
    """The codings that a client accepts."""

    coding: Coding | None
    """The coding that it prefers; ``None`` for the plain body."""
    only_coded: bool
    """Whether it accepts the body in that coding only, and not the plain body."""
    accepted: frozenset[str]
    """All codings that it accepts."""


class Choices(dict[str, Choice]):
    """Maps values of ``Accept-Encoding`` to choices; a missing value is added on the first look-up."""

    def __init__(self, codings: Sequence[Coding]) -> None:
        super().__init__()
        self._codings = codings

    def __missing__(self, accept: str) -> Choice:
        """Parse a new value, and remember its choice."""
        choice = _choose(accept, self._codings)
        if len(accept) <= _LONGEST_REMEMBERED and len(self) < _REMEMBERED:
            self[accept] = choice
        return choice


def _choose(accept: str, codings: Sequence[Coding]) -> Choice:
    """Choose by the client's weights; of two codings with the same weight, choose the one that is offered first.

    Malformed members are ignored, and so is a member whose weight is not from 0 to 1.
    """
    weights = accepted_codings(accept)
    rest = weights.get("*", 0.0)
    liked = {one: weights.get(one.name, rest) for one in codings}
    best = max(codings, key=liked.__getitem__, default=None)
    # The plain body is acceptable unless it is excluded, but codings that are named are preferred.
    identity = weights.get("identity", 0.0 if weights.get("*") == 0 else None)
    if best is not None and (liked[best] == 0 or (identity or 0.0) > liked[best]):
        best = None
    return Choice(
        coding=best,
        only_coded=best is not None and identity == 0,
        accepted=frozenset(one.name for one in codings if liked[one] > 0),
    )


@functools.cache
def installed() -> Mapping[str, Coding]:
    """Return the available codings, the preferred one first: gzip, and those whose package is installed."""
    made = {"zstd": _zstd(), "br": _brotli(), "gzip": Coding("gzip", _gzip, _GzipCoder)}
    return {name: coding for name in CODINGS if (coding := made[name]) is not None}


def _gzip(data: bytes) -> bytes:
    return zlib.compress(data, _GZIP_LEVEL, _GZIP_WINDOW)


class _GzipCoder:
    def __init__(self) -> None:
        self._made = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    def code(self, data: bytes) -> bytes:
        return self._made.compress(data) + self._made.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._made.flush()


def _found(*names: str) -> Any:
    """Return the first of some modules that is installed."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _brotli() -> Coding | None:
    brotli = _found("brotli")
    if brotli is None:
        return None

    class BrotliCoder:
        def __init__(self) -> None:
            self._made = brotli.Compressor(quality=_BROTLI_QUALITY, lgwin=_BROTLI_STREAM_WINDOW)

        def code(self, data: bytes) -> bytes:
            return bytes(self._made.process(data) + self._made.flush())

        def finish(self) -> bytes:
            return bytes(self._made.finish())

    return Coding("br", functools.partial(brotli.compress, quality=_BROTLI_QUALITY), BrotliCoder)


def _zstd() -> Coding | None:
    # Part of Python since 3.14.
    zstd = _found("compression.zstd", "backports.zstd")
    if zstd is None:
        return None
    names = zstd.CompressionParameter

    def options(window: int) -> dict[Any, int]:
        return {names.compression_level: _ZSTD_LEVEL, names.window_log: window}

    class ZstdCoder:
        def __init__(self) -> None:
            self._made = zstd.ZstdCompressor(options=options(_ZSTD_STREAM_WINDOW))

        def code(self, data: bytes) -> bytes:
            return bytes(self._made.compress(data, self._made.FLUSH_BLOCK))

        def finish(self) -> bytes:
            return bytes(self._made.flush(self._made.FLUSH_FRAME))

    return Coding("zstd", functools.partial(zstd.compress, options=options(_ZSTD_WINDOW)), ZstdCoder)
