"""The services that an application with jobs has: the engine, the queue, the store, and the classes of its jobs."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from framework._compile.jobs.calling import running_job
from framework._compile.jobs.options import check_job_settings, is_job_observer
from framework._inspect.names import callable_name, place_of
from framework._jobs.broker.brokers import SCHEMES, check_broker, make_broker
from framework._jobs.engine import Engine
from framework._jobs.in_process import worker_while_serving
from framework._jobs.queue import Adder
from framework._jobs.store import JobStore
from framework._jobs.testing import Capturing
from framework._plan.job_runs import JobTable
from framework._secret import revealed
from framework.container import Lifetime, Registration
from framework.errors import DefinitionError, InvalidJobError
from framework.jobs import CapturedJob, CurrentJob, JobQueue, Jobs, JobSettings, captured_jobs, works_in_process

__all__ = ("DURABLE", "JobDatabase", "Provided", "provide_jobs")

DURABLE = "durable"
"""The qualifier of the queue that uses no session."""
_EXTRA = "pip install 'framework-aiohttp[jobs]'"
_DRIVERS = {"sqlite+aiosqlite": "aiosqlite", "postgresql+asyncpg": "asyncpg"}
_NO_DATABASE = "its jobs are stored in its database, and the container provides no AsyncEngine"
_PROVIDE_DATABASE = (
    "container.add_singleton(AsyncEngine, open_engine), or "
    'App(jobs=JobSettings([Mail], url="sqlite+aiosqlite:///jobs.db"))'
)


class Provided(Struct, frozen=True):
    """What an application with jobs has beside its own declarations."""

    table: JobTable
    registrations: Sequence[Registration]
    lifespan: Sequence[Callable[..., Any]]


def provide_jobs(
    settings: JobSettings,
    registered: Sequence[Registration],
    where: str,
    report: Callable[[DefinitionError], None],
    observers: Iterable[Any] = (),
) -> Provided | None:
    """Return the services of the jobs; ``None`` if their settings are wrong.

    Without a database, which is reported, they are known all the same, so that their users are not reported as well.
    ``observers`` are those of the app: those with methods for jobs observe its jobs, too.
    """
    if not check_job_settings(where, settings, report):
        return None
    settings = replace(settings, observers=(*settings.observers, *_of_jobs(observers, settings, where, report)))
    try:
        check_broker(settings, where)
        database, session = _choose(settings, registered, where)
    except DefinitionError as error:
        report(error)
        database, session = _no_database, None
    table = JobTable(settings, where, session)
    captured = captured_jobs()
    queues = _queues(session) if captured is None else _captured_queues(captured, session)
    known = {one.key for one in registered if isinstance(one.key, type)}
    owners = [one for one in settings.jobs if _is_jobs(one) and one not in known]
    registrations = [
        _instance(JobTable, table),
        _factory(JobDatabase, database, Lifetime.SINGLETON),
        _factory(Engine, _open_engine, Lifetime.SINGLETON),
        *queues,
        _factory(JobStore, JobStore, Lifetime.SINGLETON),
        _factory(CurrentJob, running_job, Lifetime.SCOPED),
        *(_factory(one, one, Lifetime.TRANSIENT) for one in dict.fromkeys(owners)),
    ]
    if captured is not None or not (settings.in_process or works_in_process()):
        return Provided(table, registrations, ())
    return Provided(table, registrations, (worker_while_serving(reloads=works_in_process()),))


def _of_jobs(
    observers: Iterable[Any], settings: JobSettings, where: str, report: Callable[[DefinitionError], None]
) -> Iterator[Any]:
    """Yield the observers of the app that observe jobs and are not among those of the settings."""
    known = {id(one) for one in settings.observers}
    for one in observers:
        if id(one) in known or not is_job_observer(one):
            continue
        if isinstance(one, type):
            what = f"{callable_name(one)} is given as an observer of the app and observes jobs, and is a class"
            report(InvalidJobError(where, what, hint="give an instance: observers of jobs have no injected services"))
        else:
            yield one


def _is_jobs(given: Any) -> bool:
    """Return whether something is a class of jobs; what is not is reported with the plans."""
    return isinstance(given, type) and issubclass(given, Jobs)


class JobDatabase:
    """The database of the jobs: an ``AsyncEngine``."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine


def _choose(settings: JobSettings, registered: Sequence[Registration], where: str) -> tuple[Callable[..., Any], Any]:
    """Return the factory of the database, and the type of the session, ``None`` if no scope has one.

    Raises InvalidJobError.
    """
    try:
        # Imported late: applications without jobs do without.
        from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    except ImportError:
        raise InvalidJobError(where, "jobs require the package sqlalchemy", hint=_EXTRA) from None
    if settings.url is not None:
        return _database_of_url(_checked(revealed(settings.url), where)), None
    lifetimes = {one.key: one.lifetime for one in registered if one.qualifier is None and isinstance(one.key, type)}
    if lifetimes.get(AsyncEngine) is not Lifetime.SINGLETON:
        raise InvalidJobError(where, _NO_DATABASE, hint=_PROVIDE_DATABASE)

    def provide(engine: Any) -> JobDatabase:
        return JobDatabase(engine)

    provide.__annotations__["engine"] = AsyncEngine
    scoped = [key for key, lifetime in lifetimes.items() if lifetime is Lifetime.SCOPED]
    sessions = [key for key in scoped if issubclass(key, AsyncSession)]
    return provide, AsyncSession if AsyncSession in sessions else next(iter(sessions), None)


def _no_database() -> JobDatabase:
    """Stand for a database that an app lacks, which is not built then."""
    raise NotImplementedError


def _checked(url: str, where: str) -> str:
    """Return a URL that is supported; raises InvalidJobError."""
    scheme = url.partition(":")[0]
    if scheme in _DRIVERS:
        if find_spec(_DRIVERS[scheme]) is None:
            hint = _EXTRA if scheme.startswith("sqlite") else _EXTRA.replace("jobs", "jobs,postgres")
            raise InvalidJobError(where, f"jobs at {scheme} require the package {_DRIVERS[scheme]}", hint=hint)
        return url
    what = f"JobSettings(url=) has the scheme {scheme!r}, and jobs are stored by {' and '.join(_DRIVERS)}"
    hint = 'write url="sqlite+aiosqlite:///jobs.db" or url="postgresql+asyncpg://host/name"'
    if scheme in SCHEMES:
        hint = f'write broker="{scheme}://…"; jobs are stored in a database all the same, by default in that of the app'
    raise InvalidJobError(where, what, hint=hint)


def _database_of_url(url: str) -> Callable[[], AsyncIterator[JobDatabase]]:
    async def connect() -> AsyncIterator[JobDatabase]:
        """Connect, with connections of its own."""
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(url)
        try:
            yield JobDatabase(engine)
        finally:
            await engine.dispose()

    return connect


def _new_engine(database: Any, settings: JobSettings) -> Any:
    from framework._jobs.table.engine import TableEngine

    if settings.broker is None:
        return TableEngine(database, settings, create=settings.create_tables)
    from framework._jobs.broker.engine import BrokerEngine

    return BrokerEngine(database, settings, make_broker(settings), create=settings.create_tables)


async def _open_engine(database: JobDatabase, table: JobTable) -> AsyncIterator[Engine]:
    """Open the engine that stores the jobs."""
    engine = _new_engine(database.engine, table.settings)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


def _queues(session: Any) -> list[Registration]:
    def durable(engine: Engine, table: JobTable) -> JobQueue:
        return JobQueue(Adder(engine, table))

    def of_scope(engine: Engine, table: JobTable, session: Any) -> JobQueue:
        return JobQueue(Adder(engine, table, session))

    own = _factory(JobQueue, durable, Lifetime.SINGLETON)
    if session is not None:
        of_scope.__annotations__["session"] = session
        own = _factory(JobQueue, of_scope, Lifetime.SCOPED)
    return [own, _factory(JobQueue, durable, Lifetime.SINGLETON, DURABLE)]


def _captured_queues(captured: list[CapturedJob], session: Any) -> list[Registration]:
    def of_scope(table: JobTable) -> Iterator[JobQueue]:
        added: list[CapturedJob] = []
        yield JobQueue(Capturing(table, added, captured))
        captured.extend(added)

    def durable(table: JobTable) -> JobQueue:
        return JobQueue(Capturing(table, captured))

    own = _factory(JobQueue, durable, Lifetime.SINGLETON)
    if session is not None:
        # Closed last, so that all cleanup, such as a commit, has succeeded when the jobs are added.
        own = _factory(JobQueue, of_scope, Lifetime.SCOPED, outermost=True)
    return [own, _factory(JobQueue, durable, Lifetime.SINGLETON, DURABLE)]


def _factory(
    key: Any, factory: Callable[..., Any], lifetime: Lifetime, qualifier: str | None = None, *, outermost: bool = False
) -> Registration:
    return Registration(
        key=key,
        qualifier=qualifier,
        lifetime=lifetime,
        factory=factory,
        instance=None,
        place=place_of(factory),
        outermost=outermost,
    )


def _instance(key: Any, value: Any) -> Registration:
    return Registration(
        key=key,
        qualifier=None,
        lifetime=Lifetime.SINGLETON,
        factory=None,
        instance=value,
        place=place_of(provide_jobs),
    )
