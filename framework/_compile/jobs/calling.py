"""Calls jobs: each run has a scope of its own, an owner that is built in it, and the request id of who added it."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from msgspec import Struct

from framework._compile.injected import Injector
from framework._inspect.signatures import is_async
from framework._plan.job_runs import Complete
from framework._plan.jobs import JobPlan
from framework.jobs import CurrentJob

__all__ = ("JobCalls", "running_job")

_RUNNING: ContextVar[CurrentJob | None] = ContextVar("the job that runs", default=None)
_Call = Callable[[Any], Any]


def running_job() -> CurrentJob:
    """Provide the job that runs; raises LookupError outside of one."""
    found = _RUNNING.get()
    if found is None:
        raise LookupError("CurrentJob is provided to jobs only, and no job runs here")
    return found


class JobCalls:
    """Runs jobs with injected services; see :class:`framework._plan.job_runs.RunJob`.

    ``session`` is the type of the session that transactional jobs are completed in.
    """

    def __init__(self, injector: Injector, session: Any) -> None:
        self._injector = injector
        self._session = session
        self._runs: dict[str, Callable[..., Any]] = {}

    def knows(self, plan: JobPlan) -> bool:
        """Return whether there is a session for a job that requires one."""
        return not plan.transactional or self._session is not None

    def prepare(self, plan: JobPlan) -> None:
        """Plan the calls of a job. Raises a DefinitionError, or a group of several."""
        run = _run_of(plan, self._session)
        count = 2 if plan.transactional else 1
        self._injector.prepare(run, (None,) * count, {})
        self._runs[plan.name] = run

    async def __call__(
        self, plan: JobPlan, arguments: Struct, current: CurrentJob, complete: Complete | None = None
    ) -> Any:
        """Run one attempt of a job."""
        function = plan.function
        values = {name: getattr(arguments, name) for name in arguments.__struct_fields__}

        def call(owner: Any) -> Any:
            return function(owner, **values)

        given = (call, complete) if plan.transactional else (call,)
        token = _RUNNING.set(current)
        try:
            return await self._injector.prepare(self._runs[plan.name], given, {})()
        finally:
            _RUNNING.reset(token)


def _run_of(plan: JobPlan, session: Any) -> Callable[..., Any]:
    """Return the function that is called in the scope of a run."""
    run: Any
    if plan.transactional:
        run = _transactional()
        run.__annotations__["session"] = session
    else:
        run = _awaited() if is_async(plan.function) else _threaded()
    run.__annotations__["owner"] = plan.owner
    run.__qualname__ = plan.name
    return run  # type: ignore[no-any-return]  # a function


# Each job has a function of its own, which the injector plans once.


def _threaded() -> Callable[..., Any]:
    def run(call: _Call, owner: Any) -> Any:
        return call(owner)

    return run


def _awaited() -> Callable[..., Awaitable[Any]]:
    async def run(call: _Call, owner: Any) -> Any:
        return await call(owner)

    return run


def _transactional() -> Callable[..., Awaitable[Any]]:
    async def run(call: _Call, complete: Complete | None, owner: Any, session: Any) -> Any:
        result = await call(owner)
        if complete is not None:
            await complete(session, result)
        return result

    return run
