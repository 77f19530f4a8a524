"""Records the SQL statements of a request, for the page of an unhandled exception.

Like all of ``framework.cli.dev``, it is imported by the child processes of ``framework dev`` only. Until an app has
imported SQLAlchemy it does nothing.
"""

import re
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ("Recorded", "Statement", "recording", "without_parameters")

_SECRET = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|hash|salt|api_?key|authoriz|oauth|cookie|session|credential|csrf",
    re.IGNORECASE,
)
"""Names of columns and parameters whose values are hidden."""
_HIDDEN = "(hidden)"
_KEPT = 100
"""Statements of a request; of more, the last ones are kept."""
_LONGEST, _LONGEST_VALUE, _MOST_VALUES = 4000, 80, 30
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_SHORTEST_SECRET = 6
_PENDING = "framework.dev"


class Statement:
    """A statement, or the begin or end of a transaction, whose text and parameters may be shown."""

    def __init__(self, text: str, parameters: Sequence[tuple[str, str]] = (), sets: int = 0) -> None:
        self.text = text
        self.parameters = parameters
        self.sets = sets
        """The number of sets of parameters, of which the first is shown."""
        self.seconds: float | None = None
        """``None`` for a statement that did not end, and for transactions."""
        self.rows: int | None = None
        self.error = ""
        self._began = time.perf_counter()

    def end(self, rows: int | None = None, error: str = "") -> None:
        """Note how the statement has ended."""
        self.seconds, self.rows, self.error = time.perf_counter() - self._began, rows, error


class Recorded:
    """The statements of one request, in their order."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self.statements: deque[Statement] = deque(maxlen=_KEPT)
        self.number = 0
        """Of all statements, those that are not kept included."""
        self.secrets = secrets
        """Texts, such as a cookie, of which no part is shown as a value."""

    def add(self, statement: Statement) -> None:
        """Keep a statement."""
        self.number += 1
        self.statements.append(statement)


_RECORDED: ContextVar[Recorded | None] = ContextVar("framework.dev.statements", default=None)
_listening = False


@contextmanager
def recording(secrets: Sequence[str] = ()) -> Iterator[Recorded]:
    """Record the statements that are executed inside, in tasks and threads that are started there too."""
    _listen()
    recorded = Recorded(secrets)
    token = _RECORDED.set(recorded)
    try:
        yield recorded
    finally:
        _RECORDED.reset(token)


def _listen() -> None:
    """Listen to all engines of SQLAlchemy, once it is imported."""
    global _listening  # noqa: PLW0603  listeners are those of the process, too
    engine = sys.modules.get("sqlalchemy.engine")
    if _listening or engine is None:
        return
    _listening = True
    from sqlalchemy import event

    kind: Any = vars(engine)["Engine"]
    event.listen(kind, "before_cursor_execute", _begin)
    event.listen(kind, "after_cursor_execute", _end)
    event.listen(kind, "handle_error", _fail)
    for name in ("begin", "commit", "rollback"):
        event.listen(kind, name, _transaction(name.upper()))


def _begin(_: Any, _cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    recorded = _RECORDED.get()
    if recorded is None:
        return
    sets = _sets(parameters, context, many=many)
    shown = tuple(_shown(sets[0], statement, recorded.secrets)) if sets else ()
    made = Statement(_text(statement), shown, len(sets))
    recorded.add(made)
    vars(context)[_PENDING] = made


def _end(_: Any, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
    pending = vars(context).get(_PENDING)
    if pending is not None:
        pending.end(_rows(cursor))


def _fail(context: Any) -> None:
    pending = vars(context.execution_context or context).get(_PENDING)
    if pending is not None:
        # The message of the driver can have values in it.
        pending.end(error=type(context.original_exception).__name__)


def _transaction(name: str) -> Any:
    def note(_: Any) -> None:
        recorded = _RECORDED.get()
        if recorded is not None:
            recorded.add(Statement(name))

    return note


def _rows(cursor: Any) -> int | None:
    """Return the number of rows that were changed or returned; ``None`` if it is not known before they are read."""
    if cursor.rowcount >= 0:
        return int(cursor.rowcount)
    # The cursors of asynchronous drivers have read all rows.
    read = getattr(cursor, "_rows", None)
    return len(read) if cursor.description and read is not None else None


def _sets(parameters: Any, context: Any, *, many: bool) -> Sequence[Any]:
    """Return the sets of parameters: each maps names to values, or is a sequence of values that have no names."""
    compiled = getattr(context, "compiled_parameters", None)
    if compiled:
        return list(compiled)
    return list(parameters) if many else [parameters] if parameters else []


def _shown(values: Any, statement: str, secrets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and the shortened values of parameters; what may be secret is hidden."""
    named = isinstance(values, Mapping)
    pairs = list(values.items() if named else ((str(at), one) for at, one in enumerate(values, start=1)))
    hides_all = not named and _SECRET.search(statement) is not None
    for name, value in pairs[:_MOST_VALUES]:
        hidden = hides_all or _SECRET.search(name) is not None or _is_part(value, secrets)
        yield name, _HIDDEN if hidden and value is not None else _short(value)
    if len(pairs) > _MOST_VALUES:
        yield "…", f"and {len(pairs) - _MOST_VALUES} more"


def _is_part(value: Any, secrets: Sequence[str]) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return isinstance(text, str) and len(text) >= _SHORTEST_SECRET and any(text in one for one in secrets)


def _short(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"


def _text(statement: str) -> str:
    """Return a statement, shortened; the strings in it are hidden if there may be a secret among them."""
    shown = _LITERAL.sub(f"'{_HIDDEN}'", statement) if _SECRET.search(statement) else statement
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


@contextmanager
def without_parameters(error: BaseException) -> Iterator[None]:
    """Leave out the parameters from the message of an exception of SQLAlchemy, which would have all of them."""
    known: Any = error
    if getattr(error, "hide_parameters", None) is not False:
        yield
        return
    known.hide_parameters = True
    try:
        yield
    finally:
        known.hide_parameters = False
