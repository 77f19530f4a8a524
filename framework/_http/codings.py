"""Content codings of a request's ``Accept-Encoding`` (RFC 9110, section 12.5.3)."""

import re

from framework._http.tokens import TOKEN

__all__ = ("accepted_codings",)

_ELEMENT = re.compile(rf"[ \t]*({TOKEN})[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{{0,3}})?|1(?:\.0{{0,3}})?)[ \t]*)?")
# RFC 9110, section 8.4.1.3.
_ALIASES = {"x-gzip": "gzip"}


def accepted_codings(header: str) -> dict[str, float]:
    """Return the codings that a client names, in lower case, with their weights from 0 to 1.

    ``*`` and ``identity`` are among them. Malformed elements are ignored, for example those with a weight above 1.
    """
    found = filter(None, map(_ELEMENT.fullmatch, header.split(",")))
    weights = ((one[1].lower(), 1.0 if one[2] is None else float(one[2])) for one in found)
    return {_ALIASES.get(name, name): weight for name, weight in weights}
