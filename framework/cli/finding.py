"""Finds the app that a command is about: named by an argument, or by the nearest pyproject.toml."""

import importlib
import sys
import tomllib
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web

from framework.app import App
from framework.cli.errors import ToolError
from framework.errors import DefinitionError

__all__ = ("configured_reference", "is_definition_error", "load_app")

_WRITE_IT = 'name it as in "framework routes shop.main:app", or write app = "shop.main:app" under [tool.framework]'


def load_app(reference: str | None = None, *, folder: Path | None = None) -> App:
    """Return the app that ``module:attribute`` names, an ``App`` or a function without parameters that returns one.

    Without a reference the nearest ``pyproject.toml``, from the folder upwards, names it. Its folder and the given one
    (the current one unless said otherwise) can be imported from. Raises ToolError, and an ExceptionGroup of
    DefinitionErrors where the module itself builds an app that has some.
    """
    here = Path.cwd() if folder is None else folder
    if reference is None:
        reference, root = configured_reference(here)
        _make_importable(root)
    _make_importable(here)
    return _as_app(reference, _attribute(reference))


def configured_reference(folder: Path) -> tuple[str, Path]:
    """Return what the nearest ``pyproject.toml`` says the app is, and where that file stands. Raises ToolError."""
    for place in (folder.resolve(), *folder.resolve().parents):
        file = place / "pyproject.toml"
        if file.is_file():
            return _reference_in(file), place
    raise ToolError("no app is named, and no pyproject.toml is found", hint=f"{_WRITE_IT} in pyproject.toml")


def _reference_in(file: Path) -> str:
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ToolError(f"{file} cannot be read: {error}", hint="fix it, or name the app") from error
    table = settings.get("tool", {}).get("framework", {})
    reference = table.get("app") if isinstance(table, dict) else None
    if not isinstance(reference, str):
        raise ToolError(f"no app is named, neither here nor in {file}", hint=f"{_WRITE_IT} there")
    return reference


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _attribute(reference: str) -> Any:
    module, colon, attribute = reference.partition(":")
    if not (module and colon and attribute):
        raise ToolError(f"{reference!r} names no app", hint="write it as module:attribute, for example shop.main:app")
    try:
        found: Any = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        if is_definition_error(error):
            raise
        raise ToolError(f"{module} cannot be imported: {_in_one_line(error)}", hint="fix it there") from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ToolError(f"{module} has no {attribute}", hint=_apps_in(module))
        found = getattr(found, name)
    return found


def is_definition_error(error: BaseException) -> bool:
    """Tell whether an exception is what ``App.build()`` raises."""
    return isinstance(error, ExceptionGroup) and error.split(DefinitionError)[1] is None


def _in_one_line(error: BaseException) -> str:
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not _is_machinery(one.filename)]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"


def _is_machinery(filename: str) -> bool:
    return filename == __file__ or filename.startswith("<frozen") or filename == importlib.__file__


def _apps_in(module: str) -> str:
    names = [name for name, one in vars(sys.modules[module]).items() if isinstance(one, App)]
    return f"name one that it has: {', '.join(names)}" if names else "name an App that it has"


def _as_app(reference: str, found: Any) -> App:
    if isinstance(found, web.Application):
        raise ToolError(f"{reference} is what an app was built into", hint="name the App itself")
    if isinstance(found, App) or not callable(found):
        return _checked(reference, found)
    try:
        made = found()
    except (Exception, SystemExit) as error:
        if is_definition_error(error):
            raise
        raise ToolError(f"{reference}() fails: {_in_one_line(error)}", hint="fix it, or name an App") from error
    if isinstance(made, web.Application):
        raise ToolError(f"{reference}() returns what an app was built into", hint="name what returns the App itself")
    return _checked(f"{reference}()", made)


def _checked(reference: str, found: Any) -> App:
    if not isinstance(found, App):
        if isinstance(found, Coroutine):
            found.close()
        raise ToolError(
            f"{reference} is of type {type(found).__name__}",
            hint="name an App, or a function without parameters for one",
        )
    return found
