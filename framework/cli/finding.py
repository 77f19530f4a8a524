"""Finds the app of a command: by an argument, or by the nearest pyproject.toml."""

import importlib
import logging
import sys
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web

from framework.app import App
from framework.cli.access_logs import access_log_of
from framework.cli.definitions import is_definition_error
from framework.cli.errors import ToolError
from framework.cli.imports import import_hint
from framework.cli.references import configured_reference

__all__ = ("in_one_line", "is_absent", "load_app", "load_application", "load_served")


def load_app(reference: str | None = None, *, folder: Path | None = None) -> App:
    """Return the app at ``module:attribute``: an ``App``, or a function without parameters that returns an ``App``.

    Without a reference, the nearest ``pyproject.toml``, from the folder upwards, has it. Modules can be imported from
    its folder and from the given folder (by default the current folder). Raises ToolError, an ExceptionGroup of
    DefinitionErrors if the module itself builds an app with errors, and SettingsError if its settings have errors.
    """
    return _as_app(*_named(reference, folder))


def load_served(reference: str | None = None, *, folder: Path | None = None) -> App | web.Application:
    """Return what is served: like ``load_app``, but ``module:attribute`` may also be an aiohttp application.

    Raises what ``load_app`` raises.
    """
    reference, found = _named(reference, folder)
    return found if isinstance(found, web.Application) else _as_app(reference, found)


def load_application(reference: str | None) -> tuple[web.Application, logging.Logger | None]:
    """Return what is served, built, and the log of its requests; ``None`` if the app has one of its own.

    Raises what ``load_served`` raises.
    """
    found = load_served(reference)
    if isinstance(found, App):
        return found.build(), access_log_of(found)
    return found, access_log_of(None)


def _named(reference: str | None, folder: Path | None) -> tuple[str, Any]:
    """Return a reference, by default that of ``pyproject.toml``, and what it names."""
    here = Path.cwd() if folder is None else folder
    if reference is None:
        reference, root = configured_reference(here)
        _make_importable(root)
    _make_importable(here)
    return reference, _attribute(reference)


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _attribute(reference: str) -> Any:
    module, colon, attribute = reference.partition(":")
    if not (module and colon and attribute) or module.endswith(".py") or "/" in module:
        example = f"{_as_module(module)}:{attribute or 'app'}"
        raise ToolError(f"{reference!r} names no app", hint=f"write it as module:attribute, for example {example}")
    try:
        found: Any = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        _raise_known(error)
        raise _import_error(module, error) from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ToolError(f"{module} has no {attribute}", hint=_apps_in(module))
        found = getattr(found, name)
    return found


def _as_module(written: str) -> str:
    """Return the name of the module in a file: ``shop.main`` for ``shop/main.py``."""
    return written.removesuffix(".py").strip("./").replace("/", ".") or "shop.main"


def is_absent(module: str, error: BaseException | None) -> bool:
    """Return whether the import of a module has failed because the module, or a package around it, does not exist."""
    return isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")


def _import_error(module: str, error: BaseException) -> ToolError:
    if is_absent(module, error):
        hint = "correct its name, or run the command in the folder that it is imported from"
        return ToolError(f"no module {module} is found", hint=hint)
    return ToolError(f"{module} cannot be imported: {in_one_line(error)}", hint=import_hint(error))


def _raise_known(error: BaseException) -> None:
    """Raise an error that has a report of its own, also if the module has exited because of it."""
    # Imported late: most apps have no error in their settings.
    from framework.settings import SettingsError

    if is_definition_error(error):
        raise error
    for one in (error, error.__context__):
        if isinstance(one, SettingsError):
            raise one


def in_one_line(error: BaseException) -> str:
    """Return the class, the message and the place of an exception."""
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
        _raise_known(error)
        raise ToolError(f"{reference}() fails: {in_one_line(error)}", hint="fix it, or name an App") from error
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
