"""The document as bytes: as JSON or YAML, plain or gzipped, each encoded once and with the ETag of its content."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from framework._http.codings import accepted_codings

__all__ = ("Encoded", "Rendition", "accepts_gzip", "encode_yaml", "has_yaml", "is_known")

_ETAG = r'(?:W/)?("[^"]*")'


class Encoded:
    """Some bytes with their ETag (RFC 9110, section 8.8.3), which changes with the bytes."""

    __slots__ = ("body", "etag")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class Rendition:
    """The document in one format; a form that no client requests is never encoded."""

    def __init__(self, encode: Callable[[], bytes]) -> None:
        self._encode = encode

    @cached_property
    def plain(self) -> Encoded:
        """The uncompressed bytes."""
        return Encoded(self._encode())

    @cached_property
    def gzipped(self) -> Encoded:
        """The same bytes, compressed; without a time stamp, so that every process produces the same bytes."""
        return Encoded(gzip.compress(self.plain.body, mtime=0))


def accepts_gzip(accepted: str) -> bool:
    """Return whether an ``Accept-Encoding`` names gzip, or anything, with a weight above zero (RFC 9110, 12.5.3)."""
    weights = accepted_codings(accepted)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def is_known(encoded: Encoded, if_none_match: str) -> bool:
    """Return whether a client that sends this ``If-None-Match`` has these bytes already (RFC 9110, section 13.1.2)."""
    return if_none_match.strip() == "*" or encoded.etag in re.findall(_ETAG, if_none_match)


def has_yaml() -> bool:
    """Return whether PyYAML is installed."""
    return find_spec("yaml") is not None


def encode_yaml(document: Mapping[str, Any]) -> bytes:
    """Return a document as YAML 1.1, which PyYAML writes, with its keys in the order of the JSON.

    Raises ImportError without PyYAML.
    """
    # Imported late: neither is needed to serve requests.
    import yaml

    from framework._document.openapi.document import encode_document

    # Through JSON, so that an instance of a subclass of str or int (for example an enum member) becomes a plain value.
    plain = json.loads(encode_document(dict(document)))
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: bytes = yaml.dump(
        plain, Dumper=_without_aliases(dumper), encoding="utf-8", allow_unicode=True, sort_keys=False, width=120
    )
    return text


def _without_aliases(dumper: Any) -> Any:
    """Write equal parts in full each time: an anchor is valid, but readers of documents do not expect it."""
    return type("Dumper", (dumper,), {"ignore_aliases": lambda *_: True})
