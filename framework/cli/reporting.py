"""Reports what ends a command: errors in the app, or what it requires and does not find."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from framework.cli.errors import ToolError
from framework.startup import TRACEBACK

__all__ = ("IMPOSSIBLE", "WRONG", "counted", "examining_app", "in_short", "reporting_errors")

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
WRONG = 1
"""The exit code of a failed check."""
IMPOSSIBLE = 2
"""The exit code of a command that cannot run."""


@contextmanager
def reporting_errors(*, as_json: bool = False) -> Iterator[None]:
    """Print errors without tracebacks, and exit with the right code.

    With ``as_json``, errors in the app are printed to the standard output, as ``{"errors": [...]}``.
    """
    try:
        yield
    except ToolError as error:
        click.echo(f"Error: {error}.", err=True)
        click.get_current_context().exit(IMPOSSIBLE)
    except Exception as error:
        listing, records = _read(error)
        if not records:
            raise
        _print(records if as_json else listing)
        click.get_current_context().exit(WRONG)


@contextmanager
def examining_app(*, as_json: bool = False) -> Iterator[None]:
    """Report errors as ``reporting_errors`` does, while an app is examined: it serves nothing, so it counts nothing.

    The folder that the metrics of several processes share may be missing, and is left alone: the Prometheus client
    opens files in it as soon as a module declares a metric.
    """
    folder = os.environ.pop(_METRICS, None)
    try:
        with reporting_errors(as_json=as_json):
            yield
    finally:
        if folder is not None:
            os.environ[_METRICS] = folder


def _read(error: Exception) -> tuple[str, list[dict[str, str]]]:
    """Return what is wrong with the app or its settings: as lines, and as records; nothing for another exception."""
    # Imported late: the supervisor of framework dev imports nothing that builds apps.
    from framework.cli.definitions import definition_errors, listed
    from framework.settings import SettingsError

    if isinstance(error, SettingsError):
        records = [_as_record(error.code, one.variable, one.what, one.hint) for one in error.errors]
        return f"{error.listing()}\n{error.explained_by()}", records
    errors = [] if os.environ.get(TRACEBACK) else definition_errors(error)
    if not errors:
        return "", []
    return listed(errors), [_as_record(one.code, one.where, one.what, one.hint) for one in errors]


def in_short(error: Exception) -> str:
    """Return what prevents an app from being loaded, in one line."""
    from framework.cli.finding import in_one_line

    if isinstance(error, ToolError):
        return error.what
    _, records = _read(error)
    if not records:
        return in_one_line(error)
    first, others = records[0], len(records) - 1
    return f"{first['where']}: {first['what']}" + (f", and {counted(others, 'more error')}" if others else "")


def _as_record(code: str, where: str, what: str, hint: str) -> dict[str, str]:
    """Return an error as it is printed with ``--json``; those of an application's own classes have an empty code."""
    return {"code": code, "where": where, "what": what, "hint": hint}


def _print(errors: str | list[dict[str, str]]) -> None:
    """Print errors: lines for people to the standard error, JSON to the standard output."""
    if isinstance(errors, str):
        click.echo(errors, err=True)
    else:
        click.echo(json.dumps({"errors": errors}, indent=2))


def counted(number: int, word: str) -> str:
    """Return a number with its word: ``1 error``, ``2 errors``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
