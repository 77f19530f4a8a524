"""Compares responses with the document: the status, the media type, and the body with its schema."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from framework._http.media_types import essence
from framework._http.pointers import escape, unescape
from framework._serve.routing.table import PathTable
from framework._serve.routing.template import parse_template
from framework.app import App
from framework.testing.bodies import media_type_in, read_values
from framework.testing.extras import need
from framework.testing.narrowing import as_closed

__all__ = ("Answer", "Contract", "ContractError")

_SHOWN = 3
_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_ROOT = "urn:openapi"


class ContractError(AssertionError):
    """A response differs from the document."""


class Answer(NamedTuple):
    """A request and its response; the body is ``None`` if it is not checked."""

    method: str
    path: str
    """As in the request line, percent-encoded."""
    status: int
    content_type: str
    body: bytes | None


class Contract:
    """The documents of an app, without building it. Requires ``jsonschema`` (the extra ``testing``)."""

    def __init__(self, app: App) -> None:
        jsonschema, referencing = need("jsonschema"), need("referencing")
        specification = need("referencing.jsonschema").DRAFT202012
        self._documents = [as_closed(one) for one in app.documents().values()]
        self._formats = app.formats
        self._table: PathTable[dict[str, tuple[int, str]]] = PathTable()
        self._fill(app)
        resources = [
            (f"{_ROOT}:{number}", referencing.Resource(contents=one, specification=specification))
            for number, one in enumerate(self._documents)
        ]
        registry = referencing.Registry().with_resources(resources)
        self._validator = jsonschema.Draft202012Validator(
            {}, registry=registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )

    def _fill(self, app: App) -> None:
        """Store the place of each operation by path and method."""
        places: dict[tuple[str, str], tuple[int, str]] = {}
        for number, document in reversed(list(enumerate(self._documents))):
            for path, item in document["paths"].items():
                places |= {(_PLACEHOLDER.sub("{}", path), method.upper()): (number, path) for method in item}
        entries: dict[Any, dict[str, tuple[int, str]]] = {}
        for route in app.routes():
            template = parse_template(route.path, "")
            entry = entries.setdefault(template.shape, {})
            self._table.add(template, entry)
            place = places.get((_PLACEHOLDER.sub("{}", route.path), route.method))
            if place is not None:
                entry[route.method] = place

    def check(self, answer: Answer) -> None:
        """Raise ContractError if the response of a documented operation is not declared.

        Other paths and methods, and routes that are not in a document, are not checked.
        """
        found = self._operation(answer)
        if found is None:
            return
        number, pointer, operation = found
        status = _status_in(operation["responses"], answer.status)
        if status is None:
            raise _error(answer, f"the status is not declared, only {', '.join(operation['responses'])}")
        pointer = f"{pointer}/responses/{status}"
        response = operation["responses"][status]
        if "$ref" in response:
            pointer = response["$ref"].removeprefix("#")
            response = self._follow(number, pointer)
        self._check_content(answer, response.get("content", {}), f"{_ROOT}:{number}#{quote(pointer)}")

    def _operation(self, answer: Answer) -> tuple[int, str, Mapping[str, Any]] | None:
        found = self._table.find(answer.path)
        entry = {} if found is None else found[0]
        method = "GET" if answer.method == "HEAD" and "HEAD" not in entry else answer.method
        if method not in entry:
            return None
        number, path = entry[method]
        operation = self._documents[number]["paths"][path][method.lower()]
        return number, f"/paths/{escape(path)}/{method.lower()}", operation

    def _follow(self, number: int, pointer: str) -> Any:
        found: Any = self._documents[number]
        for part in pointer.split("/")[1:]:
            found = found[unescape(part)]
        return found

    def _check_content(self, answer: Answer, content: Mapping[str, Any], pointer: str) -> None:
        media_type = essence(answer.content_type)
        if not content:
            if answer.body:
                raise _error(answer, "there is a body, and none is declared")
            return
        if answer.method == "HEAD" and not media_type:
            return
        key = media_type_in(content, media_type)
        if key is None:
            raise _error(answer, f"the media type {media_type!r} is not declared, only {', '.join(content)}")
        if answer.body is None or answer.method == "HEAD" or "schema" not in content[key]:
            return
        values = self._values(answer, media_type, content[key]["schema"])
        place = f"{pointer}/content/{quote(escape(key))}/schema"
        errors = [error for value in values for error in self._errors(value, place)]
        if errors:
            more = f", and {len(errors) - _SHOWN} more" if len(errors) > _SHOWN else ""
            raise _error(answer, f"the body is not as declared: {'; '.join(errors[:_SHOWN])}{more}")

    def _values(self, answer: Answer, media_type: str, schema: Any) -> list[Any]:
        try:
            return list(read_values(answer.body or b"", media_type, schema, self._formats))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _error(answer, f"the body is not valid {media_type}: {error}") from error

    def _errors(self, value: Any, pointer: str) -> Iterator[str]:
        errors = self._validator.evolve(schema={"$ref": pointer}).iter_errors(value)
        for one in sorted(errors, key=lambda one: [str(part) for part in one.absolute_path]):
            text = one.message if len(one.message) <= 200 else f"{one.message[:197]}..."  # noqa: PLR2004  two lines
            yield f"{_json_pointer(one.absolute_path)}: {text}"


def _status_in(responses: Mapping[str, Any], status: int) -> str | None:
    """Return the key of a status: ``404``, ``4XX`` or ``default``."""
    return next((one for one in (str(status), f"{status // 100}XX", "default") if one in responses), None)


def _json_pointer(parts: Sequence[Any]) -> str:
    return "".join(f"/{escape(str(one))}" for one in parts) or "(the whole)"


def _error(answer: Answer, what: str) -> ContractError:
    return ContractError(f"{answer.method} {answer.path} responded with {answer.status}: {what}")
