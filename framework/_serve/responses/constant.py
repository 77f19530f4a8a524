"""Headers that are the same on every response of a route."""

import functools
from collections.abc import Iterable, Mapping

from aiohttp import hdrs
from multidict import CIMultiDict

__all__ = ("Constant", "add_missing", "add_vary", "constant_headers")

Constant = tuple[tuple[str, str], ...]
_VARY = hdrs.VARY.lower()


@functools.cache
def _shared(headers: Constant) -> Constant:
    """Return the same object for equal headers, which is kept: they are compared and found by identity."""
    return headers


def constant_headers(groups: Iterable[Mapping[str, str]]) -> Constant:
    """Return the headers of several mappings, of which the last counts if two have the same name.

    What they list in ``Vary`` is put together.
    """
    return _joined(tuple(each for group in groups for each in group.items()))


@functools.lru_cache(maxsize=1024)
def _joined(headers: Constant) -> Constant:
    found: CIMultiDict[str] = CIMultiDict()
    for name, value in headers:
        if name.lower() == _VARY:
            add_vary(found, value)
        else:
            found[name] = value
    return _shared(tuple(found.items()))


def add_missing(headers: CIMultiDict[str], added: Constant) -> None:
    """Add headers where they are missing; to ``Vary`` the names that it does not list."""
    for name, value in added:
        if name.lower() == _VARY:
            add_vary(headers, value)
        else:
            headers.setdefault(name, value)


def add_vary(headers: CIMultiDict[str], names: str) -> None:
    """Say in the headers of a response that it depends on headers of the request: ``Origin, Accept``."""
    known = _members(headers.getall(hdrs.VARY, ()))
    lower = {one.lower() for one in known}
    more = [one for one in _members([names]) if one.lower() not in lower]
    if more and "*" not in lower:
        headers[hdrs.VARY] = ", ".join([*known, *more])


def _members(values: Iterable[str]) -> list[str]:
    return [one.strip() for text in values for one in text.split(",")]
