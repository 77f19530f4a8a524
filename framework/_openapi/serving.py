"""The document as bytes: as JSON or YAML, plain or gzipped, each encoded once and with the ETag of its content."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.util import find_spec
from typing import Any

__all__ = ("Encoded", "Rendition", "accepts_gzip", "encode_yaml", "has_yaml", "is_known")

# RFC 9110, section 12.4.2: a weight of nothing but zeros refuses.
_REFUSED = re.compile(r"q=0(\.0*)?")
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


class Encoded:
    """Some bytes with their ETag (RFC 9110, section 8.8.3), which changes with any of them."""

    __slots__ = ("body", "etag")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class Rendition:
    """The document in one format; what nobody asks for is never made."""

    def __init__(self, encode: Callable[[], bytes]) -> None:
        self._encode = encode

    @cached_property
    def plain(self) -> Encoded:
        """The bytes as they are."""
        return Encoded(self._encode())

    @cached_property
    def gzipped(self) -> Encoded:
        """The same bytes, compressed; without a time, so that every process makes the same."""
        return Encoded(gzip.compress(self.plain.body, mtime=0))


def accepts_gzip(accepted: str) -> bool:
    """Tell whether an ``Accept-Encoding`` names gzip, or anything, with a weight above zero (RFC 9110, 12.5.3)."""
    weights: dict[str, bool] = {}
    for one in accepted.lower().split(","):
        coding, _, weight = one.partition(";")
        weights.setdefault(coding.strip(), _REFUSED.fullmatch(weight.strip()) is None)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))


def is_known(encoded: Encoded, if_none_match: str) -> bool:
    """Tell whether a client that sends this ``If-None-Match`` has these bytes already (RFC 9110, section 13.1.2)."""
    return if_none_match.strip() == "*" or encoded.etag in _ETAG.findall(if_none_match)


def has_yaml() -> bool:
    """Tell whether PyYAML is installed."""
    return find_spec("yaml") is not None


def encode_yaml(document: Mapping[str, Any]) -> bytes:
    """Return a document as YAML 1.1, which PyYAML writes; its keys stand in the order of the JSON.

    Raises ImportError without PyYAML.
    """
    # Imported late: neither is needed to serve requests.
    import yaml

    from framework._openapi.document import encode_document

    # Through JSON, so that what is a subclass of str or int (an enum member in a default) is one no more.
    plain = json.loads(encode_document(dict(document)))
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: bytes = yaml.dump(
        plain, Dumper=_without_aliases(dumper), encoding="utf-8", allow_unicode=True, sort_keys=False, width=120
    )
    return text


def _without_aliases(dumper: Any) -> Any:
    """Write equal parts out each time: an anchor is not an error, and no reader of documents expects one."""
    return type("Dumper", (dumper,), {"ignore_aliases": lambda *_: True})
