"""Describes why an app cannot be served, for the terminal and for a page."""

import linecache
import os
import re
import site
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import framework
from framework.cli.codes import explanation
from framework.cli.definitions import definition_errors, listed
from framework.cli.dev.messages import Entry, Failure, Frame, Place
from framework.errors import DefinitionError
from framework.settings import SettingsError

__all__ = ("INSTALLED", "describe_failure", "ended_failure", "frames_of", "place_at", "shown_path")

_AROUND = 4
_WHERE = re.compile(r"\b([\w.]+)[^()]*\(([^()]+\.py):(\d+)\)")
_FRAMEWORK = str(Path(framework.__file__).parent)
_PATHS = sysconfig.get_paths()
_PLACES = (*(_PATHS[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")), *site.getsitepackages())
INSTALLED = tuple(dict.fromkeys(f"{os.path.realpath(one)}{os.sep}" for one in (*_PLACES, site.getusersitepackages())))
"""The folders of installed packages and of the standard library."""


def describe_failure(error: BaseException) -> Failure:
    """Describe the exception that an app raised while it was imported, built or started."""
    errors = definition_errors(error)
    if errors:
        return _definition_failure(errors)
    if isinstance(error, SettingsError):
        return _settings_failure(error)
    frames = tuple(frames_of(error.__traceback__))
    place: Place | None
    if isinstance(error, SyntaxError) and error.filename:
        place = place_at(error.filename, error.lineno or 1)
    else:
        place = next((one.place for one in reversed(frames) if one.own), None)
    where = "" if place is None else f" in {shown_path(place.file)}, line {place.line}"
    message = "".join(traceback.format_exception_only(error)).strip()
    hint = _hint_for(error)
    return Failure(
        title=f"{type(error).__name__}{where}",
        entries=(Entry(message=message, hint=hint, place=place),),
        frames=frames,
        text=_text_of(message, hint, frames),
    )


def ended_failure(code: int) -> Failure:
    """Describe the end of a process that was not to end."""
    reason = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    hint = "look for os._exit(), a native extension that fails, or a lack of memory"
    message = f"The process of the app {reason}."
    return Failure(
        title="The app has ended",
        entries=(Entry(message=message, hint=hint),),
        text=f"{message}\n  Hint: {hint}.",
    )


def _definition_failure(errors: Sequence[DefinitionError]) -> Failure:
    number = f"{len(errors)} error{'s' if len(errors) > 1 else ''} in the application"
    return Failure(title=number, entries=tuple(map(_definition_entry, errors)), text=listed(errors))


def _settings_failure(error: SettingsError) -> Failure:
    known = explanation(error.code)
    entries = [
        Entry(message=f"{one.variable}: {one.what}.", hint=one.hint, code=error.code, explanation=known)
        for one in error.errors
    ]
    number = f"{len(entries)} error{'s' if len(entries) > 1 else ''} in the settings"
    return Failure(title=number, entries=tuple(entries), text=f"{error.listing()}\n{error.explained_by()}")


def _definition_entry(error: DefinitionError) -> Entry:
    return Entry(
        message=_without_hint(str(error)),
        hint=error.hint,
        place=_place_of(error.where),
        code=error.code,
        explanation=explanation(error.code),
    )


def _without_hint(message: str) -> str:
    return "\n".join(line for line in message.splitlines() if not line.startswith("  Hint: "))


def _place_of(where: str) -> Place | None:
    """Return the place of a definition error, whose file is written as ``shop/orders.py``."""
    found = _WHERE.search(where)
    if found is None:
        return None
    name, end, line = found[1].partition(".")[0], found[2], int(found[3])
    modules = [one for one in list(sys.modules.values()) if _is_file(one, end)]
    # Several files may have this name; the class or function is in one of them.
    best = [one for one in modules if name in vars(one)] or modules
    return place_at(str(best[0].__file__), line) if best else None


def _is_file(module: Any, end: str) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).parts[-len(Path(end).parts) :] == Path(end).parts


def _hint_for(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"install the package of {error.name} in this environment, or correct the name"
    if isinstance(error, ConnectionError | TimeoutError):
        return "start the database or the other service that the app connects to, or correct its address"
    if isinstance(error, SystemExit):
        return "the app ended itself while it was imported or started; remove the call of sys.exit()"
    return ""


def frames_of(trace: TracebackType | None) -> Iterator[Frame]:
    """Yield the calls of a traceback, outermost first, without those that only import modules."""
    for one in traceback.extract_tb(trace):
        if one.filename.startswith("<frozen") or one.filename.startswith(f"{_FRAMEWORK}{os.sep}cli{os.sep}"):
            continue
        if one.filename.endswith(f"importlib{os.sep}__init__.py"):
            continue
        yield Frame(place=place_at(one.filename, one.lineno or 1), function=one.name, own=_is_own(one.filename))


def _is_own(file: str) -> bool:
    real = os.path.realpath(file)
    return not (file.startswith("<") or real.startswith(INSTALLED) or real.startswith(f"{_FRAMEWORK}{os.sep}"))


def place_at(file: str, line: int) -> Place:
    """Return a line with the lines around it."""
    first = max(1, line - _AROUND)
    source = [linecache.getline(file, number) for number in range(first, line + _AROUND + 1)]
    while source and not source[-1]:
        source.pop()
    return Place(file=file, line=line, first=first, source=tuple(one.rstrip("\n") for one in source))


def shown_path(file: str) -> str:
    """Return a path relative to the current folder if it is inside."""
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative


def _text_of(message: str, hint: str, frames: Iterable[Frame]) -> str:
    """Return the text for the terminal: the calls in the code of the app, then the error."""
    own = [one for one in frames if one.own]
    lines = [f"  {shown_path(one.place.file)}:{one.place.line} in {one.function}\n    {_line_of(one)}" for one in own]
    return "\n".join([*lines, message, *([f"  Hint: {hint}."] if hint else [])])


def _line_of(frame: Frame) -> str:
    place = frame.place
    at = place.line - place.first
    return place.source[at].strip() if 0 <= at < len(place.source) else ""
