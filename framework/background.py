"""Work beside requests: tasks after the answer, periodic tasks, and what stands around serving."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

from aiohttp import web
from msgspec import Struct

__all__ = ("REQUEST_ID", "BackgroundTasks", "Lifespan", "Periodic", "Task")

Lifespan: TypeAlias = Callable[..., Any]
"""An async generator function that yields once, or what returns a context manager; its parameters are injected."""

REQUEST_ID = web.RequestKey("request_id", str)
"""Where a middleware keeps the id of a request, ``request[REQUEST_ID] = "f3a1"``; the log of its tasks names it."""


class Task(NamedTuple):
    """One call that was asked for."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    keywords: dict[str, Any]


class BackgroundTasks:
    """Calls that are made after the answer has been sent; a handler or a service asks for it by this type.

    They run one after the other, each in a scope of its own, and only if handler and cleanup have succeeded. One that
    fails is logged, and stops neither the others nor anything else. They do not outlive the process: what must not be
    lost belongs into a queue.
    """

    def __init__(self, prepare: Callable[[Task], Callable[[], Awaitable[None]]] | None = None) -> None:
        self._prepare = prepare
        self._added: list[tuple[Task, Callable[[], Awaitable[None]] | None]] = []

    # Not a ParamSpec: to a type checker, what is injected would be missing.
    def add(self, function: Callable[..., object], *args: Any, **keywords: Any) -> None:
        """Ask for a call of a function, sync (in a worker thread) or async.

        What is given is bound as in any call; all other parameters are injected by their types. Raises TypeError for
        arguments that do not fit, and DefinitionError (an ExceptionGroup of several) for what cannot be injected.
        """
        task = Task(function, args, keywords)
        self._added.append((task, None if self._prepare is None else self._prepare(task)))

    def __iter__(self) -> Iterator[Task]:
        """Yield what was asked for, for tests of what takes a ``BackgroundTasks()``."""
        return (task for task, _ in self._added)

    def __len__(self) -> int:
        return len(self._added)

    def prepared(self) -> list[tuple[Task, Callable[[], Awaitable[None]]]]:
        """Return each task with what runs it."""
        return [(task, run) for task, run in self._added if run is not None]


class Periodic(Struct, frozen=True):
    """A function that is called again and again while the app serves, in each of its processes.

    Its parameters are injected, each run has a scope of its own, and a run that takes longer than ``every`` is never
    overtaken by the next: the moments that it misses are left out.
    """

    function: Callable[..., Any]
    every: timedelta | float
    """Between the starts of two runs; seconds where it is a number."""
    jitter: timedelta | float = 0
    """The most that a run is put off by chance, so that processes do not run all at once."""
    run_at_start: bool = False
    """Whether the first run is at the start, and not after ``every``."""
