"""Compares what operations ask for: whether the credentials of old clients still suffice."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from framework.cli.changes import Document, resolve

__all__ = ("insufficient", "named", "requirements")

_Requirement: TypeAlias = Mapping[str, Sequence[str]]
_OPEN: _Requirement = {}


def requirements(document: Document, operation: Mapping[str, Any]) -> list[_Requirement]:
    """Return the ways to authenticate for an operation, each of which suffices; none at all is one way."""
    return operation.get("security", document.get("security")) or [_OPEN]


def insufficient(old: Document, new: Document, before: Any, after: Any) -> list[_Requirement]:
    """Return the ways that suffice no more: those that hold less than each of the new ways asks for."""
    asked = [_parts(new, one) for one in after]
    return [one for one in before if not any(each <= _parts(old, one) for each in asked)]


def named(ways: Sequence[_Requirement]) -> str:
    """Return how ways to authenticate are called: ``bearer or key and session``."""
    return " or ".join(" and ".join(map(_with_scopes, one.items())) or "no authentication" for one in ways)


def _with_scopes(item: tuple[str, Sequence[str]]) -> str:
    name, scopes = item
    return f"{name} ({', '.join(scopes)})" if scopes else name


def _parts(document: Document, requirement: _Requirement) -> set[tuple[str, ...]]:
    """Return what a requirement asks for: credentials as they are on the wire, and scopes of them."""
    found = set[tuple[str, ...]]()
    for name, scopes in requirement.items():
        carried = _on_the_wire(name, resolve(document, {"$ref": f"#/components/securitySchemes/{name}"}))
        found.add(carried)
        found.update((*carried, scope) for scope in scopes)
    return found


def _on_the_wire(name: str, scheme: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where a scheme's credentials stand; what a document calls them is not sent."""
    match scheme.get("type"):
        case "apiKey":
            return ("key", str(scheme.get("in")), str(scheme.get("name")))
        case "http":
            return ("authorization", str(scheme.get("scheme")).lower())
        case "oauth2" | "openIdConnect":
            return ("authorization", "bearer")
        case _:
            return (name,)
