"""Parses docstrings for the document: description, and sections of parameters and results in three styles."""

import re
import textwrap
import typing
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from framework._inspect.written import field_docs

__all__ = ("Docstring", "class_description", "clean", "field_descriptions", "parse", "summary_and_description")


class Docstring(Struct, frozen=True, kw_only=True):
    """A parsed docstring."""

    summary: str | None
    description: str | None
    """The text after the summary, without the sections."""
    parameters: dict[str, str]
    """For a class, its attributes."""
    returns: str | None


def clean(doc: str | None) -> str:
    """Remove the indentation of a docstring (PEP 257)."""
    first, _, rest = (doc or "").expandtabs().strip().partition("\n")
    lines = [line.rstrip() for line in textwrap.dedent(rest).splitlines()]
    return "\n".join([first.strip(), *lines]).strip()


def summary_and_description(doc: str | None) -> tuple[str | None, str | None]:
    """Split a docstring into its first line and the rest."""
    summary, _, description = clean(doc).partition("\n")
    return summary or None, description.strip() or None


def class_description(cls: Any) -> str | None:
    """Return a class's own docstring, or that of its generic, without a section of attributes."""
    origin = typing.get_origin(cls) or cls
    doc = clean(origin.__doc__)
    # The generated docstring of dataclass() and NamedTuple: "Line(sku: str, quantity: int = 1)".
    if doc.startswith(f"{origin.__name__}(") and doc.endswith(")"):
        return None
    return _Sections(doc).text or None


def field_descriptions(cls: Any) -> dict[str, str]:
    """Return the descriptions of a class's fields: the strings below them, or a section of its docstring."""
    section = parse((typing.get_origin(cls) or cls).__doc__).parameters
    return section | {name: clean(text) for name, text in field_docs(cls).items()}


def parse(doc: str | None) -> Docstring:
    """Parse a docstring; its sections may be in the style of Google, NumPy or Sphinx (reST fields)."""
    sections = _Sections(clean(doc))
    summary, description = summary_and_description(sections.text)
    return Docstring(
        summary=summary,
        description=description,
        parameters=sections.parameters,
        returns=sections.returns or None,
    )


_PARAMETERS = frozenset({"args", "arguments", "parameters", "params", "keyword args", "other parameters", "attributes"})
_RESULTS = frozenset({"returns", "return", "yields"})
_DROPPED = frozenset({"raises", "raise", "warns"})
_TITLES = _PARAMETERS | _RESULTS | _DROPPED
# "limit (int, optional): How many." of Google's style, "limit : int" of NumPy's, ":param int limit: How many.".
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(\w+)(?:\s*\([^)]*\))?\s*:\s*(.*)")
_NUMPY_ENTRY = re.compile(r"(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?")
_FIELD = re.compile(r":(\w+)(?:\s+([^:]*))?:\s*(.*)")
_FIELD_PARAMETERS = frozenset({"param", "parameter", "arg", "argument", "key", "keyword", "ivar", "cvar", "var"})
_FIELD_TITLES = _FIELD_PARAMETERS | {"type", "rtype", "returns", "return", "raises", "raise", "except", "exception"}


class _Sections:
    """Splits a cleaned docstring into its sections and the remaining text."""

    def __init__(self, doc: str) -> None:
        self.parameters: dict[str, str] = {}
        self.returns = ""
        kept: list[str] = []
        lines = doc.splitlines()
        while lines:
            for take in (self._numpy, self._google, self._fields):
                count = take(lines)
                if count:
                    del lines[:count]
                    break
            else:
                kept.append(lines.pop(0))
        self.text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()

    def _google(self, lines: list[str]) -> int:
        title = lines[0].removesuffix(":").lower()
        if not lines[0].endswith(":") or title not in _TITLES:
            return 0
        count = _until(lines, lambda line: bool(line) and not line.startswith(" "))
        body = textwrap.dedent("\n".join(lines[1:count])).strip("\n").splitlines()
        if not any(body):
            return 0
        if title in _PARAMETERS:
            self._entries(body, lambda line: (found := _GOOGLE_ENTRY.match(line)) and (found[1], found[2]))
        elif title in _RESULTS:
            self.returns = _joined(body)
        return count

    def _numpy(self, lines: list[str]) -> int:
        title = lines[0].strip().lower()
        if title not in _TITLES or len(lines) < 2 or not re.fullmatch(r"-{3,}", lines[1].strip()):  # noqa: PLR2004  a title and its line
            return 0
        rest = lines[2:]
        ends = (at for at, line in enumerate(rest[1:]) if line and re.fullmatch(r"-{3,}", line.strip()))
        count = 2 + next(ends, len(rest))
        body = lines[2:count]
        if title in _PARAMETERS:
            self._entries(body, lambda line: (found := _NUMPY_ENTRY.fullmatch(line)) and (found[1], ""))
        elif title in _RESULTS:
            # The first line is the type.
            self.returns = _joined([line for line in body if line.startswith(" ")])
        return count

    def _fields(self, lines: list[str]) -> int:
        found = _FIELD.fullmatch(lines[0])
        if found is None or found[1] not in _FIELD_TITLES:
            return 0
        count = _until(lines, lambda line: not line.startswith(" "))
        text = _joined([found[3], *lines[1:count]])
        if found[1] in _FIELD_PARAMETERS and found[2]:
            self.parameters[found[2].split()[-1].lstrip("*")] = text
        elif found[1] in _RESULTS:
            self.returns = text
        return count

    def _entries(self, body: list[str], read: Callable[[str], Any]) -> None:
        names: list[str] = []
        texts: list[str] = []
        for line in [*body, None]:
            found = None if line is None or line.startswith(" ") else read(line)
            if line is None or found:
                self.parameters.update(dict.fromkeys(names, _joined(texts)))
            if found:
                names, texts = [one.strip().lstrip("*") for one in found[0].split(",")], [found[1]]
            elif line is not None:
                texts.append(line)


def _until(lines: list[str], ends: Callable[[str], bool]) -> int:
    """Return the number of lines before the first line, after the title, that ends a section."""
    return next((at for at, line in enumerate(lines) if at and ends(line)), len(lines))


def _joined(lines: list[str]) -> str:
    paragraphs = re.split(r"\n\s*\n", "\n".join(line.strip() for line in lines).strip())
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)
