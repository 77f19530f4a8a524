"""The explanations of definition errors: a Markdown file for each code, which is a page of the documentation too."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

__all__ = ("FOLDER", "Part", "explanation", "is_code", "parts_of", "plain_text", "titles")

FOLDER = Path(__file__).with_name("explanations")
"""The folder of the files, which are named as the codes are."""
_CODE = re.compile(r"[A-Za-z]\d\w*")
_BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)*([^)]+)\)")


class Part(NamedTuple):
    """A block of code, or the paragraphs between two blocks; links have their targets in parentheses."""

    text: str
    is_code: bool


def is_code(word: str) -> bool:
    """Return whether a word is written as a code, and not as the method of a request."""
    return _CODE.fullmatch(word) is not None


def titles() -> dict[str, str]:
    """Return the titles of all explanations by their codes, in the order of the codes."""
    return {one.stem: _title(one) for one in sorted(FOLDER.glob("*.md"))}


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        return next(lines).removeprefix(f"# {file.stem}: ").strip()


def explanation(code: str) -> str:
    """Return the explanation of a code as Markdown; empty for an unknown code. Capitals are not required."""
    file = FOLDER / f"{code.upper()}.md"
    return file.read_text(encoding="utf-8") if is_code(code) and file.exists() else ""


def parts_of(markdown: str) -> Iterator[Part]:
    """Yield the parts of an explanation; the first begins with the title."""
    for number, text in enumerate(_BLOCK.split(markdown)):
        # Every second part is the content of a block.
        if number % 2:
            yield Part(text.rstrip(), is_code=True)
        elif text.strip():
            yield Part(_LINK.sub(r"\1 (\2)", text.strip().removeprefix("# ")), is_code=False)


def plain_text(markdown: str) -> str:
    """Return an explanation for a terminal: code is indented."""
    return "\n\n".join(indent(one.text, "    ") if one.is_code else one.text for one in parts_of(markdown)) + "\n"
