"""What proxies report about a request: X-Forwarded-… and Forwarded (RFC 7239), read from the nearest proxy outwards."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from framework.middleware.networks import Address, read_node

__all__ = ("MOST_HOPS", "Walk", "last_elements", "read_forwarded", "read_prefix", "read_scheme", "walk")

MOST_HOPS = 32
"""The number of hops that are read; hops beyond them are ignored."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  RFC 9110, section 5.6.2
_PAIR = re.compile(
    rf"""[ \t]*(?:(?P<name>{_TOKEN})=(?:(?P<token>{_TOKEN})|"(?P<quoted>(?:[^"\\]|\\.)*)")[ \t]*)?(?P<end>[;,]|\Z)"""
)
_ESCAPED = re.compile(r"\\(.)")
# Some proxies report the scheme of a web socket.
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")


class Walk(NamedTuple):
    """The end of a followed chain of hops."""

    client: Address | None
    """The last address that was read: the first one that is not a proxy's; ``None`` if the first hop has no address."""
    last: int
    """The index of the last hop that was read, from the right; -1 if there are no hops."""


def last_elements(fields: Sequence[str]) -> list[str]:
    """Return the last MOST_HOPS elements of a comma-separated list in one or several fields, from the right."""
    found: list[str] = []
    for field in reversed(fields):
        for part in reversed(field.rsplit(",", MOST_HOPS)):
            if len(found) == MOST_HOPS or "," in part:
                return found
            if text := part.strip(" \t"):
                found.append(text)
    return found


def walk(hops: Iterable[str], is_proxy: Callable[[str], bool]) -> Walk:
    """Follow hops from the right to the first one that is not a proxy, or is not an address."""
    client, last = None, -1
    for last, hop in enumerate(islice(hops, MOST_HOPS)):  # noqa: B007  where the loop ended is the result
        address = read_node(hop)
        if address is None:
            break
        client = address
        if not is_proxy(str(address)):
            break
    return Walk(client, last)


def read_forwarded(fields: Sequence[str]) -> list[dict[str, str]] | None:
    """Return the elements of Forwarded, from the right, with names in lower case; ``None`` if one is malformed.

    Fields to the left of MOST_HOPS elements are not read.
    """
    found: list[dict[str, str]] = []
    for field in reversed(fields):
        elements = _read_field(field)
        if elements is None:
            return None
        found += reversed(elements)
        if len(found) >= MOST_HOPS:
            break
    return found


def _read_field(field: str) -> list[dict[str, str]] | None:
    elements: list[dict[str, str]] = []
    element: dict[str, str] = {}
    position, end = 0, ","
    while position < len(field) or end == ";":
        match = _PAIR.match(field, position)
        if match is None:
            return None
        position, name, end = match.end(), (match["name"] or "").lower(), match["end"]
        if name in element:
            # RFC 7239, section 4: once for each hop.
            return None
        if name:
            quoted = match["quoted"]
            element[name] = match["token"] if quoted is None else _ESCAPED.sub(r"\1", quoted)
        if end != ";":
            elements += [element] if element else []
            element = {}
    return elements


def read_scheme(text: str) -> str | None:
    """Return ``http`` or ``https``, ``None`` for any other scheme: ``HTTPS`` -> https, ``wss`` -> https."""
    return _SCHEMES.get(text.lower())


def read_prefix(text: str) -> str | None:
    """Return a path prefix without its final slash, ``None`` if it is not a plain path: ``/api/`` -> /api."""
    prefix = text.rstrip("/")
    return prefix if _PREFIX.fullmatch(prefix) else None
