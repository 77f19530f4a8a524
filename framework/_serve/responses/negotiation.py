"""Content negotiation by ``Accept`` and ``Accept-Encoding`` (RFC 9110, section 12.5)."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Generic, NoReturn, TypeVar

from msgspec import Struct

from framework._http.codings import accepted_codings
from framework._http.media_types import essence
from framework._http.tokens import TOKEN
from framework.http_errors import NotAcceptable

__all__ = ("Choices", "best_encoding", "best_media_type", "names_media_type")

_T = TypeVar("_T")
_PARAMETER = re.compile(rf"[ \t]*;[ \t]*(?:({TOKEN})=({TOKEN}|\"(?:[^\"\\]|\\.)*\"))?")
_RANGE = re.compile(rf"[ \t]*({TOKEN})/({TOKEN})")
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")
# The separator of two elements of a list; a quoted string may contain commas.
_ELEMENT = re.compile(r"(?:[^,\"]|\"(?:[^\"\\]|\\.)*\"?)+")
_REMEMBERED = 64
_LONGEST_REMEMBERED = 256


class _MediaRange(Struct, frozen=True):
    name: str
    """A media range in lower case."""
    parameters: frozenset[tuple[str, str]]
    weight: float


def _ranges(accept: str) -> Iterator[_MediaRange]:
    """Yield the media ranges of ``Accept``, without malformed ones."""
    for text in _ELEMENT.findall(accept):
        found = _RANGE.match(text)
        if found is None:
            continue
        position, parameters, weight = found.end(), set[tuple[str, str]](), "1"
        while (one := _PARAMETER.match(text, position)) is not None:
            position = one.end()
            name, value = (one[1] or "").lower(), (one[2] or "").strip('"').lower()
            if name == "q":
                weight = value
            elif name and (name, value) != ("charset", "utf-8"):
                # All text is UTF-8: a request for it excludes nothing, although JSON has no such parameter.
                parameters.add((name, value))
        if not text[position:].strip(" \t") and _WEIGHT.match(weight):
            yield _MediaRange(found[0].strip(" \t").lower(), frozenset(parameters), float(weight))


# PERF: clients send few different values, and parsing one takes about 10 us.
@functools.lru_cache(maxsize=1024)
def best_media_type(accept: str, offered: tuple[str, ...]) -> int | None:
    """Return the media type that a client prefers, ``None`` if it accepts none of them.

    The most specific range decides for each; of equal preferences, the first offer is chosen. A header without a
    valid element accepts all.
    """
    ranges = list(_ranges(accept))
    if not ranges:
        return 0
    weights = [_weight(one, ranges) for one in offered]
    best = max(weights)
    return weights.index(best) if best > 0 else None


def _weight(media_type: str, ranges: Sequence[_MediaRange]) -> float:
    name = essence(media_type)
    own = {(one[1].lower(), one[2].strip('"').lower()) for one in _PARAMETER.finditer(media_type) if one[1]}
    found = (-1, 0.0)
    for one in ranges:
        precision = _precision(one.name, name)
        if precision is not None and one.parameters <= own:
            # Of two equally specific ranges, the one with the greater weight decides.
            found = max(found, (precision + len(one.parameters), one.weight))
    return found[1]


def _precision(media_range: str, name: str) -> int | None:
    if media_range == name:
        return 2
    if media_range == "*/*":
        return 0
    kind, _, subtype = media_range.partition("/")
    return 1 if subtype == "*" and name.startswith(f"{kind}/") else None


def names_media_type(accept: str, media_type: str) -> bool:
    """Return whether a client accepts a media type itself, or its main type, and not only any type."""
    ranges = [one for one in _ranges(accept) if one.name != "*/*"]
    return bool(ranges) and _weight(media_type, ranges) > 0


@functools.lru_cache(maxsize=1024)
def best_encoding(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """Return the content coding that a client prefers, ``None`` for the unencoded content.

    Without the header, the content is not encoded; of equal preferences, the first offer is chosen, and any accepted
    coding is preferred to the unencoded content.
    """
    weights = accepted_codings(accept or "")
    anything = weights.get("*", 0.0)
    liked = [weights.get(one, anything) for one in offered]
    best = max(liked, default=0.0)
    return offered[liked.index(best)] if best > 0 and best >= weights.get("identity", 0.0) else None


class Choices(dict[str, _T], Generic[_T]):
    """The value of ``Accept`` -> the response to it, for one route; raises NotAcceptable if there is none.

    A dictionary that adds the values that clients send, up to a limit.
    """

    def __init__(self, offers: Sequence[tuple[str, _T]], *, listed: Sequence[str], strict: bool) -> None:
        super().__init__()
        self._media_types = tuple(media_type for media_type, _ in offers)
        self._responses = [response for _, response in offers]
        self._listed = listed
        self._strict = strict
        self._start()

    def _start(self) -> None:
        self[""] = self["*/*"] = self._responses[0]

    def __missing__(self, accept: str) -> _T:
        """Decide for a value that is not cached."""
        index = best_media_type(accept, self._media_types)
        if index is None:
            if self._strict:
                self._refuse()
            index = 0
        response = self._responses[index]
        if len(accept) <= _LONGEST_REMEMBERED:
            if len(self) >= _REMEMBERED:
                self.clear()
                self._start()
            self[accept] = response
        return response

    def _refuse(self) -> NoReturn:
        raise NotAcceptable(f"The response is available as {' or '.join(self._listed)}", headers={"Vary": "Accept"})
