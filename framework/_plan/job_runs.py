"""The jobs of an application as its queue and its workers see them, and how a worker calls a job."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from framework._plan.jobs import JobPlan
from framework.jobs import CurrentJob, JobSettings

__all__ = ("Complete", "JobTable", "RunJob")

Complete: TypeAlias = Callable[[Any, Any], Awaitable[None]]
"""Completes a job in the transaction of a session, given the session and what the job returned; raises an exception of
the worker's own if the lease is lost, which rolls the session back."""


class RunJob(Protocol):
    """Runs one attempt."""

    async def __call__(
        self, plan: JobPlan, arguments: Struct, current: CurrentJob, complete: Complete | None = None
    ) -> Any:
        """Open a scope, build the owner of the job, call the job, close the scope, and return what the job returned.

        ``complete`` is called for transactional jobs only, after the job and before its scope is closed. Raises the
        exceptions of the job, of ``complete`` and of cleanups.
        """
        ...


class JobTable:
    """The jobs of an application. Its plans are filled in when the application has been planned."""

    def __init__(self, settings: JobSettings, where: str, session: Any = None) -> None:
        self.settings = settings
        self.where = where
        """The place of the application, for messages."""
        self.session = session
        """The type of the session that the container provides for each scope, ``None`` if it provides none."""
        self.plans: Sequence[JobPlan] = ()
        self._by_function: dict[Any, JobPlan] = {}
        self._run: RunJob | None = None

    def fill(self, plans: Sequence[JobPlan], run: RunJob) -> None:
        """Set the plans, and what runs them."""
        self.plans = tuple(plans)
        self._by_function = {one.function: one for one in plans}
        self._run = run

    def find(self, function: Any) -> JobPlan | None:
        """Return the plan of a function, ``None`` if it is not a job of the application."""
        try:
            return self._by_function.get(function)
        except TypeError:  # It cannot be hashed.
            return None

    @property
    def run(self) -> RunJob:
        """What runs a job; raises RuntimeError before the application has been planned."""
        if self._run is None:
            raise RuntimeError("The application is not built")
        return self._run
