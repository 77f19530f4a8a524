"""What fixtures hold: overrides of services, captured tasks, the moved clock, and how apps are built with them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from framework import clock
from framework.app import App
from framework.background import Prepared, Task, capture_tasks

__all__ = ("Builder", "Clock", "Overrides", "Tasks")


class Builder:
    """Builds apps for one test: with its overrides, and with its tasks captured."""

    def __init__(self) -> None:
        self._surroundings: list[Callable[[App], AbstractContextManager[Any]]] = []
        self._built = False

    def add(self, what: str, surrounding: Callable[[App], AbstractContextManager[Any]]) -> None:
        """Let the builds of this test run inside a context manager. Raises RuntimeError after the first build."""
        if self._built:
            raise RuntimeError(
                f"{what} has no effect on an app that is built already; "
                "let its fixture come before the one that calls app_client(app)"
            )
        self._surroundings.append(surrounding)

    def build(self, app: App) -> web.Application:
        """Return a new application; other builds of the same app are not affected."""
        self._built = True
        with ExitStack() as stack:
            for one in self._surroundings:
                stack.enter_context(one(app))
            return app.build()


class Overrides:
    """Replaces services in every app that ``app_client`` builds in this test."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def replace(
        self, key: Any, factory: Callable[..., Any] | None = None, *, instance: Any = None, qualifier: str | None = None
    ) -> None:
        """Replace a service by a factory, or by an instance, as ``container.override`` does."""

        def override(app: App) -> AbstractContextManager[None]:
            if app.container is None:
                raise LookupError("overrides: this app has no container")
            return app.container.override(key, factory, instance=instance, qualifier=qualifier)

        self._builder.add("overrides.replace()", override)


class Tasks:
    """The background tasks that requests of this test have added, and that have not run."""

    def __init__(self, builder: Builder) -> None:
        self._added: list[Prepared] = []
        builder.add("tasks", lambda _: capture_tasks(self._added))

    def __len__(self) -> int:
        return len(self._added)

    def __iter__(self) -> Iterator[Task]:
        """Yield the waiting tasks: ``task.function``, ``task.args``, ``task.keywords``."""
        return (task for task, _ in list(self._added))

    @property
    def functions(self) -> Sequence[Callable[..., Any]]:
        """The functions of the waiting tasks, in their order."""
        return [task.function for task in self]

    async def run(self) -> int:
        """Run the waiting tasks in their order, each in its own scope, and those that they add; return their number.

        Raises the exception of the first task that fails; the tasks after it stay.
        """
        count = 0
        while self._added:
            _, run = self._added.pop(0)
            await run()
            count += 1
        return count

    def clear(self) -> None:
        """Forget the waiting tasks."""
        self._added.clear()


class Clock:
    """The time that limits, expiry in memory, tokens and signed values compare; it changes only when it is moved."""

    def __init__(self) -> None:
        self._now = clock.time()
        self._steady = clock.monotonic()

    def time(self) -> float:
        """Return the seconds since 1970-01-01 UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds of the clock that never goes back."""
        return self._steady

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self._now, UTC)

    def move(self, duration: timedelta | float) -> None:
        """Move the time forward; a number means seconds. Raises ValueError for a negative duration."""
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
        if seconds < 0:
            raise ValueError(f"clock.move({duration!r}): time does not go back; use clock.set(...)")
        self._now += seconds
        self._steady += seconds

    def set(self, moment: datetime) -> None:
        """Set the time. Backwards, as when a machine's clock is corrected, only the wall clock is set.

        Raises ValueError for a moment without a time zone.
        """
        if moment.tzinfo is None:
            raise ValueError(f"clock.set({moment!r}): it has no time zone")
        self._steady += max(0.0, moment.timestamp() - self._now)
        self._now = moment.timestamp()
