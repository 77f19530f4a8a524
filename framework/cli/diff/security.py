"""Compares required credentials: whether those of old clients are still sufficient."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from framework.cli.diff.changes import Document, resolve

__all__ = ("insufficient", "named", "requirements")

_Requirement: TypeAlias = Mapping[str, Sequence[str]]
_OPEN: _Requirement = {}


def requirements(document: Document, operation: Mapping[str, Any]) -> list[_Requirement]:
    """Return the alternative ways to authenticate for an operation; no credentials are one way."""
    return operation.get("security", document.get("security")) or [_OPEN]


def insufficient(old: Document, new: Document, before: Any, after: Any) -> list[_Requirement]:
    """Return the ways that are no longer sufficient: each of the new ways requires more."""
    asked = [_parts(new, one) for one in after]
    return [one for one in before if not any(each <= _parts(old, one) for each in asked)]


def named(ways: Sequence[_Requirement]) -> str:
    """Return a description of ways to authenticate: ``bearer or key and session``."""
    return " or ".join(" and ".join(map(_with_scopes, one.items())) or "no authentication" for one in ways)


def _with_scopes(item: tuple[str, Sequence[str]]) -> str:
    name, scopes = item
    return f"{name} ({', '.join(scopes)})" if scopes else name


def _parts(document: Document, requirement: _Requirement) -> set[tuple[str, ...]]:
    """Return the parts of a requirement: credentials as sent, and their scopes."""
    found = set[tuple[str, ...]]()
    for name, scopes in requirement.items():
        carried = _on_the_wire(name, resolve(document, {"$ref": f"#/components/securitySchemes/{name}"}))
        found.add(carried)
        found.update((*carried, scope) for scope in scopes)
    return found


def _on_the_wire(name: str, scheme: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the place of a scheme's credentials in a request; their name in the document is not sent."""
    match scheme.get("type"):
        case "apiKey":
            return ("key", str(scheme.get("in")), str(scheme.get("name")))
        case "http":
            return ("authorization", str(scheme.get("scheme")).lower())
        case "oauth2" | "openIdConnect":
            return ("authorization", "bearer")
        case _:
            return (name,)
