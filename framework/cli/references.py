"""Reads from pyproject.toml which app a command uses."""

import tomllib
from pathlib import Path
from typing import Any

import click

from framework.cli.errors import ToolError

__all__ = ("configured_reference", "configured_table")

_APP = "shop.main:app"


def configured_reference(folder: Path) -> tuple[str, Path]:
    """Return the app reference of the nearest ``pyproject.toml``, and the folder of that file. Raises ToolError."""
    found = configured_table(folder)
    if found is None:
        raise ToolError("no app is named, and no pyproject.toml is found", hint=f"{_how_to_name()} in pyproject.toml")
    reference, place = found[0].get("app"), found[1]
    if not isinstance(reference, str):
        file = place / "pyproject.toml"
        raise ToolError(f"no app is named, neither here nor in {file}", hint=f"{_how_to_name()} there")
    return reference, place


def configured_table(folder: Path) -> tuple[dict[str, Any], Path] | None:
    """Return ``[tool.framework]`` of the nearest ``pyproject.toml``, and the folder of that file. Raises ToolError."""
    for place in (folder.resolve(), *folder.resolve().parents):
        file = place / "pyproject.toml"
        if file.is_file():
            return _table_in(file), place
    return None


def _table_in(file: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ToolError(f"{file} cannot be read: {error}", hint="fix it, or name the app") from error
    table = settings.get("tool", {}).get("framework", {})
    return table if isinstance(table, dict) else {}


def _how_to_name() -> str:
    """Return both ways to name an app, the first one with the command that runs."""
    context = click.get_current_context(silent=True)
    words = ["framework routes"]
    if context is not None and not isinstance(context.command, click.Group):
        arguments = (one.name or "" for one in context.command.params if isinstance(one, click.Argument))
        given = (context.params.get(name) for name in arguments)
        # An argument with several words is a tuple.
        parts = (one if isinstance(one, tuple) else (one,) for one in given if one)
        words = [context.command_path, *(str(word) for one in parts for word in one)]
    return f'name it as in "{" ".join([*words, _APP])}", or write app = "{_APP}" under [tool.framework]'
