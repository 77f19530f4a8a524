"""Origins (RFC 6454): how they are written, and which of them a pattern allows."""

import re
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ("NULL", "allowing", "is_pattern", "mistake_of", "origin_of")

NULL = "null"
"""What browsers send for pages without an origin: files, sandboxed frames, redirects from one origin to another."""

_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_ORIGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>\[[^\]]*\]|[^/:?#\[\]]*)(?::(?P<port>[^/?#]*))?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_LABELS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_HOST = re.compile(rf"{_LABELS.pattern}|\[[0-9a-f:.]+\]\Z")
_WILDCARD = "*."
_HIGHEST_PORT = 65535


def is_pattern(origin: str) -> bool:
    """Return whether an allowed origin is a pattern: ``https://*.app.example``."""
    return f"://{_WILDCARD}" in origin


def allowing(origins: Sequence[str]) -> Callable[[str], bool]:
    """Return a function that returns whether an origin, as browsers send it, is in a list of origins and patterns.

    Scheme, host and port are compared. The ``*`` of a pattern stands for one or more labels.
    """
    exact = frozenset(one for one in origins if not is_pattern(one))
    patterns = [_expression(one) for one in origins if is_pattern(one)]
    if not patterns:
        return exact.__contains__
    fits = re.compile("|".join(patterns)).fullmatch
    return lambda origin: origin in exact or fits(origin) is not None


def _expression(pattern: str) -> str:
    scheme, _, rest = pattern.partition("://")
    return rf"{re.escape(scheme)}://(?:{_LABEL}\.)+{re.escape(rest.removeprefix(_WILDCARD))}"


def mistake_of(origin: Any) -> tuple[str, str] | None:
    """Return why a browser never sends an origin in this form, and the right form; ``None`` if the origin is valid.

    >>> mistake_of("https://app.example/")
    ('ends with a slash', 'https://app.example')
    """
    if origin == NULL:
        return None
    found = _ORIGIN.match(origin) if isinstance(origin, str) else None
    if found is None:
        return "has no scheme", "https://app.example"
    scheme, host, port = found["scheme"].lower(), found["host"].lower(), found["port"]
    wrong = _mistake_of_host(host)
    if wrong is not None:
        return wrong, f"{scheme}://{_WILDCARD if '*' in host else ''}app.example"
    if port is not None and not _is_port(port):
        return "has a port that is not a number from 1 to 65535", f"{scheme}://{host}"
    right = f"{scheme}://{host}" + ("" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}")
    rest = origin[found.end() :]
    if rest:
        return "ends with a slash" if rest == "/" else "has more than scheme, host and port", right
    if origin != origin.lower():
        return "has upper-case letters", right
    return None if origin == right else ("names the default port of its scheme", right)


def _mistake_of_host(host: str) -> str | None:
    if "*" not in host:
        return None if _HOST.match(host) else "has a host that cannot be"
    rest = host.removeprefix(_WILDCARD)
    if rest == "*":
        return "allows every host"
    return None if rest != host and _LABELS.match(rest) else "has a * that is not the first label of its host"


def _is_port(port: str) -> bool:
    return port.isascii() and port.isdigit() and port == port.lstrip("0") and int(port) <= _HIGHEST_PORT


def origin_of(url: str) -> str | None:
    """Return the origin of a URL as browsers send it, ``None`` if it has none: ``https://a.example/x`` -> its host."""
    found = _ORIGIN.match(url)
    if found is None:
        return None
    scheme, host, port = found["scheme"].lower(), found["host"].lower(), found["port"]
    return f"{scheme}://{host}" + ("" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}")
