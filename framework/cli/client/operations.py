"""Reads operations as Python: arguments for parameters and body, and the types of responses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from framework.cli.client.annotations import annotation, is_object, literal
from framework.cli.client.models import Models
from framework.cli.client.naming import method_name, snake_name, unique_names
from framework.cli.diff.changes import Document, resolve

__all__ = ("Answer", "Argument", "Body", "Operation", "read_operations")

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_ANY = "*/*"
_STREAMS = {"application/jsonl": "_items", "text/event-stream": "_events"}
_FIRST_ERROR = 400


class Argument(Struct, frozen=True, kw_only=True):
    """One argument of a method."""

    key: str
    """The name on the wire."""
    name: str
    place: str
    """path, query, header or cookie."""
    annotation: str
    is_required: bool
    style: str


class Body(Struct, frozen=True, kw_only=True):
    """The body that a method sends."""

    media_type: str
    annotation: str
    is_required: bool
    choice: str | None = None
    """The argument for the media type, if there are several: ``content_type: str``."""
    parts: Sequence[str] = ()
    """The fields of a form that are parts of their own."""


class Answer(Struct, frozen=True, kw_only=True):
    """The response of a method for one status."""

    status: str
    media_type: str | None
    annotation: str
    """The annotation of the decoded value."""
    is_any: bool = False
    """Whether the response may instead be bytes of any other media type."""
    reader: str | None = None
    """The function that reads the items of a stream."""


class Operation(Struct, frozen=True, kw_only=True):
    """One operation, as a Python method."""

    name: str
    method: str
    path: str
    text: str
    arguments: list[Argument]
    body: Body | None
    answers: list[Answer]
    errors: list[str]
    """Statuses, with the classes of their problems: ``409 (OutOfStock)``."""
    model: str | None = None
    """The source of a class for a body that is not a component."""
    placeholders: dict[str, str] = field(default_factory=dict)


def read_operations(document: Document, names: Mapping[str, str], models: Models) -> Iterator[Operation]:
    """Yield all operations of a document in its order."""
    found = [
        (path, method, item)
        for path, item in document.get("paths", {}).items()
        for method in _METHODS
        if method in item
    ]
    wanted = [(f"{method} {path}", _wanted_name(method, path, item[method])) for path, method, item in found]
    methods = unique_names(wanted, taken={"close"})
    reader = _Reader(document, names, models)
    for path, method, item in found:
        yield reader.read(methods[f"{method} {path}"], method, path, item)


def _wanted_name(method: str, path: str, operation: Mapping[str, Any]) -> str:
    return method_name(operation.get("operationId") or f"{method}_{path}")


class _Reader:
    def __init__(self, document: Document, names: Mapping[str, str], models: Models) -> None:
        self._document = document
        self._names = names
        self._models = models

    def read(self, name: str, method: str, path: str, item: Mapping[str, Any]) -> Operation:
        """Read one operation."""
        operation = item[method]
        body, model = self._body(name, operation)
        arguments = self._arguments([*item.get("parameters", ()), *operation.get("parameters", ())])
        text = "\n\n".join(one for one in (operation.get("summary"), operation.get("description")) if one)
        return Operation(
            name=name,
            method=method.upper(),
            path=path,
            text=text or f"{method.upper()} {path}.",
            arguments=arguments,
            body=body,
            answers=list(self._answers(operation)),
            errors=list(self._errors(operation)),
            model=model,
            placeholders={one.key: one.name for one in arguments if one.place == "path"},
        )

    def _annotation(self, schema: Any) -> str:
        return annotation(schema, self._names, self._document)

    def _arguments(self, parameters: Sequence[Any]) -> list[Argument]:
        found = {(one["in"], one["name"]): one for one in (resolve(self._document, one) for one in parameters)}
        wanted = [(f"{place} {key}", snake_name(key)) for place, key in found]
        names = unique_names(wanted, taken={"body", "content_type"})
        made = [self._argument(names[f"{one['in']} {one['name']}"], one) for one in found.values()]
        return sorted(made, key=lambda one: (one.place != "path", not one.is_required))

    def _argument(self, name: str, parameter: Mapping[str, Any]) -> Argument:
        schema = parameter.get("schema", {})
        kind = self._annotation(schema)
        # A repeated parameter accepts any sequence; an object is given by its fields.
        if kind.startswith("list["):
            kind = f"Sequence[{kind[5:-1]}]"
        return Argument(
            key=parameter["name"],
            name=name,
            place=parameter["in"],
            annotation=kind,
            is_required=bool(parameter.get("required")),
            style=_style(parameter),
        )

    def _body(self, name: str, operation: Mapping[str, Any]) -> tuple[Body | None, str | None]:
        body = resolve(self._document, operation.get("requestBody"))
        if not body or not body.get("content"):
            return None, None
        media_type = _preferred(body["content"])
        media = body["content"][media_type]
        schema = media.get("schema", {})
        kind, model, choice = self._annotation(schema), None, None
        if is_object(schema):
            kind = f"{''.join(one.title() for one in name.split('_'))}Body"
            model = self._models.class_of(kind, schema)
        elif not _is_typed(media_type) and media_type not in _FORMS:
            kind = _raw(media_type, schema)
            choice = _choice(list(body["content"]))
        made = Body(
            media_type=media_type,
            annotation=kind,
            is_required=bool(body.get("required")),
            choice=choice,
            parts=tuple(media.get("encoding", ())),
        )
        return made, model

    def _answers(self, operation: Mapping[str, Any]) -> Iterator[Answer]:
        for status, one in operation.get("responses", {}).items():
            if not status.isdigit() or int(status) >= _FIRST_ERROR:
                continue
            content = resolve(self._document, one).get("content")
            if not content:
                yield Answer(status=status, media_type=None, annotation="None")
                continue
            media_type = _preferred(content)
            schema = content[media_type].get("schema", {})
            reader = _STREAMS.get(media_type)
            kind = self._annotation(schema) if _is_typed(media_type) or reader else _raw(media_type, schema)
            is_any = _ANY in content and media_type != _ANY
            yield Answer(status=status, media_type=media_type, annotation=kind, is_any=is_any, reader=reader)

    def _errors(self, operation: Mapping[str, Any]) -> Iterator[str]:
        for status, one in operation.get("responses", {}).items():
            if status.isdigit() and int(status) < _FIRST_ERROR:
                continue
            content = resolve(self._document, one).get("content") or {}
            schema = content[_preferred(content)].get("schema", {}) if content else {}
            classes = [self._annotation(each) for each in schema.get("anyOf", [schema])]
            own = [one for one in classes if one not in {"Any", "Problem", "ValidationProblem"}]
            yield f"{status} ({', '.join(own)})" if own else status


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _is_typed(media_type: str) -> bool:
    return _is_json(media_type) or media_type == "application/msgpack"


def _preferred(content: Mapping[str, Any]) -> str:
    return next((one for read in (_is_json, _is_typed) for one in content if read(one)), next(iter(content)))


def _raw(media_type: str, schema: Mapping[str, Any]) -> str:
    return "str" if media_type.startswith("text/") and "contentMediaType" not in schema else "bytes"


def _choice(media_types: Sequence[str]) -> str | None:
    """Return the argument for the media type of bytes."""
    if _ANY in media_types:
        return 'content_type: str = "application/octet-stream"'
    if any("*" in one for one in media_types):
        return "content_type: str"
    return f'content_type: {literal(media_types)} = "{media_types[0]}"' if len(media_types) > 1 else None


def _style(parameter: Mapping[str, Any]) -> str:
    usual = "form" if parameter["in"] in {"query", "cookie"} else "simple"
    style = str(parameter.get("style", usual))
    return "exploded" if style == "form" and parameter.get("explode", True) else style
