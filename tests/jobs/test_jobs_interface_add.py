"""JobQueue.add: arguments, times, keys, context; in the session of a request, and without one."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from framework import App, Container, Controller, Inject, post
from framework._jobs.engine import Filter
from framework.http_errors import Conflict
from framework.job_store import JobStore, StoredJob
from framework.jobs import CapturedJob, JobQueue, Jobs, JobSettings, capture_jobs, job
from framework.middleware import RequestID
from framework.testing import AppClientFactory, CapturedJobs
from framework.types import CustomType


class Colour(Enum):
    """An enum."""

    RED = "red"


class Line(Struct, frozen=True):
    """A line of an order."""

    sku: str
    count: Annotated[int, Meta(ge=1)] = 1


@dataclass(frozen=True)
class Size:
    """A dataclass."""

    width: float


class Money:
    """A class that msgspec does not know."""

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and other.cents == self.cents

    def __hash__(self) -> int:
        return hash(self.cents)


class Values(Struct, frozen=True):
    """Values of many types."""

    moment: datetime
    day: date
    price: Decimal
    number: UUID
    colour: Colour
    data: bytes
    lines: list[Line]
    sizes: dict[str, Size]
    pair: tuple[int, str]
    names: frozenset[str]
    nothing: int | None
    length: timedelta
    money: Money


VALUES = Values(
    moment=datetime(2026, 12, 1, 3, 0, tzinfo=UTC),
    day=date(2026, 12, 1),
    price=Decimal("1.10"),
    number=UUID(int=7),
    colour=Colour.RED,
    data=b"\x00\xff",
    lines=[Line("MUG-1", 2)],
    sizes={"a": Size(1.5)},
    pair=(1, "x"),
    names=frozenset({"x"}),
    nothing=None,
    length=timedelta(seconds=90),
    money=Money(110),
)
RAN: list[Any] = []


def by_first(number: int, text: str) -> str:
    """Return a key of the first argument."""
    return f"{number}{text[:0]}"


class Work(Jobs):
    """Jobs with arguments of all kinds."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    @job
    async def keep(self, values: Values, more: list[Money] = []) -> None:  # noqa: B006  it is copied
        """Keep the arguments."""
        RAN.append((values, more))

    @job(queue="mails", priority=-3, retries=2)
    async def count(self, number: int, text: str = "", line: Line | None = None) -> None:
        """Keep the arguments, and add another job."""
        RAN.append((number, text, line))
        if number > 0:
            await self._queue.add(Work.count, number - 1)

    @job(unique=True)
    async def once(self, number: int) -> None:
        """Do nothing."""

    @job(unique=by_first, concurrency=2, concurrency_key=by_first)
    async def by_number(self, number: int, text: str) -> None:
        """Do nothing."""

    @job(concurrency=1)
    def alone(self) -> None:
        """Do nothing."""


class Other(Jobs):
    """A class that the app does not have."""

    @job
    async def run(self) -> None:
        """Do nothing."""


class Traced:
    """An observer that stores a trace context."""

    def job_context(self) -> Mapping[str, str]:
        """Return what is stored with each job."""
        return {"traceparent": "00-1-2-01"}

    def begin_job(self, start: object) -> None:
        """Do nothing."""

    def end_job(self, end: object, state: object) -> None:
        """Do nothing."""


class Adds(Controller):
    """Adds a job, and fails as it is told."""

    @post("/add")
    async def add(self, queue: JobQueue, how: str = "") -> int | None:
        """Add a job."""
        added = await queue.add(Work.count, number=1)
        if how == "conflict":
            raise Conflict
        if how == "error":
            raise ValueError
        return added


class Keeper:
    """A singleton that adds jobs."""

    def __init__(self, queue: Annotated[JobQueue, Inject("durable")]) -> None:
        self.queue = queue


def app_in(folder: Path, *, session: bool = True) -> App:
    """Return an app with a database in a folder."""

    async def open_engine() -> AsyncIterator[AsyncEngine]:
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{folder / 'jobs.db'}", connect_args={"isolation_level": "IMMEDIATE"}
        )
        yield engine
        await engine.dispose()

    async def open_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as opened, opened.begin():
            yield opened

    container = Container()
    container.add_singleton(AsyncEngine, open_engine)
    container.add_singleton(Keeper)
    if session:
        container.add_scoped(AsyncSession, open_session)
    money = CustomType(Money, decode=Money, encode=lambda value: value.cents)
    return App(
        [Adds],
        container=container,
        middlewares=[RequestID()],
        types=[money],
        jobs=JobSettings([Work], observers=[Traced()], size_limit=2_000),
    )


@pytest.fixture
async def app(tmp_path: Path) -> App:
    """Return the app."""
    RAN.clear()
    return app_in(tmp_path)


async def stored(app: App) -> list[StoredJob]:
    """Return all jobs, the oldest first."""
    async with app.services() as services:
        return list(reversed(await (await services.get(JobStore)).list()))


async def add(app: App, *calls: tuple[Any, tuple[Any, ...], dict[str, Any]]) -> list[int | None]:
    """Add jobs in one transaction; return their ids."""

    async def run(queue: JobQueue) -> list[int | None]:
        return [await queue.add(function, *args, **keywords) for function, args, keywords in calls]

    async with app.services() as services:
        return await services.call(run)


async def test_values_of_all_types_arrive(tmp_path: Path) -> None:
    """The same values and types, stored as JSON and read again; a default is a new object for each job."""
    RAN.clear()
    added: list[CapturedJob] = []
    with capture_jobs(added):
        services_of_app = app_in(tmp_path).services()

    async def run(queue: JobQueue) -> None:
        await queue.add(Work.keep, VALUES, more=[Money(1)])
        await queue.add(Work.keep, values=VALUES)

    async with services_of_app as services:
        await services.call(run)
        for one in added:
            await one.run()

    assert [(VALUES, [Money(1)]), (VALUES, [])] == RAN


@pytest.mark.parametrize(
    ("args", "keywords", "message"),
    [
        ((), {"number": "7"}, "Work.count: argument 'number': expected `int`, got `str`"),
        ((), {"number": True}, "Work.count: argument 'number': expected `int`, got `bool`"),
        ((), {}, "Work.count: missing a required argument: 'number'"),
        ((1,), {"other": 3}, "Work.count: got an unexpected keyword argument 'other'"),
        ((1, "x", None, 4), {}, "Work.count: too many positional arguments"),
        ((1,), {"number": 1}, "Work.count: multiple values for argument 'number'"),
        ((1,), {"line": {"sku": "x"}}, "Work.count: argument 'line': expected `Line | None`, got `dict`"),
        ((1,), {"line": Line("x", 0)}, "Work.count: argument 'line' at /count: expected `int >= 1`"),
        ((1,), {"line": Line(3)}, "Work.count: argument 'line' at /sku: expected `str`, got `int`"),  # type: ignore[arg-type]
        ((1,), {"text": "\ud800"}, None),
        ((1,), {"delay": "x"}, "Work.count: delay='x' is not a number of seconds or a timedelta"),
        ((1,), {"delay": 1, "at": datetime.now(UTC)}, "Work.count: delay= and at= are two times; give one of them"),
        ((1,), {"key": ""}, "Work.count: key='' is not a string with something in it"),
        ((1,), {"at": 3}, "Work.count: at=3 is not a datetime"),
    ],
)
async def test_arguments_that_do_not_fit(app: App, args: Any, keywords: Any, message: str | None) -> None:
    """A TypeError at the line of add(); nothing is stored."""
    with pytest.raises(TypeError) as raised:
        await add(app, (Work.count, args, keywords))

    assert message is None or str(raised.value) == message
    assert await stored(app) == []


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (
            {"text": "x" * 2_000},
            "Work.count: its arguments have 2034 bytes, the limit is 2000; store what is large, and",
        ),
        ({"delay": -1}, "Work.count: delay=-1 is not a time in the future"),
        ({"at": datetime(2026, 12, 1)}, "Work.count: at=datetime.datetime(2026, 12, 1, 0, 0) has no time zone"),  # noqa: DTZ001  the error
    ],
)
async def test_values_that_are_refused(app: App, keywords: Any, message: str) -> None:
    """A ValueError at the line of add(); nothing is stored."""
    with pytest.raises(ValueError, match=r"^") as raised:
        await add(app, (Work.count, (1,), keywords))

    assert str(raised.value).startswith(message)
    assert await stored(app) == []


async def test_what_is_no_job_of_the_app(app: App) -> None:
    """The error names it."""
    for function, message in (
        (print, "print is not a job; write @job above it, in a class that App(jobs=[…]) has"),
        ([], "[] is not a job; write @job above it, in a class that App(jobs=[…]) has"),
        (Other.run, "Other.run is a job of a class that the app does not have; give the class to App(jobs=[…]), App ("),
        (
            Work(None).count,  # type: ignore[arg-type]  # not used
            "Work.count is a method of an instance; write queue.add(Work.count, …) with the class, not with an inst",
        ),
    ):
        with pytest.raises(LookupError) as raised:
            await add(app, (function, (), {}))
        assert str(raised.value).startswith(message)


async def test_when_jobs_are_due(app: App) -> None:
    """At once, after a delay, at a time of any zone; one in the past is due at once."""
    before = datetime.now(UTC)
    later = datetime(2100, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    await add(
        app,
        (Work.count, (1,), {}),
        (Work.count, (2,), {"delay": 60}),
        (Work.count, (3,), {"delay": timedelta(minutes=2)}),
        (Work.count, (4,), {"at": later}),
        (Work.count, (5,), {"at": datetime(2000, 1, 1, tzinfo=UTC)}),
    )

    now, minute, minutes, at, past = await stored(app)
    assert [one.state for one in (now, minute, minutes, at, past)] == ["ready", *["scheduled"] * 4]
    assert timedelta(seconds=59) < minute.run_at - before < timedelta(seconds=75)
    assert timedelta(seconds=119) < minutes.run_at - before < timedelta(seconds=135)
    assert at.run_at == later
    # Workers make it ready at their next look.
    assert past.run_at == datetime(2000, 1, 1, tzinfo=UTC)
    assert (now.queue, now.priority, now.max_attempts, now.arguments["number"]) == ("mails", -3, 3, 1)


async def test_unique_keys(app: App) -> None:
    """None is returned while a job of the same name and key waits."""
    added = await add(
        app,
        (Work.count, (1,), {"key": "a"}),
        (Work.count, (2,), {"key": "a"}),
        (Work.count, (2,), {"key": "b" * 300}),
        (Work.once, (1,), {"key": "a"}),
        (Work.once, (1,), {}),
        (Work.once, (1,), {}),
        (Work.once, (2,), {}),
        (Work.by_number, (1, "x"), {}),
        (Work.by_number, (1, "y"), {}),
    )

    assert [one is not None for one in added] == [True, False, True, True, True, False, True, True, False]
    assert next(one.key for one in await stored(app)) == "Work.count:a"


async def test_a_request_that_fails_adds_nothing(app: App, app_client: AppClientFactory) -> None:
    """The job is part of the transaction: a 409 and a 500 roll it back."""
    client = await app_client(app)
    statuses = []
    for how in ("conflict", "error", ""):
        async with client.http.post("/add", params={"how": how}, headers={"X-Request-ID": f"id-{how}"}) as response:
            statuses.append(response.status)

    (record,) = await stored(app)
    assert statuses == [409, 500, 200]
    assert record.request_id == "id-"


async def test_the_trace_context_is_stored(app: App) -> None:
    """Observers with job_context() add it, for consumer spans."""
    await add(app, (Work.count, (1,), {}))

    async with app.services() as services:
        engine: Any = (await services.get(JobStore))._engine  # noqa: SLF001  the context is for observers
        (record,) = await engine.list(Filter(), 1)
    assert json.loads(record.context) == {"traceparent": "00-1-2-01"}


async def test_a_queue_without_a_session_stores_at_once(tmp_path: Path) -> None:
    """So does the durable one beside a session, whatever becomes of the scope."""

    async def fails(queue: JobQueue) -> None:
        await queue.add(Work.count, 1)
        raise ValueError

    async def keeps(keeper: Keeper) -> None:
        await keeper.queue.add(Work.count, 2)
        raise ValueError

    for session, function, count in ((False, fails, 1), (True, fails, 1), (True, keeps, 2)):
        app = app_in(tmp_path, session=session)
        async with app.services() as services:
            with pytest.raises(ValueError, match=r"^$"):
                await services.call(function)
        assert len(await stored(app)) == count


async def test_captured_jobs(app: App, app_client: AppClientFactory, jobs: CapturedJobs) -> None:
    """Jobs of requests that succeed are captured, run in their order, and add others."""
    client = await app_client(app)
    for how in ("conflict", "", "error"):
        async with client.http.post("/add", params={"how": how}):
            pass

    (captured,) = jobs
    assert (captured.function, captured.arguments) == (Work.count, {"number": 1, "text": "", "line": None})
    assert (captured.queue, captured.delay, captured.at, captured.key) == ("mails", 0.0, None, None)
    assert await jobs.drain() == 2
    assert RAN == [(1, "", None), (0, "", None)]
    assert len(jobs) == 0
    assert await stored(app) == []
