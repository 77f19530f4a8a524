"""Reads the package ``app_template``, and gives it the name of a project."""

import ast
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias

from framework.cli.errors import ToolError
from framework.cli.new.names import ProjectName

__all__ = ("Database", "renamed", "shop_files")

Database: TypeAlias = Literal["sqlite", "postgresql"]
_Import: TypeAlias = ast.Import | ast.ImportFrom

_TEMPLATE = "app_template"
_LINE = 120
# Each text occurs exactly once in its file of the template.
_CHANGES = {
    "__init__.py": [(" Copy and rename it to start your own application.", "")],
    "application.py": [('title="Shop"', 'title="@title@"')],
}
_DEFAULT = ("sqlite+aiosqlite:///shop.db", "postgresql+asyncpg://postgres:postgres@127.0.0.1/@package@")
_CHANGES_FOR: dict[Database, dict[str, list[tuple[str, str]]]] = {
    "sqlite": {},
    "postgresql": {
        "settings.py": [_DEFAULT],
        "tests/conftest.py": [('return "sqlite"', 'return "postgresql"')],
    },
}


def shop_files(name: ProjectName, database: Database) -> dict[str, str]:
    """Return the files of the template by their paths in the project, with the names of the project.

    Raises ToolError if the package ``app_template`` is not installed, or is not the one of this version.
    """
    changes = {**_CHANGES, **_CHANGES_FOR[database]}
    files: dict[str, str] = {}
    for path, text in _template():
        for old, new in changes.pop(path, ()):
            if text.count(old) != 1:
                raise _broken(f"{path} does not contain {old!r} once")
            text = text.replace(old, _named(new, name))  # noqa: PLW2901  each change sees the one before
        files[f"{name.package}/{path}"] = renamed(path, text, name)
    if changes:
        raise _broken(f"{', '.join(changes)} is missing")
    return files


def _named(text: str, name: ProjectName) -> str:
    return text.replace("@title@", name.title).replace("@package@", name.package)


def _broken(what: str) -> ToolError:
    return ToolError(f"the package {_TEMPLATE} is not the one of this version: {what}", hint="install it again")


def _template() -> Iterator[tuple[str, str]]:
    """Yield path and text of each file that the wheel has, in their order."""
    spec = find_spec(_TEMPLATE)
    if spec is None or not spec.submodule_search_locations:
        raise ToolError(f"the package {_TEMPLATE} is not installed", hint="install framework-aiohttp again")
    root = Path(spec.submodule_search_locations[0])
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root)
        if file.is_file() and "__pycache__" not in path.parts and file.suffix not in {".md", ".db"}:
            yield path.as_posix(), file.read_text(encoding="utf-8")


def renamed(path: str, text: str, name: ProjectName) -> str:
    """Return a file of the template with the names of a project, formatted as ruff formats it."""
    for old, new in ((_TEMPLATE, name.package), ("SHOP_", "APP_"), ("shop.db", "app.db")):
        text = text.replace(old, new)
    return _with_sections(text, name.package) if path.endswith(".py") else text


def _with_sections(text: str, package: str) -> str:
    """Sort imports: in a project the framework is an installed package, and the template is the project."""
    imports = [one for one in ast.parse(text).body if isinstance(one, ast.Import | ast.ImportFrom)]
    if not imports:
        return text
    lines = text.splitlines()
    sections: list[list[_Import]] = [[], [], []]
    for one in imports:
        sections[_section(one, package)].append(one)
    written = [
        "\n".join(_written(one, lines) for one in sorted(section, key=_order)) for section in sections if section
    ]
    first, last = imports[0].lineno - 1, imports[-1].end_lineno
    return "\n".join([*lines[:first], "\n\n".join(written), *lines[last:], ""])


def _module(one: _Import) -> str:
    return one.names[0].name if isinstance(one, ast.Import) else str(one.module)


def _section(one: _Import, package: str) -> int:
    """Return 0 for Python's library, 1 for installed packages, 2 for the project."""
    top = _module(one).partition(".")[0]
    return 0 if top in sys.stdlib_module_names else 2 if top == package else 1


def _order(one: _Import) -> tuple[bool, str]:
    return isinstance(one, ast.ImportFrom), _module(one).lower()


def _written(one: _Import, lines: list[str]) -> str:
    """Return an import as it is, or one name a line if the name of the project has made it too long."""
    source = lines[one.lineno - 1 : one.end_lineno]
    if len(source) > 1 or len(source[0]) <= _LINE:
        return "\n".join(source)
    head, _, names = source[0].partition(" import ")
    return "\n".join([f"{head} import (", *(f"    {each}," for each in names.split(", ")), ")"])
