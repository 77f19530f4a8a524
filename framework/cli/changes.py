"""``framework openapi diff``: what changed between two documents, and whether clients of the old one break."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

__all__ = ("Change", "Direction", "Document", "Severity", "Shift", "resolve", "severity_of")

Document: TypeAlias = Mapping[str, Any]


class Severity(StrEnum):
    """What a change does to a client that was written for the old document."""

    BREAKING = "breaking"
    WARNING = "warning"
    """It goes on working, unless its code was generated from the document or relies on more than was said."""
    NOTE = "note"


class Change(NamedTuple):
    """One difference between two documents."""

    severity: Severity
    where: str
    """``POST /orders, body``, or ``schema Order in requests``."""
    what: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}"


class Direction(StrEnum):
    """Who writes what a schema describes."""

    REQUEST = "requests"
    RESPONSE = "responses"


class Shift(StrEnum):
    """How the set of values that a schema takes has moved."""

    NARROWED = "narrowed"
    WIDENED = "widened"
    CHANGED = "changed"
    UNREAD = "unread"
    """What is sent is taken, and read no more."""
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
    """Return what a shift means: a request must be taken as before, and a response be no other than before."""
    return _SEVERITIES.get((direction, shift), Severity.BREAKING)


def resolve(document: Document, node: Any) -> Any:
    """Follow local references (``#/components/...``) to what they stand for; what leads nowhere is ``{}``."""
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
        yield part.replace("~1", "/").replace("~0", "~")
