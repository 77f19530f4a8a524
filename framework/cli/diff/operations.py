"""Compares the operations of two documents: paths, parameters, bodies and responses."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from framework.cli.diff.changes import Change, Direction, Document, Severity, resolve
from framework.cli.diff.schemas import SchemaComparison
from framework.cli.diff.security import insufficient, named, requirements

__all__ = ("compare_documents",)

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_FIRST_ERROR = 400


def compare_documents(old: Document, new: Document) -> list[Change]:
    """Return all changes from one document to another, the breaking ones first."""
    comparison = _Comparison(old, new)
    order = list(Severity)
    found = dict.fromkeys([*comparison.paths(), *comparison.webhooks(), *comparison.schemas.compare_components()])
    return sorted(found, key=lambda one: order.index(one.severity))


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self._old = old
        self._new = new
        self.schemas = SchemaComparison(old, new)

    def paths(self) -> Iterator[Change]:
        """Compare the common paths by their shape: the names of placeholders are not sent."""
        before, after = _by_shape(self._old), _by_shape(self._new)
        for shape, path in before.items():
            if shape not in after:
                yield Change(Severity.BREAKING, path, "the path was removed")
            else:
                yield from self._path(path, after[shape])
        yield from (
            Change(Severity.NOTE, path, "the path was added") for key, path in after.items() if key not in before
        )

    def _path(self, old_path: str, new_path: str) -> Iterator[Change]:
        before, after = self._old["paths"][old_path], self._new["paths"][new_path]
        renamed = dict(zip(_PLACEHOLDER.findall(old_path), _PLACEHOLDER.findall(new_path), strict=True))
        for name, other in renamed.items():
            if name != other:
                yield Change(Severity.WARNING, new_path, f"the placeholder {name!r} is called {other!r}")
        for method in _METHODS:
            where = f"{method.upper()} {new_path}"
            if method in before and method not in after:
                yield Change(Severity.BREAKING, where, "the operation was removed")
            elif method in after and method not in before:
                yield Change(Severity.NOTE, where, "the operation was added")
            elif method in before:
                sides = (_with_shared(before, method), _with_shared(after, method))
                yield from self._operation(where, *sides, renamed)

    def _operation(self, where: str, old: Any, new: Any, renamed: Mapping[str, str]) -> Iterator[Change]:
        ids = old.get("operationId"), new.get("operationId")
        if ids[0] != ids[1]:
            yield Change(Severity.WARNING, where, f"the operationId was {ids[0]!r} and is {ids[1]!r}")
        if new.get("deprecated") and not old.get("deprecated"):
            yield Change(Severity.NOTE, where, "the operation is deprecated")
        yield from self._security(where, old, new)
        yield from self._parameters(where, old, new, renamed)
        yield from self._body(where, old, new)
        yield from self._responses(where, old, new)

    def _security(self, where: str, old: Any, new: Any) -> Iterator[Change]:
        before, after = requirements(self._old, old), requirements(self._new, new)
        lacking = insufficient(self._old, self._new, before, after)
        if lacking:
            yield Change(Severity.BREAKING, where, f"{named(lacking)} suffices no more")
        elif before != after:
            yield Change(Severity.NOTE, where, "there are other ways to authenticate")

    # Parameters

    def _parameters(self, where: str, old: Any, new: Any, renamed: Mapping[str, str]) -> Iterator[Change]:
        before, after = _parameters(self._old, old, renamed), _parameters(self._new, new, {})
        for key, one in before.items():
            place = f"{where}, {key[0]} parameter {key[1]!r}"
            other = after.get(key)
            if other is None:
                yield Change(Severity.WARNING, place, "it was removed")
                continue
            yield from _need(place, one, other)
            if _style(one) != _style(other):
                yield Change(Severity.BREAKING, place, f"it is written as {_style(other)}, no more as {_style(one)}")
            yield from self.schemas.compare(Direction.REQUEST, place, one.get("schema", {}), other.get("schema", {}))
            yield from self._content(Direction.REQUEST, place, one, other)
        for key, other in after.items():
            if key not in before:
                severity = Severity.BREAKING if other.get("required") else Severity.NOTE
                what = "it was added, and is required" if other.get("required") else "it was added"
                yield Change(severity, f"{where}, {key[0]} parameter {key[1]!r}", what)

    # Bodies

    def _body(self, where: str, old: Any, new: Any) -> Iterator[Change]:
        place = f"{where}, body"
        before, after = resolve(self._old, old.get("requestBody")), resolve(self._new, new.get("requestBody"))
        if before is None and after is None:
            return
        if after is None:
            yield Change(Severity.WARNING, place, "it is read no more")
        elif before is None:
            severity = Severity.BREAKING if after.get("required") else Severity.NOTE
            yield Change(severity, place, "it was added" + (", and is required" if after.get("required") else ""))
        else:
            yield from _need(place, before, after)
            yield from self._content(Direction.REQUEST, place, before, after)

    def _content(self, direction: Direction, place: str, old: Any, new: Any) -> Iterator[Change]:
        before, after = old.get("content", {}), new.get("content", {})
        for media_type, one in before.items():
            if media_type in after:
                inner = f"{place} {media_type}"
                other = after[media_type]
                yield from self.schemas.compare(direction, inner, one.get("schema", {}), other.get("schema", {}))
            else:
                yield Change(Severity.BREAKING, place, f"{media_type} was removed")
        yield from (
            Change(Severity.NOTE, place, f"{media_type} was added") for media_type in after if media_type not in before
        )

    # Responses

    def _responses(self, where: str, old: Any, new: Any) -> Iterator[Change]:
        before, after = old.get("responses", {}), new.get("responses", {})
        for status, one in before.items():
            place = f"{where}, response {status}"
            if status not in after:
                yield Change(Severity.BREAKING, place, "it was removed")
            else:
                sides = (resolve(self._old, one), resolve(self._new, after[status]))
                yield from self._content(Direction.RESPONSE, place, *sides)
                yield from self._headers(place, *sides)
        for status in after:
            if status not in before:
                severity = Severity.NOTE if _is_error(status) else Severity.WARNING
                yield Change(severity, f"{where}, response {status}", "it was added")

    def _headers(self, where: str, old: Any, new: Any) -> Iterator[Change]:
        before, after = _headers(self._old, old), _headers(self._new, new)
        for name, one in before.items():
            place, other = f"{where}, header {name!r}", after.get(name)
            if other is None:
                yield Change(Severity.BREAKING, place, "it was removed")
                continue
            if one.get("required") and not other.get("required"):
                yield Change(Severity.BREAKING, place, "it became optional")
            yield from self.schemas.compare(Direction.RESPONSE, place, one.get("schema", {}), other.get("schema", {}))
        for name in after:
            if name not in before:
                yield Change(Severity.NOTE, f"{where}, header {name!r}", "it was added")

    # Webhooks

    def webhooks(self) -> Iterator[Change]:
        """Compare the webhooks: receivers must be able to read them as clients read responses."""
        before, after = self._old.get("webhooks", {}), self._new.get("webhooks", {})
        for name, one in before.items():
            where = f"webhook {name}"
            if name not in after:
                yield Change(Severity.BREAKING, where, "it was removed")
                continue
            for method in _METHODS:
                olds, news = one.get(method, {}), after[name].get(method, {})
                sides = (
                    resolve(self._old, olds.get("requestBody", {})),
                    resolve(self._new, news.get("requestBody", {})),
                )
                yield from self._content(Direction.RESPONSE, f"{where}, body", *sides)
        for name in after:
            if name not in before:
                yield Change(Severity.NOTE, f"webhook {name}", "it was added")


def _need(place: str, old: Any, new: Any) -> Iterator[Change]:
    if new.get("required") and not old.get("required"):
        yield Change(Severity.BREAKING, place, "it became required")
    elif old.get("required") and not new.get("required"):
        yield Change(Severity.NOTE, place, "it became optional")


def _headers(document: Document, response: Any) -> dict[str, Any]:
    # RFC 9110, section 5.1: the names of headers are the same in any case.
    return {name.lower(): resolve(document, one) for name, one in response.get("headers", {}).items()}


def _by_shape(document: Document) -> dict[str, str]:
    return {_PLACEHOLDER.sub("{}", path): path for path in document.get("paths", {})}


def _with_shared(item: Mapping[str, Any], method: str) -> dict[str, Any]:
    """Return an operation together with the parameters that its path declares for all operations."""
    return {**item[method], "parameters": [*item.get("parameters", ()), *item[method].get("parameters", ())]}


def _parameters(document: Document, operation: Any, renamed: Mapping[str, str]) -> dict[tuple[str, str], Any]:
    found = [resolve(document, one) for one in operation["parameters"]]
    return {(one["in"], _spelled(one, renamed)): one for one in found}


def _spelled(parameter: Any, renamed: Mapping[str, str]) -> str:
    name = str(parameter["name"])
    if parameter["in"] == "path":
        return renamed.get(name, name)
    # RFC 9110, section 5.1: the names of headers are the same in any case.
    return name.lower() if parameter["in"] == "header" else name


def _style(parameter: Any) -> str:
    usual = "form" if parameter["in"] in {"query", "cookie"} else "simple"
    style = parameter.get("style", usual)
    return f"{style}, exploded" if parameter.get("explode", style == "form") else str(style)


def _is_error(status: str) -> bool:
    return not status.isdigit() or int(status) >= _FIRST_ERROR
