"""Operations as methods: arguments for parameters and body, the type of what comes back, and the call."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field

from framework.cli.changes import Document, resolve
from framework.cli.client.annotations import annotation, is_object, quoted
from framework.cli.client.models import Models, docstring
from framework.cli.client.naming import method_name, snake_name, unique_names

__all__ = ("Operation", "read_operations", "write_method")

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_INDENT = " " * 4
_WIDTH = 120
_FIRST_ERROR = 400


class Argument(Struct, frozen=True, kw_only=True):
    """One argument of a method."""

    key: str
    """As on the wire."""
    name: str
    place: str
    """path, query, header or cookie."""
    annotation: str
    is_required: bool
    style: str


class Body(Struct, frozen=True, kw_only=True):
    """What a method sends."""

    media_type: str
    annotation: str
    is_required: bool


class Answer(Struct, frozen=True, kw_only=True):
    """What a method returns for one status."""

    status: str
    media_type: str | None
    annotation: str


class Operation(Struct, frozen=True, kw_only=True):
    """One operation, in words of Python's."""

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
    """The source of a class for a body that is no component."""
    placeholders: dict[str, str] = field(default_factory=dict)


class _Word(NamedTuple):
    """One argument of a call, with what is parted when it is too long for a line."""

    head: str
    parts: Sequence[str] = ()
    tail: str = ""

    def __str__(self) -> str:
        return f"{self.head}{', '.join(self.parts)}{self.tail}"

    def lines(self, indent: str) -> Iterator[str]:
        """Yield the lines of the argument."""
        line = f"{indent}{self},"
        if len(line) <= _WIDTH or not self.parts:
            yield line
            return
        yield f"{indent}{self.head}"
        yield from (f"{indent}{_INDENT}{one}," for one in self.parts)
        yield f"{indent}{self.tail},"


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
        names = unique_names(wanted, taken={"body"})
        made = [self._argument(names[f"{one['in']} {one['name']}"], one) for one in found.values()]
        return sorted(made, key=lambda one: (one.place != "path", not one.is_required))

    def _argument(self, name: str, parameter: Mapping[str, Any]) -> Argument:
        schema = parameter.get("schema", {})
        kind = self._annotation(schema)
        # What repeats may be given as any sequence; an object by its fields.
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
        schema = body["content"][media_type].get("schema", {})
        kind, model = self._annotation(schema), None
        if is_object(schema):
            kind = f"{''.join(one.title() for one in name.split('_'))}Body"
            model = self._models.class_of(kind, schema)
        elif not _is_json(media_type) and media_type not in _FORMS:
            kind = "str" if media_type.startswith("text/") else "bytes"
        return Body(media_type=media_type, annotation=kind, is_required=bool(body.get("required"))), model

    def _answers(self, operation: Mapping[str, Any]) -> Iterator[Answer]:
        for status, one in operation.get("responses", {}).items():
            if not status.isdigit() or int(status) >= _FIRST_ERROR:
                continue
            content = resolve(self._document, one).get("content")
            if not content:
                yield Answer(status=status, media_type=None, annotation="None")
                continue
            media_type = _preferred(content)
            kind = "str" if media_type.startswith("text/") else "bytes"
            if _is_json(media_type):
                kind = self._annotation(content[media_type].get("schema"))
            yield Answer(status=status, media_type=media_type, annotation=kind)

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


def _preferred(content: Mapping[str, Any]) -> str:
    return next((one for one in content if _is_json(one)), next(iter(content)))


def _style(parameter: Mapping[str, Any]) -> str:
    usual = "form" if parameter["in"] in {"query", "cookie"} else "simple"
    style = str(parameter.get("style", usual))
    return "exploded" if style == "form" and parameter.get("explode", True) else style


def write_method(operation: Operation) -> str:
    """Return the source of the method for an operation, indented for the class."""
    lines = [*_signature(operation), *docstring(_text(operation), _INDENT * 2), *_call(operation)]
    return "\n".join(lines)


def _text(operation: Operation) -> str:
    if not operation.errors:
        return operation.text
    return f"{operation.text}\n\nRaises ProblemError: {', '.join(operation.errors)}."


def _result(operation: Operation) -> str:
    kinds = list(dict.fromkeys(one.annotation for one in operation.answers)) or ["None"]
    if "Any" in kinds or operation.method == "HEAD":
        return "None" if operation.method == "HEAD" else "Any"
    return " | ".join([*(one for one in kinds if one != "None"), *(one for one in kinds if one == "None")])


def _signature(operation: Operation) -> list[str]:
    arguments = ["self", *(f"{one.name}: {one.annotation}" for one in operation.arguments if one.place == "path")]
    if operation.body is not None:
        kind = operation.body.annotation
        arguments.append(f"body: {kind}" if operation.body.is_required else f"body: {kind} | UnsetType = UNSET")
    named = [one for one in operation.arguments if one.place != "path"]
    arguments += ["*", *map(_named_argument, named)] if named else []
    head, tail = f"{_INDENT}async def {operation.name}(", f") -> {_result(operation)}:"
    line = f"{head}{', '.join(arguments)}{tail}"
    if len(line) <= _WIDTH:
        return [line]
    return [head, *(f"{_INDENT * 2}{one}," for one in arguments), f"{_INDENT}{tail}"]


def _named_argument(one: Argument) -> str:
    if one.is_required:
        return f"{one.name}: {one.annotation}"
    kind = one.annotation if one.annotation.endswith(("Any", "| None")) else f"{one.annotation} | None"
    return f"{one.name}: {kind} = None"


def _call(operation: Operation) -> Iterator[str]:
    yield from _statement(f"{'answer = ' if _returns(operation) else ''}await self._send", _words(operation))
    if _returns(operation):
        yield from _statement(f"result: {_result(operation)} = _decode", [_Word("answer"), _Word(_kinds(operation))])
        yield f"{_INDENT * 2}return result"


def _returns(operation: Operation) -> bool:
    return _result(operation) != "None"


def _kinds(operation: Operation) -> str:
    kinds = {one.annotation for one in operation.answers}
    if len(kinds) == 1:
        return kinds.pop()
    return "{" + ", ".join(f"{one.status}: {one.annotation}" for one in operation.answers) + "}"


def _words(operation: Operation) -> list[_Word]:
    words = [_Word(quoted(operation.method)), _Word(_target(operation))]
    queries = [_pair(one) for one in operation.arguments if one.place == "query"]
    if queries:
        words.append(_Word("query=[", queries, "]"))
    for place in ("header", "cookie"):
        pairs = [f"{quoted(one.key)}: {one.name}" for one in operation.arguments if one.place == place]
        if pairs:
            words.append(_Word(f"{place}s={{", pairs, "}"))
    accepted = next((one.media_type for one in operation.answers if one.media_type is not None), None)
    if accepted is not None:
        words.append(_Word(f"accept={quoted(accepted)}"))
    if operation.body is not None:
        words += [_Word("body=body"), _Word(f"content_type={quoted(operation.body.media_type)}")]
    return words


def _pair(one: Argument) -> str:
    key = quoted(one.key)
    if one.style == "deepObject":
        return f"*_deep({key}, {one.name})"
    separator = {"form": ",", "pipeDelimited": "|", "spaceDelimited": " "}.get(one.style)
    return f"({key}, {one.name})" if separator is None else f"({key}, _joined({one.name}, {quoted(separator)}))"


def _target(operation: Operation) -> str:
    path = operation.path
    for key, name in operation.placeholders.items():
        path = path.replace(f"{{{key}}}", f"\0{name}\1")
    literal = path.replace("{", "{{").replace("}", "}}") if operation.placeholders else path
    for name in operation.placeholders.values():
        literal = literal.replace(f"\0{name}\1", f"{{_segment({name})}}")
    return f'f"{literal}"' if operation.placeholders else quoted(path)


def _statement(head: str, words: Sequence[_Word]) -> Iterator[str]:
    """Write a call as formatters do: in one line, in two, or one argument a line."""
    written = ", ".join(str(one) for one in words)
    line = f"{_INDENT * 2}{head}({written})"
    inner = f"{_INDENT * 3}{written}"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"{_INDENT * 2}{head}("
    if len(inner) <= _WIDTH:
        yield inner
    else:
        for one in words:
            yield from one.lines(_INDENT * 3)
    yield f"{_INDENT * 2})"
