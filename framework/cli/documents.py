"""``framework openapi``: writes a document to a file, and checks whether a file is current."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from framework._http.pointers import escape
from framework.app import App
from framework.cli.errors import ToolError

__all__ = ("DocumentFormat", "asyncapi_of", "differences", "document_of", "read_document", "render_document")

DocumentFormat: TypeAlias = Literal["json", "yaml"]
_ABSENT = object()


def document_of(app: App, path: str | None = None) -> dict[str, Any]:
    """Return the document that is served at a path; without a path, the first document.

    Raises ToolError if there is none, and an ExceptionGroup of all DefinitionErrors.
    """
    try:
        return app.document(path)
    except LookupError as error:
        raise ToolError(str(error.args[0]), hint="give the App one with openapi=OpenAPI(...)") from error


def asyncapi_of(app: App, path: str | None = None) -> dict[str, Any]:
    """Return the AsyncAPI document that is served at a path; without a path, the first document.

    Raises ToolError if there is none, and an ExceptionGroup of all DefinitionErrors.
    """
    try:
        return app.asyncapi(path)
    except LookupError as error:
        hint = "declare a web socket or an event stream, and asyncapi_path= of its OpenAPI"
        raise ToolError(str(error.args[0]), hint=hint) from error


def render_document(document: Mapping[str, Any], kind: DocumentFormat = "json") -> str:
    """Return a document as the text of a file: indented JSON, or YAML. Raises ToolError without PyYAML."""
    if kind == "json":
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    from framework._document.pages.renditions import encode_yaml

    try:
        return encode_yaml(document).decode()
    except ModuleNotFoundError as error:
        raise _no_yaml() from error


def read_document(file: Path, kind: Literal["OpenAPI", "AsyncAPI"] = "OpenAPI") -> dict[str, Any]:
    """Return the document of a JSON or YAML file. Raises ToolError."""
    try:
        text = file.read_text(encoding="utf-8")
        document = _parse_yaml(text) if file.suffix in {".yaml", ".yml"} else json.loads(text)
    except (OSError, ValueError) as error:
        raise ToolError(f"{file} cannot be read: {error}", hint="name a document as JSON or YAML") from error
    if not isinstance(document, dict) or kind.lower() not in document:
        raise ToolError(f"{file} is not an {kind} document", hint=f"write one with framework {kind.lower()} --output")
    return document


def _parse_yaml(text: str) -> Any:
    try:
        import yaml  # an extra
    except ModuleNotFoundError as error:
        raise _no_yaml() from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _no_yaml() -> ToolError:
    return ToolError("PyYAML is not installed", hint="install framework-aiohttp[yaml]")


def differences(kept: Any, current: Any, place: str = "") -> Iterator[str]:
    """Yield a description of each difference between two documents, with its JSON pointer."""
    if isinstance(kept, dict) and isinstance(current, dict):
        for key in (*kept, *(one for one in current if one not in kept)):
            inner = f"{place}/{escape(str(key))}"
            yield from differences(kept.get(key, _ABSENT), current.get(key, _ABSENT), inner)
    elif isinstance(kept, list) and isinstance(current, list) and len(kept) == len(current):
        for number, (old, new) in enumerate(zip(kept, current, strict=True)):
            yield from differences(old, new, f"{place}/{number}")
    elif kept is _ABSENT:
        yield f"{place} is missing"
    elif current is _ABSENT:
        yield f"{place} is there no more"
    elif kept != current or isinstance(kept, bool) is not isinstance(current, bool):
        yield f"{place} is {_short(kept)} and should be {_short(current)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  what fits in a line twice
