"""Adds to the package ``multipart``: padding behind a boundary, and extended file names."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from aiohttp import hdrs
from multidict import CIMultiDict
from multipart import ParserError, PushMultipartParser

from framework._serve.requests.form_errors import broken_form

__all__ = ("PaddingParser", "extended_filename")

# RFC 8187, section 3.2: charset'language'percent-encoded.
_EXTENDED = r"""(?i);\s*filename\*\s*=\s*"?([A-Za-z0-9-]+)'[A-Za-z0-9-]*'([^;"\s]*)"""
_CHARSETS = frozenset({"utf-8", "iso-8859-1"})
# A delimiter with its padding is shorter than the bytes that the form parser keeps together.
_MOST_PADDING = 48


def extended_filename(headers: CIMultiDict[str]) -> str | None:
    """Return the ``filename*`` of a part (RFC 8187); raises BadRequest if it cannot be decoded.

    RFC 7578, section 4.2, forbids clients to send it; some do, and without it their file would be read as a field.
    """
    found = re.search(_EXTENDED, headers.get(hdrs.CONTENT_DISPOSITION, ""))
    if found is None:
        return None
    charset = found[1].lower()
    try:
        if charset in _CHARSETS:
            return unquote_to_bytes(found[2]).decode(charset)
    except UnicodeDecodeError:
        pass
    raise broken_form("The file name of a part cannot be decoded")


class PaddingParser:
    """Parses a form with blanks behind its boundaries (RFC 2046, section 5.1.1) too, which the package rejects.

    PERF: nothing is searched for unless the package rejects what follows a boundary. Then the rest of the chunk is
    parsed again, without the padding.
    """

    def __init__(self, boundary: str) -> None:
        self._boundary = boundary
        delimiter = rb"(?:\A|\r\n)--" + re.escape(boundary.encode())
        self._padded = re.compile(delimiter + rb"[ \t]{1,%d}\r\n" % _MOST_PADDING)
        self._cut = re.compile(delimiter + rb"[ \t]{1,%d}\r?\Z" % _MOST_PADDING)
        self._plain = b"\r\n--" + boundary.encode() + b"\r\n"
        # Only the package's limits on headers: the other limits have a status of their own.
        self._parser = PushMultipartParser(boundary)
        self._tail = b""
        """The end of the parsed bytes, in which a delimiter may have begun."""
        self._waiting = b""
        """A delimiter whose padding is cut off by the end of the chunk."""
        self._in_part = False

    def parse(self, data: bytes) -> Iterator[Any]:
        """Yield the events of the package's parser."""
        if self._waiting:
            data, self._waiting = self._waiting + data, b""
            yield from self._parse_again(data, ParserError("Unexpected bytes after boundary"))
            return
        try:
            yield from self._events(data)
        except ParserError as error:
            yield from self._parse_again(self._tail + data, error)
        else:
            # An unfinished delimiter is at most one byte longer than a delimiter.
            kept = len(self._plain)
            self._tail = data[-kept:] if len(data) >= kept else (self._tail + data)[-kept:]

    def close(self) -> None:
        """End the form; raises MultipartError if it is incomplete."""
        self._parser.close()

    def _events(self, data: bytes) -> Iterator[Any]:
        for event in self._parser.parse(data):
            self._in_part = event is not None
            yield event

    def _parse_again(self, data: bytes, error: ParserError) -> Iterator[Any]:
        """Parse from the first padded delimiter on; raises the error if there is none."""
        cut = self._cut.search(data)
        if cut is not None:
            self._waiting, data = data[cut.start() :], data[: cut.start()]
        found = self._padded.search(data)
        if found is None and cut is None:
            raise error
        self._parser = PushMultipartParser(self._boundary)
        self._tail = b""
        if found is None:
            return
        if self._in_part:
            self._in_part = False
            yield None
        yield from self._events(self._padded.sub(lambda _: self._plain, data[found.start() :])[2:])
