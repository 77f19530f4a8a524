"""Headers that are added to many responses: prepared once, together with the heads that contain them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from aiohttp import web

from framework._serve.aiohttp_names import SUPPORTED, headers_of
from framework._serve.responses.constant import Constant, add_missing
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.head import Head
from framework._steps import ChooseHeaders

# ruff: noqa: SLF001  the private names are those of framework._serve.responses.encoded

__all__ = ("HeaderLines", "HeadsBy", "header_lines_for")


_R = TypeVar("_R", bound=web.StreamResponse)
_REMEMBERED = 256


class HeaderLines:
    """Headers that are added to responses that do not have them; the names in ``Vary`` are added one by one.

    ``lines = HeaderLines({"X-Frame-Options": "DENY"})`` is created once, ``lines.add_to(response)`` called for each
    response. A response that has not been changed since it was encoded gets another prepared head.
    """

    __module__ = "framework.responses"
    __slots__ = ("_headers", "_heads")

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers: Constant = tuple(headers.items())
        self._heads: dict[Head, Head] = {}

    def add_to(self, response: _R) -> _R:
        """Add the headers to a response, and return it."""
        # PERF: creating the dictionary of a response and serialising it costs 9 000 instructions, this 900.
        if SUPPORTED and response.__class__ is EncodedResponse and not response._touched:  # type: ignore[attr-defined]
            head: Head = response._head  # type: ignore[attr-defined]
            response._head = self._heads.get(head) or self._extended(head)  # type: ignore[attr-defined]
        else:
            add_missing(response.headers, self._headers)
        return response

    def _extended(self, head: Head) -> Head:
        made = _extended(head, self._headers)
        if len(self._heads) < _REMEMBERED:
            self._heads[head] = made
        return made


def _extended(head: Head, added: Constant) -> Head:
    headers = head.headers.copy()
    add_missing(headers, added)
    made = Head(head.status, None, tuple(headers.items()))
    made.media_type, made.constant, made.varied = head.media_type, head.constant, head.varied
    return made


class HeadsBy(dict[Any, Head]):
    """A prepared head for each value of a request header: ``heads[value]``, or for a tuple of several headers.

    The value is empty for a missing header, and has line ends if the header was there several times.
    """

    def __init__(self, plain: Head, choosing: Sequence[ChooseHeaders], varied: object) -> None:
        super().__init__()
        self.plain = plain
        self._choosing = choosing
        plain.varied = varied

    def __missing__(self, key: Any) -> Head:
        """Create a head."""
        made = self.plain
        for choose, value in zip(self._choosing, (key,) if isinstance(key, str) else key, strict=True):
            chosen = choose(value) if value and "\n" not in value else None
            if chosen is not None:
                made = _extended(made, tuple(chosen.items()))
        if len(self) >= _REMEMBERED:
            self.clear()
        self[key] = made
        return made


def header_lines_for(name: str, choose: ChooseHeaders) -> Callable[[web.BaseRequest, _R], _R]:
    """Return a function that adds the headers for a value of a request header: ``add(request, response)``.

    ``choose(value)`` returns the headers, ``None`` for none. A request without the header, or with several, gets none.
    """
    known: dict[str, HeaderLines] = {}

    def look(value: str) -> HeaderLines | None:
        headers = choose(value)
        if headers is None:
            return None
        if len(known) >= _REMEMBERED:
            known.clear()
        lines = known[value] = HeaderLines(headers)
        return lines

    def add(request: web.BaseRequest, response: _R) -> _R:
        values = headers_of(request).getall(name, ())
        if len(values) != 1 or not values[0]:
            return response
        lines = known.get(values[0]) or look(values[0])
        return response if lines is None else lines.add_to(response)

    return add
