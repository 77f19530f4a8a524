"""Which of several answers a client wants, by ``Accept`` and ``Accept-Encoding`` (RFC 9110, section 12.5)."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Generic, NoReturn, TypeVar

from msgspec import Struct

from framework.http_errors import NotAcceptable
from framework.media_types import essence

__all__ = ("Choices", "best_encoding", "best_media_type", "names_media_type")

_T = TypeVar("_T")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  no secret
_PARAMETER = re.compile(rf"[ \t]*;[ \t]*(?:({_TOKEN})=({_TOKEN}|\"(?:[^\"\\]|\\.)*\"))?")
_RANGE = re.compile(rf"[ \t]*({_TOKEN})/({_TOKEN})")
_CODING = re.compile(rf"[ \t]*({_TOKEN})")
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")
# What stands between two elements of a list; a quoted text may hold commas.
_ELEMENT = re.compile(r"(?:[^,\"]|\"(?:[^\"\\]|\\.)*\"?)+")
_REMEMBERED = 64
_LONGEST_REMEMBERED = 256


class _Element(Struct, frozen=True):
    name: str
    """In lower case: a media range, or a content coding."""
    parameters: frozenset[tuple[str, str]]
    weight: float


def _elements(header: str, pattern: re.Pattern[str]) -> Iterator[_Element]:
    """Yield what a list names, without the elements that are malformed."""
    for text in _ELEMENT.findall(header):
        found = pattern.match(text)
        if found is None:
            continue
        position, parameters, weight = found.end(), set[tuple[str, str]](), "1"
        while (one := _PARAMETER.match(text, position)) is not None:
            position = one.end()
            name, value = (one[1] or "").lower(), (one[2] or "").strip('"').lower()
            if name == "q":
                weight = value
            elif name and (name, value) != ("charset", "utf-8"):
                # All texts are UTF-8: asking for it excludes nothing, though JSON has no such parameter.
                parameters.add((name, value))
        if not text[position:].strip(" \t") and _WEIGHT.match(weight):
            yield _Element(found[0].strip(" \t").lower(), frozenset(parameters), float(weight))


# PERF: clients send few texts, and reading one takes some 10 us.
@functools.lru_cache(maxsize=1024)
def best_media_type(accept: str, offered: tuple[str, ...]) -> int | None:
    """Return which media type a client likes most, ``None`` where it accepts none of them.

    The most specific range counts for each; where two are liked the same, the one offered first. A header that says
    nothing that can be read accepts all.
    """
    ranges = list(_elements(accept, _RANGE))
    if not ranges:
        return 0
    weights = [_weight(one, ranges) for one in offered]
    best = max(weights)
    return weights.index(best) if best > 0 else None


def _weight(media_type: str, ranges: Sequence[_Element]) -> float:
    name = essence(media_type)
    own = {(one[1].lower(), one[2].strip('"').lower()) for one in _PARAMETER.finditer(media_type) if one[1]}
    found = (-1, 0.0)
    for one in ranges:
        precision = _precision(one.name, name)
        if precision is not None and one.parameters <= own:
            # Of two that are as precise the one with the greater weight, as if it stood alone.
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
    """Tell whether a client asks for a media type itself, or for its kind, and not just for anything."""
    ranges = [one for one in _elements(accept, _RANGE) if one.name != "*/*"]
    return bool(ranges) and _weight(media_type, ranges) > 0


@functools.lru_cache(maxsize=1024)
def best_encoding(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """Return the content coding that a client likes most, ``None`` for the content as it is.

    Without the header nothing is encoded; where two are liked the same, the one offered first counts, and any that is
    accepted before the content as it is.
    """
    weights = {one.name: one.weight for one in _elements(accept or "", _CODING)}
    anything = weights.get("*", 0.0)
    liked = [weights.get(one, anything) for one in offered]
    best = max(liked, default=0.0)
    return offered[liked.index(best)] if best > 0 and best >= weights.get("identity", 0.0) else None


class Choices(dict[str, _T], Generic[_T]):
    """The text of ``Accept`` -> what answers it, for one route; raises NotAcceptable where nothing does.

    A dictionary that fills itself with the texts that clients send, a few of them.
    """

    def __init__(self, offers: Sequence[tuple[str, _T]], *, listed: Sequence[str], strict: bool) -> None:
        super().__init__()
        self._media_types = tuple(media_type for media_type, _ in offers)
        self._answers = [answer for _, answer in offers]
        self._listed = listed
        self._strict = strict
        self._start()

    def _start(self) -> None:
        self[""] = self["*/*"] = self._answers[0]

    def __missing__(self, accept: str) -> _T:
        """Decide for a text that was not met before."""
        index = best_media_type(accept, self._media_types)
        if index is None:
            if self._strict:
                self._refuse()
            index = 0
        answer = self._answers[index]
        if len(accept) <= _LONGEST_REMEMBERED:
            if len(self) >= _REMEMBERED:
                self.clear()
                self._start()
            self[accept] = answer
        return answer

    def _refuse(self) -> NoReturn:
        raise NotAcceptable(f"The answer is {' or '.join(self._listed)}", headers={"Vary": "Accept"})
