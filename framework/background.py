"""Background work: tasks after the response, periodic tasks, and lifespan functions."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from framework._inspect.calls import ExplainedMeta
from framework.request_ids import REQUEST_ID

__all__ = (
    "REQUEST_ID",
    "BackgroundTasks",
    "Lifespan",
    "Periodic",
    "Prepared",
    "Task",
    "capture_tasks",
    "captured_tasks",
)

Lifespan: TypeAlias = Callable[..., Any]
"""An async generator function that yields once, or a function that returns a context manager; both with injection."""


class Task(NamedTuple):
    """One added call."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    keywords: dict[str, Any]


Prepared: TypeAlias = tuple[Task, Callable[[], Awaitable[None]]]
"""An added call, and the function that runs it in a scope of its own."""
_CAPTURED: ContextVar[list[Prepared] | None] = ContextVar("captured tasks", default=None)


@contextmanager
def capture_tasks(into: list[Prepared]) -> Iterator[None]:
    """Collect the tasks of every app that is built inside the ``with`` block, instead of running them; for tests.

    ``for task, run in captured: await run()`` runs them. Decided at ``App.build()``, as overrides are.
    """
    token = _CAPTURED.set(into)
    try:
        yield
    finally:
        _CAPTURED.reset(token)


def captured_tasks() -> list[Prepared] | None:
    """Return where the tasks of an app that is built now are collected, ``None`` if they run."""
    return _CAPTURED.get()


class BackgroundTasks:
    """Calls that run after the response is sent; a handler or a service declares a parameter of this type.

    The calls run one after the other, each in its own scope, and only if the handler and the cleanup have succeeded. A
    failing call is logged and does not stop the others. Calls do not survive the process: use
    :mod:`framework.jobs` for work that must not be lost.
    """

    def __init__(self, prepare: Callable[[Task], Callable[[], Awaitable[None]]] | None = None) -> None:
        self._prepare = prepare
        self._added: list[tuple[Task, Callable[[], Awaitable[None]] | None]] = []

    # Not a ParamSpec: type checkers would report injected parameters as missing.
    def add(self, function: Callable[..., object], *args: Any, **keywords: Any) -> None:
        """Add a call of a function, sync (in a worker thread) or async.

        The given arguments are bound as in any call; all other parameters are injected by their types. Raises TypeError
        for arguments that do not fit, and DefinitionError (an ExceptionGroup of several) for parameters that cannot be
        injected.
        """
        task = Task(function, args, keywords)
        self._added.append((task, None if self._prepare is None else self._prepare(task)))

    def __iter__(self) -> Iterator[Task]:
        """Yield the added calls, for tests of functions that take a ``BackgroundTasks()``."""
        return (task for task, _ in self._added)

    def __len__(self) -> int:
        return len(self._added)

    def prepared(self) -> list[Prepared]:
        """Return each task with the function that runs it."""
        return [(task, run) for task, run in self._added if run is not None]


class Periodic(Struct, frozen=True, metaclass=ExplainedMeta):
    """A function that is called periodically while the app serves, in each process.

    Its parameters are injected, and each run has its own scope. Runs never overlap: if a run takes longer than
    ``every``, the missed runs are skipped.
    """

    function: Callable[..., Any]
    every: timedelta | float
    """The time between the starts of two runs; a number means seconds."""
    jitter: timedelta | float = 0
    """Each run is delayed by a random time, at most this long, so that processes do not run at the same time."""
    run_at_start: bool = False
    """Whether the first run is at start-up instead of after ``every``."""
