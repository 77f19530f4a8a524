"""Reads pages of the documentation: their blocks of code, and the sessions with curl."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import FormData
from yarl import URL

__all__ = ("Block", "blocks_of", "commands", "comparable", "read_curl")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TEST_FILE = re.compile(r"# (test_\w+\.py)\n")
_FILE = re.compile(r"# (\.?\w[\w./-]*)\n")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_MADE_ID = re.compile(r'("(?:request_id|access_token)":\s*)"[^"]+"')
_OF_EVENTS = re.compile(r"^(id|retry): .+$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code on a page."""

    language: str
    text: str

    @property
    def test_file(self) -> str | None:
        """The file that a block of tests names in its first line."""
        found = _TEST_FILE.match(self.text)
        return None if found is None else found[1]

    @property
    def file(self) -> str | None:
        """The file of a project that a block names in its first line."""
        found = None if self.language in {"console", "log", "sh"} else _FILE.match(self.text)
        return None if found is None else found[1]

    @property
    def below_the_name(self) -> str:
        """The text without the line that names a file."""
        return self.text.partition("\n")[2]


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    return [Block(language, text) for language, text in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Part a session into commands and their output; a backslash continues a command."""
    for part in text.replace("\\\n", " ").split("$ ")[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def read_curl(command: str) -> tuple[str, URL, dict[str, Any]]:
    """Return the method, the target and the options of the request that a command sends."""
    program, *words = shlex.split(command)
    assert program == "curl", f"only curl runs here, not {program}"
    method, headers, target, follows = "", {}, None, False
    data: Any = None
    arguments = iter(words)
    for word in arguments:
        if word == "-X":
            method = next(arguments)
        elif word == "-H":
            name, _, value = next(arguments).partition(": ")
            headers[name] = value
        elif word == "--json":
            # As curl does, both headers.
            data = next(arguments)
            headers["Content-Type"] = "application/json"
            headers.setdefault("Accept", "application/json")
        elif word == "--data-binary":
            data = next(arguments)
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif word == "-L":
            follows = True
        elif word in {"-b", "-c"}:
            # The client keeps the cookies of a page by itself, as curl does in the file.
            next(arguments)
        elif word in {"-d", "-F"}:
            data = data or FormData(default_to_multipart=word == "-F")
            _add_field(data, next(arguments))
        elif word != "-N":
            target = URL(word).relative()
    assert target is not None, command
    options = {"headers": headers, "data": data, "allow_redirects": follows}
    return method or ("GET" if data is None else "POST"), target, options


def _add_field(form: FormData, text: str) -> None:
    """Add a field as curl does: ``name=value``, ``name=@file``, ``name=value;type=application/json``."""
    name, _, value = text.partition("=")
    value, _, media_type = value.partition(";type=")
    if value.startswith("@"):
        path = Path(value[1:])
        form.add_field(name, path.read_bytes(), filename=path.name, content_type=media_type or "text/plain")
    else:
        form.add_field(name, value, content_type=media_type or None)


def comparable(text: str) -> Any:
    """Leave out how JSON is laid out, at what moment something happened, and what is made at random."""
    text = _MADE_ID.sub(r'\1"(an id)"', _MOMENT.sub("(a moment)", _OF_EVENTS.sub(r"\1: (a number)", text.strip())))
    if text[:1] not in {"{", "["}:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        # JSON lines, unless it is a mistake of the page.
        return [json.loads(line) for line in text.splitlines()]
