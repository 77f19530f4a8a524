"""Raises the errors of an application so that their messages are read first; see docs/design/start-up.md."""

import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NoReturn, TypeAlias

from framework.errors import DefinitionError, DefinitionErrors

__all__ = ("TRACEBACK", "raise_all")

TRACEBACK = "FRAMEWORK_TRACEBACK"
"""The environment variable that brings the traceback back."""

_Hook: TypeAlias = Callable[[type[BaseException], BaseException, TracebackType | None], Any]


def raise_all(errors: Sequence[DefinitionError]) -> NoReturn:
    """Raise all errors as one group, whose messages are printed alone if nothing catches it."""
    message = f"{len(errors)} mistake{'s' if len(errors) > 1 else ''} in the application"
    if os.environ.get(TRACEBACK):
        raise DefinitionErrors(message, errors)
    for one in errors:
        # Where the framework found it helps nobody; where it was written is in the message.
        one.__cause__ = one.__context__ = one.__traceback__ = None
    if not isinstance(sys.excepthook, _MessagesFirst):
        sys.excepthook = _MessagesFirst(sys.excepthook)
    raise _group_class()(message, errors)


class _MessagesFirst:
    """Prints the messages of DefinitionErrors alone, and leaves every other exception to the hook before it."""

    def __init__(self, before: _Hook) -> None:
        self._before = before

    def __call__(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        """Print an exception that nothing caught."""
        if isinstance(error, DefinitionErrors):
            sys.stderr.write(f"{_text(error)}\n")
            if self._before is sys.__excepthook__:
                return
        # The hook of an error tracker, or of a debugger, sees every exception.
        self._before(kind, error, traceback)


def _text(error: DefinitionErrors) -> str:
    return f"{error.listing()} ({TRACEBACK}=1 shows the traceback)"


def _group_class() -> type[DefinitionErrors]:
    """Return the class of the group: under gunicorn one that its arbiter prints without a traceback."""
    errors = sys.modules.get("gunicorn.errors")
    import_error = getattr(errors, "AppImportError", None)
    if import_error is None:
        return DefinitionErrors
    return type("DefinitionErrors", (DefinitionErrors, import_error), {"__str__": _text})
