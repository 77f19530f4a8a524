"""Docstrings as text for the document."""

import textwrap
import typing
from typing import Any

__all__ = ("class_description", "clean", "summary_and_description")


def clean(doc: str | None) -> str:
    """Take out the indentation that a docstring has from the code around it (PEP 257)."""
    first, _, rest = (doc or "").expandtabs().strip().partition("\n")
    lines = [line.rstrip() for line in textwrap.dedent(rest).splitlines()]
    return "\n".join([first.strip(), *lines]).strip()


def summary_and_description(doc: str | None) -> tuple[str | None, str | None]:
    """Part a docstring into its first line and the rest."""
    summary, _, description = clean(doc).partition("\n")
    return summary or None, description.strip() or None


def class_description(cls: Any) -> str | None:
    """Return a class's own docstring, or that of the generic it is made from."""
    origin = typing.get_origin(cls) or cls
    doc = clean(origin.__doc__)
    # What dataclass() and NamedTuple write where the class has none: "Line(sku: str, quantity: int = 1)".
    if doc.startswith(f"{origin.__name__}(") and doc.endswith(")"):
        return None
    return doc or None
