"""Durable jobs: classes whose methods run later, in another process, at least once."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, ClassVar, Concatenate, Literal, ParamSpec, TypedDict, TypeVar, Unpack, overload

from msgspec import Struct

from framework._inspect.calls import ExplainedMeta
from framework._inspect.names import value_name
from framework._secret import SecretStr
from framework.errors import InvalidJobError

__all__ = (
    "Added",
    "CapturedJob",
    "CurrentJob",
    "Discard",
    "JobDefinition",
    "JobOptions",
    "JobQueue",
    "JobSettings",
    "Jobs",
    "RetryLater",
    "capture_jobs",
    "captured_jobs",
    "job",
    "working_in_process",
    "works_in_process",
)

_F = TypeVar("_F", bound=Callable[..., Any])
_P = ParamSpec("_P")


class Jobs:
    """Base class of jobs: methods with ``@job`` are run by workers, and the constructor is injected.

    Each run has an instance and a scope of its own. A method takes values, which are stored, and is ``async def`` or
    ``def`` (in a worker thread). Give the class to ``App(jobs=[Mail])``.
    """


class Discard(Exception):
    """Raise it in a job that will never succeed: it is dead at once, without another attempt."""


class RetryLater(Exception):
    """Raise it in a job that has to wait: it runs again after ``delay`` seconds, if it has an attempt left."""

    def __init__(self, delay: float | timedelta, reason: str = "") -> None:
        self.delay = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
        super().__init__(reason or f"again in {self.delay:g} seconds")


class JobOptions(TypedDict, total=False):
    """The options of ``@job``."""

    name: str
    """Under which it is stored; the default is that of the method, ``Mail.confirm``. A name outlives renames."""
    aliases: Sequence[str]
    """Earlier names: jobs that are stored under them run too."""
    retries: int
    """How many attempts follow the first one that fails; the default is 5."""
    backoff: float | Callable[[int], float]
    """Seconds until the first retry, doubled for each later one, +-20 %, at most an hour; or a function of the number
    of attempts made. The default is 1."""
    timeout: float | timedelta
    """Seconds that one attempt may take; the default is 300."""
    queue: str
    """The queue, ``default`` by default: workers may serve only some."""
    priority: int
    """Lower numbers run first; the default is 0."""
    unique: bool | Callable[..., str]
    """Whether a job with the same arguments is added only once while it waits or runs; or a function of the arguments
    that returns what is compared."""
    concurrency: int
    """How many run at once, in all processes."""
    concurrency_key: Callable[..., str]
    """A function of the arguments: ``concurrency`` holds for each of its results."""
    cron: str
    """Added at these times: ``0 3 * * *``."""
    timezone: str
    """The time zone of ``cron``, UTC by default: ``Europe/Berlin``."""
    every: float | timedelta
    """Added periodically; a number means seconds."""
    overlap: bool
    """Whether a scheduled job is added while that of an earlier time is waiting or running; the default is False."""
    result: bool | float | timedelta
    """Whether what it returns is stored: for an hour, or for the given seconds."""
    transactional: bool
    """Whether it is completed in the transaction of the session that it is given: what it writes there happens once."""


class JobDefinition(Struct, frozen=True):
    """What ``@job`` attaches to a method."""

    options: JobOptions


@overload
def job(function: _F, /) -> _F: ...
@overload
def job(**options: Unpack[JobOptions]) -> Callable[[_F], _F]: ...
def job(function: Any = None, /, **options: Any) -> Any:
    """Declare a method of a :class:`Jobs` class as a job: ``@job`` or ``@job(retries=3)``.

    The options are checked when the application is built.
    """

    def attach(method: Any) -> Any:
        try:
            method.__job__ = JobDefinition(options)  # type: ignore[arg-type]  # checked when the app is built
        except AttributeError as error:
            raise InvalidJobError(
                "a decorator @job",
                f"{value_name(method)} cannot be a job",
                hint="decorate a method of a Jobs class",
            ) from error
        return method

    return attach if function is None else attach(function)


class Added(Struct, frozen=True, kw_only=True):
    """One call of :meth:`JobQueue.add`."""

    function: Callable[..., Any]
    args: Sequence[Any]
    keywords: Mapping[str, Any]
    delay: float | timedelta | None = None
    at: datetime | None = None
    key: str | None = None


class CapturedJob(Struct, frozen=True, kw_only=True):
    """A job that a test has captured instead of storing it."""

    id: int
    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    """As they are after they were stored and read."""
    queue: str
    delay: float
    """Seconds until it is due."""
    at: datetime | None
    key: str | None
    """The unique key, of ``key=`` or ``unique=``."""
    run: Callable[[], Awaitable[Any]]
    """Runs it in a scope of its own, once, and returns what it returns."""


_CAPTURED: ContextVar[list[CapturedJob] | None] = ContextVar("captured jobs", default=None)
_IN_PROCESS: ContextVar[bool] = ContextVar("jobs run in the serving process", default=False)


@contextmanager
def capture_jobs(into: list[CapturedJob]) -> Iterator[None]:
    """Collect the jobs of every app that is built inside the ``with`` block, instead of storing them; for tests.

    Decided at ``App.build()``, as overrides are.
    """
    token = _CAPTURED.set(into)
    try:
        yield
    finally:
        _CAPTURED.reset(token)


def captured_jobs() -> list[CapturedJob] | None:
    """Return where the jobs of an app that is built now are collected, ``None`` if they are stored."""
    return _CAPTURED.get()


@contextmanager
def working_in_process() -> Iterator[None]:
    """Let every app that is built inside the ``with`` block run its jobs while it serves, as ``framework dev`` does."""
    token = _IN_PROCESS.set(True)
    try:
        yield
    finally:
        _IN_PROCESS.reset(token)


def works_in_process() -> bool:
    """Return whether an app that is built now runs its jobs while it serves, whatever its settings are."""
    return _IN_PROCESS.get()


class JobQueue:
    """Adds jobs; injected by its type.

    If the container provides an ``AsyncSession`` of SQLAlchemy for each request, a job is part of the transaction of
    that session: it exists when the session commits. Otherwise it is stored when ``add`` returns.
    """

    __provider_hint__ = "give the classes of the jobs to the app: App(jobs=[Mail])"
    __singleton_hint__: ClassVar[str] = 'Annotated[JobQueue, Inject("durable")]'

    def __init__(self, add: Callable[[Added], Awaitable[int | None]]) -> None:
        self._add = add

    # The one that knows the parameters of the job is last: type checkers take it for one that fits every call.
    @overload
    async def add(
        self,
        job: Callable[..., object],
        /,
        *args: Any,
        delay: float | timedelta,
        key: str | None = None,
        **keywords: Any,
    ) -> int | None: ...
    @overload
    async def add(
        self, job: Callable[..., object], /, *args: Any, at: datetime, key: str | None = None, **keywords: Any
    ) -> int | None: ...
    @overload
    async def add(self, job: Callable[..., object], /, *args: Any, key: str, **keywords: Any) -> int | None: ...
    @overload
    async def add(
        self, job: Callable[Concatenate[Any, _P], object], /, *args: _P.args, **keywords: _P.kwargs
    ) -> int | None: ...
    async def add(self, job: Callable[..., object], /, *args: Any, **keywords: Any) -> int | None:
        """Add a job: ``await queue.add(Mail.confirm, order_id=7)``; return its id.

        ``delay`` (seconds) or ``at`` (with a time zone) is when it is due. ``key`` makes it unique: None is returned
        while a job with the same key waits or runs. With one of the three, type checkers do not see the arguments of
        the job. Raises TypeError for arguments that do not fit, ValueError for those that are too large, LookupError
        for a function that is not a job of the app.
        """
        when = {name: keywords.pop(name) for name in ("delay", "at", "key") if name in keywords}
        return await self._add(Added(function=job, args=args, keywords=keywords, **when))


class CurrentJob:
    """The job that runs; injected by its type into the constructor of a :class:`Jobs` class."""

    def __init__(
        self,
        *,
        id: int,  # noqa: A002  the name of the attribute
        name: str,
        attempt: int,
        max_attempts: int,
        report: Callable[[str], Awaitable[None]],
    ) -> None:
        self.id = id
        self.name = name
        self.attempt = attempt
        """The number of this attempt; the first is 1."""
        self.max_attempts = max_attempts
        self._report = report

    @property
    def is_last_attempt(self) -> bool:
        """Whether the job is dead if this attempt fails."""
        return self.attempt >= self.max_attempts

    async def progress(self, text: str) -> None:
        """Store how far the job is, for ``framework jobs show`` and the page: ``"3 of 7 files"``."""
        await self._report(text)


class JobSettings(Struct, frozen=True, metaclass=ExplainedMeta):
    """The jobs of an app, where they are stored and how workers run them: ``App(jobs=JobSettings([Mail], lease=60))``.

    All times are in seconds.
    """

    jobs: Sequence[type[Jobs]]
    url: str | SecretStr | None = None
    """Where the jobs are stored, ``sqlite+aiosqlite:///jobs.db``; the default is the ``AsyncEngine`` that the container
    provides."""
    broker: str | SecretStr | Callable[[str], Any] | None = None
    """What carries jobs that are due to workers: ``nats://host:4222``, ``redis://``, ``amqp://``, ``kafka://``,
    ``sqs://``, or a function that returns a broker of taskiq for the name of a queue; by default workers read the
    table."""
    broker_prefix: str = "framework_jobs"
    """What the names of streams, topics and queues of the broker begin with."""
    queues: Sequence[str] = ()
    """The queues that workers serve; by default all queues of the jobs."""
    concurrency: int = 20
    """How many jobs a worker process runs at once."""
    lease: float = 30.0
    """After this time without a sign of life of its worker, a job is run by another one."""
    heartbeat: float = 10.0
    """How often a worker renews the leases of its jobs."""
    poll: float | None = None
    """How often a worker looks for jobs without being notified; by default 1 on PostgreSQL and 0.05 on SQLite."""
    grace: float = 25.0
    """How long a worker that stops waits for its running jobs before it hands them back."""
    keep_done: float = 7 * 86_400.0
    """How long done and cancelled jobs are kept."""
    keep_dead: float = 90 * 86_400.0
    """How long dead jobs are kept."""
    size_limit: int = 65_536
    """The most bytes that the arguments of a job may have, and its result."""
    in_process: bool = False
    """Whether the process that serves requests runs jobs too."""
    observers: Sequence[Any] = ()
    """Objects that see each attempt begin and end (:class:`framework.job_observers.JobObserver`), beside the observers
    of the app that have the methods for it, such as ``Metrics``."""
    create_tables: bool = True
    """Whether the tables are created when the app starts; otherwise a migration creates them."""
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    """What SQLite's commits wait for; with NORMAL, a power cut may lose the last ones."""
