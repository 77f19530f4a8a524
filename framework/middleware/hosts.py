"""The hosts that requests name, and the patterns that they are compared with."""

import re
from collections.abc import Callable, Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

from yarl import URL

__all__ = ("Host", "host_matcher", "is_loopback", "normal_pattern", "origin_form", "pattern_error", "read_host")

_LABELS = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
# RFC 3986, section 3.2.2, without escapes, sub-delimiters and a final dot, which hosts of servers do not have.
_HOST = re.compile(rf"(?P<name>{_LABELS}|\[(?P<address>[0-9a-f:.]+)\])(?::(?P<port>[0-9]{{0,5}}))?", re.IGNORECASE)
_NAME = re.compile(_LABELS)
# RFC 9112, section 3.2.2: scheme and authority of an absolute target.
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_LAST_PORT = 65_535


class Host(NamedTuple):
    """A host that a request names."""

    name: str
    """In lower case; IPv6 addresses in brackets and in their shortest form."""
    port: int | None


def read_host(text: str) -> Host | None:
    """Return the host of a Host header or authority, ``None`` for anything else: ``A.example:80`` -> a.example, 80."""
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    name = match["name"].lower()
    if match["address"] is not None:
        try:
            name = f"[{IPv6Address(match['address'])}]"
        except AddressValueError:
            return None
    port = int(match["port"]) if match["port"] else None
    return None if port is not None and port > _LAST_PORT else Host(name, port)


def origin_form(target: str) -> str:
    """Return a target without scheme and authority (RFC 9112, section 3.2): ``http://a.example/x?y`` -> ``/x?y``."""
    match = _ABSOLUTE.match(target)
    rest = target if match is None else target[match.end() :]
    return rest if rest.startswith("/") else f"/{rest}"


def is_loopback(name: str) -> bool:
    """Return whether a host, as :func:`read_host` gives it, is the machine itself."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = IPv6Address(name[1:-1]) if name[0] == "[" else IPv4Address(name)
    except AddressValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def pattern_error(text: object) -> tuple[str, str] | None:
    """Return what is wrong with a pattern, and a hint; ``None`` if nothing is."""
    usual = 'write it as "shop.example" or "*.shop.example"'
    if not isinstance(text, str) or not text:
        return f"the host {text!r} is not a name", usual
    if text == "*":
        return "the host '*' would allow every host", "leave the piece out, or name the hosts that are served"
    if "://" in text or "/" in text:
        return f"the host {text!r} has a scheme or a path", usual
    if read_host(text) is not None:
        has_port = ":" in text.rpartition("]")[2]
        return (f"the host {text!r} has a port", f"ports are not compared; {usual}") if has_port else None
    if "*" in text.removeprefix("*."):
        what = f"the host {text!r} has a '*' that is not its whole first label"
        return what, '"*.shop.example" stands for all hosts below shop.example'
    name = _ascii(text.removeprefix("*."))
    return None if name is not None and _NAME.fullmatch(name) else (f"{text!r} is not a host", usual)


def normal_pattern(text: str) -> str:
    """Return a valid pattern in the compared form: ``*.Bücher.example`` -> ``*.xn--bcher-kva.example``."""
    host = read_host(text)
    if host is not None:
        return host.name
    star = "*." if text.startswith("*.") else ""
    return f"{star}{_ascii(text.removeprefix('*.'))}"


def _ascii(name: str) -> str | None:
    """Return a name as browsers send it (UTS 46), ``None`` if it is not a valid name."""
    try:
        return URL.build(scheme="http", host=name).raw_host
    except ValueError:
        return None


def host_matcher(patterns: Iterable[str]) -> Callable[[str | None], bool]:
    """Return a function that returns whether a Host header, with or without a port, matches one of the patterns."""
    normal = [normal_pattern(one) for one in patterns]
    exact = frozenset(one for one in normal if not one.startswith("*."))
    suffixes = tuple(one[1:] for one in normal if one.startswith("*."))

    def matches(text: str | None) -> bool:
        host = None if text is None else read_host(text)
        return host is not None and (host.name in exact or host.name.endswith(suffixes))

    return matches
