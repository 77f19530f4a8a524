"""``framework openapi diff``: the changes between two documents, and whether they break clients of the old one."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from framework._http.pointers import unescape

__all__ = ("Change", "Direction", "Document", "Severity", "Shift", "resolve", "severity_of")

Document: TypeAlias = Mapping[str, Any]


class Severity(StrEnum):
    """The effect of a change on a client of the old document."""

    BREAKING = "breaking"
    WARNING = "warning"
    """The client works, unless its code was generated or relies on undocumented behaviour."""
    NOTE = "note"


class Change(NamedTuple):
    """One difference between two documents."""

    severity: Severity
    where: str
    """The place: ``POST /orders, body``, or ``schema Order in requests``."""
    what: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}"


class Direction(StrEnum):
    """Whether a schema describes values in requests or in responses."""

    REQUEST = "requests"
    RESPONSE = "responses"


class Shift(StrEnum):
    """How the set of values that a schema accepts has changed."""

    NARROWED = "narrowed"
    WIDENED = "widened"
    CHANGED = "changed"
    UNREAD = "unread"
    """The value is still accepted, but no longer read."""
    DEFAULT = "default"


_SEVERITIES: dict[tuple[Direction, Shift], Severity] = {
    (Direction.REQUEST, Shift.NARROWED): Severity.BREAKING,
    (Direction.REQUEST, Shift.WIDENED): Severity.NOTE,
    (Direction.RESPONSE, Shift.NARROWED): Severity.NOTE,
    (Direction.RESPONSE, Shift.WIDENED): Severity.BREAKING,
    (Direction.REQUEST, Shift.UNREAD): Severity.WARNING,
    (Direction.RESPONSE, Shift.UNREAD): Severity.BREAKING,
    (Direction.REQUEST, Shift.DEFAULT): Severity.WARNING,
    (Direction.RESPONSE, Shift.DEFAULT): Severity.NOTE,
}


def severity_of(direction: Direction, shift: Shift) -> Severity:
    """Return the severity of a shift: old requests must still be accepted, and responses must not have new values."""
    return _SEVERITIES.get((direction, shift), Severity.BREAKING)


def resolve(document: Document, node: Any) -> Any:
    """Follow local references (``#/components/...``) to their target; a reference without a target is ``{}``."""
    seen = set[str]()
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str) and node["$ref"] not in seen:
        seen.add(node["$ref"])
        found: Any = document
        for part in _parts(node["$ref"]):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        node = found
    return node


def _parts(reference: str) -> Iterator[str]:
    for part in reference.removeprefix("#/").split("/"):
        yield unescape(part)
