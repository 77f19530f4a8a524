"""Entity tags of coded bodies (RFC 9110, section 8.8.3): ``"v1"`` is ``"v1-gzip"`` in gzip, a strong tag of its own.

If-Match compares strongly: with a weak tag, clients could not change what they have read in a coding. Weak tags of an
application do not depend on the bytes, and are not changed.
"""

import re
from collections.abc import Collection, Iterable

__all__ = ("coded_tag", "held_tag", "with_plain_tags")

_QUOTED = re.compile(r'(W/)?"([!\x23-\x7e\x80-\xff]*)"')


def coded_tag(tag: str, coding: str) -> str:
    """Return the tag of a body in a coding: ``"v1"`` -> ``"v1-gzip"``; a weak or malformed tag is not changed."""
    return f'{tag[:-1]}-{coding}"' if tag.startswith('"') and _QUOTED.fullmatch(tag) else tag


def with_plain_tags(tags: str, codings: Collection[str]) -> str:
    """Return the tags of a condition, followed by the plain tags of the coded ones.

    >>> with_plain_tags('"v1-gzip", "v2"', ("gzip",))
    '"v1-gzip", "v2", "v1"'
    """
    plain = dict.fromkeys(
        f'{weak}"{value.removesuffix(f"-{coding}")}"'
        for weak, value in _QUOTED.findall(tags)
        for coding in codings
        if value.endswith(f"-{coding}")
    )
    return ", ".join([tags, *plain])


def held_tag(tag: str, tags: str, codings: Iterable[str]) -> str:
    """Return the tag of the client's copy: the first one of this version that it lists, or that of the plain body.

    ``tag`` is the tag of the plain body; ``codings`` are in the order of preference.
    """
    listed = {f'"{value}"' for _, value in _QUOTED.findall(tags)}
    for coding in codings:
        coded = coded_tag(tag, coding)
        if coded in listed:
            return coded
    return tag
