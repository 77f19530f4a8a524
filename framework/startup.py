"""Errors at start-up whose messages are printed without a traceback; see docs/design/start-up.md."""

import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

__all__ = ("TRACEBACK", "ReportedError", "reported_class")

TRACEBACK = "FRAMEWORK_TRACEBACK"
"""The environment variable that shows the traceback as well."""

_Hook: TypeAlias = Callable[[type[BaseException], BaseException, TracebackType | None], Any]
_E = TypeVar("_E", bound="ReportedError")


class ReportedError:
    """Mixin of exceptions that have a listing of everything that is wrong, which is printed alone."""

    def listing(self) -> str:
        """Return all messages, one below the other, and their number."""
        raise NotImplementedError

    def explained_by(self) -> str:
        """Return the line below the listing that names a command which explains the errors; empty if there is none."""
        return ""


def reported_class(cls: type[_E]) -> type[_E]:
    """Return the class to raise in the place of an exception class: if it is not caught, only its listing is printed.

    Under gunicorn it is a class that its arbiter prints without a traceback, and that ends it.
    """
    if os.environ.get(TRACEBACK):
        return cls
    if not isinstance(sys.excepthook, _MessagesFirst):
        sys.excepthook = _MessagesFirst(sys.excepthook)
    import_error = getattr(sys.modules.get("gunicorn.errors"), "AppImportError", None)
    if import_error is None:
        return cls
    return type(cls.__name__, (cls, import_error), {"__str__": _text})


class _MessagesFirst:
    """Prints only the listing of ReportedErrors, and passes every other exception to the previous hook."""

    def __init__(self, before: _Hook) -> None:
        self._before = before

    def __call__(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        """Print an exception that was not caught."""
        if isinstance(error, ReportedError):
            sys.stderr.write(f"{_text(error)}\n")
            if self._before is sys.__excepthook__:
                return
        # The hook of an error tracker or a debugger gets every exception.
        self._before(kind, error, traceback)


def _text(error: ReportedError) -> str:
    explained = error.explained_by()
    return f"{error.listing()} ({TRACEBACK}=1 shows the traceback)" + (f"\n{explained}" if explained else "")
