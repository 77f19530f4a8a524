"""The settings of a worker, from environment variables."""

import math
from collections.abc import Iterator, Mapping

from msgspec import Struct

from framework._inspect.near_names import did_you_mean

__all__ = ("PREFIX", "WorkerSettings", "WrongSettingsError", "read_worker_settings")

PREFIX = "FRAMEWORK_WORKER_"


class WorkerSettings(Struct, frozen=True, kw_only=True):
    """All in seconds; the environment variable of a field is its name in capitals behind ``FRAMEWORK_WORKER_``."""

    announce: float = 1.0
    """Clients may still send requests on their connections after SIGTERM; each response announces the end."""
    start_timeout: float = 60.0
    """Imports and start-up of the application may take."""
    retry: float = 10.0
    """The longest pause before a worker that could not start is started again."""
    stall: float = 0.25
    """The event loop may be blocked before it is logged; 0 disables the log."""


class WrongSettingsError(RuntimeError):
    """All wrong settings, one a line."""


def read_worker_settings(environ: Mapping[str, str], *, graceful: float, timeout: float) -> WorkerSettings:
    """Read the settings; raises WrongSettingsError.

    ``graceful`` and ``timeout`` are the seconds of a stop, and those after which a blocked worker is killed.
    """
    texts = {name[len(PREFIX) :].lower(): text for name, text in environ.items() if name.startswith(PREFIX)}
    values: dict[str, float] = {}
    errors = [error for name, text in texts.items() for error in _read(name, text, values)]
    settings = WorkerSettings(**values)
    errors += _check(settings, graceful, timeout)
    if errors:
        raise WrongSettingsError("\n".join(errors))
    return settings


def _read(name: str, text: str, values: dict[str, float]) -> Iterator[str]:
    known = WorkerSettings.__struct_fields__
    variable = f"{PREFIX}{name.upper()}"
    if name not in known:
        near = did_you_mean(name, known)
        hint = f"write {PREFIX}{near.upper()} instead." if near else f"use one of {_listed(known)}."
        yield f"{variable} is not a setting of the worker.\n  Hint: {hint}"
        return
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        yield f"{variable}={text!r} is not a number of seconds.\n  Hint: write a number of 0 or more, as in 2.5."
        return
    values[name] = value


def _check(settings: WorkerSettings, graceful: float, timeout: float) -> Iterator[str]:
    if settings.announce > graceful / 2:
        yield (
            f"{PREFIX}ANNOUNCE={settings.announce:g} is more than half of the graceful timeout of {graceful:g} seconds."
            "\n  Hint: shorten it, or set the graceful timeout to at least twice of it."
        )
    if not settings.start_timeout:
        yield f"{PREFIX}START_TIMEOUT=0 leaves no time for the start.\n  Hint: leave it out, for 60 seconds."
    if timeout and settings.stall >= timeout:
        yield (
            f"{PREFIX}STALL={settings.stall:g} is not shorter than the timeout of {timeout:g} seconds, after "
            "which a blocked worker is killed.\n  Hint: shorten it, or disable the log with 0."
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"{PREFIX}{name.upper()}" for name in names)
