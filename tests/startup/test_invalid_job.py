"""InvalidJobError: jobs, their options, and where they are stored."""

from typing import Annotated, Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework import App, Container, Controller, Inject, get
from framework._jobs.broker import brokers
from framework.errors import (
    CaptiveProviderError,
    InvalidControllerError,
    InvalidDefaultError,
    InvalidHandlerError,
    InvalidJobError,
    InvalidOptionError,
    MissingAnnotationError,
    MissingProviderError,
)
from framework.job_store import JobsController
from framework.jobs import JobQueue, Jobs, JobSettings, job
from framework.types import SecretStr
from tests.startup.expected import Told, custom_type_hint, place, told


def open_engine() -> AsyncEngine:
    """Return the engine; it is not called."""
    raise NotImplementedError


def open_session() -> AsyncSession:
    """Return a session; it is not called."""
    raise NotImplementedError


class Thing:
    """Something that msgspec does not know."""


def container_of(*, session: bool = True) -> Container:
    """Return a container with a database, and with a session for each scope."""
    container = Container()
    container.add_singleton(AsyncEngine, open_engine)
    if session:
        container.add_scoped(AsyncSession, open_session)
    return container


def mistakes(*classes: Any, session: bool = True) -> Told:
    """Return the mistakes of an app with these jobs."""
    return told(App(jobs=classes, container=container_of(session=session), openapi=None))


def in_app(jobs: Any, container: Container | None = None) -> list[str]:
    """Return the texts of the mistakes of an app, without its place."""
    app = App(jobs=jobs, container=container, openapi=None)
    return [text.replace(repr(app).partition(",")[0], "App") for _, text in told(app)]


def test_jobs_that_are_right() -> None:
    """Most options at once; the message of the others is compared with nothing."""

    class Right(Jobs):
        @job
        def plain(self, a: int, b: int = 3) -> int:
            return a + b

        @job(
            name="right.all",
            aliases=("Right.old",),
            retries=0,
            backoff=lambda attempt: attempt * 2.0,
            timeout=60,
            queue="mails",
            priority=-5,
            unique=lambda a: f"{a}",
            concurrency=2,
            concurrency_key=lambda a: f"{a}",
            result=60,
            transactional=True,
        )
        async def all(self, a: int) -> int:
            return a

        @job(cron="@daily", timezone="Europe/Berlin", overlap=True)
        async def daily(self, a: int = 3) -> None: ...

        @job(every=0.5)
        async def often(self) -> None: ...

    assert mistakes(Right) == []


def test_parameters_that_cannot_be_stored() -> None:
    """The class, the method and the parameter are named."""

    class Wrong(Jobs):
        @job
        async def bare(self, a): ...  # type: ignore[no-untyped-def]  # the mistake
        @job
        async def unknown(self, a: Thing) -> None: ...
        @job
        async def secret(self, a: SecretStr) -> None: ...
        @job
        async def service(self, a: AsyncSession) -> None: ...
        @job
        async def taken(self, delay: int) -> None: ...
        @job
        async def default(self, a: int = "x") -> None: ...  # type: ignore[assignment]  # the mistake
        @job
        async def position(self, a: int, /) -> None: ...
        @job
        async def rest(self, *args: int) -> None: ...

    def at(function: Any, parameter: str = "a") -> str:
        return f"Wrong.{function.__name__} ({place(function)}), parameter {parameter!r}"

    assert mistakes(Wrong) == [
        (
            MissingAnnotationError,
            f"{at(Wrong.bare)}: it has no type annotation.\n  Hint: annotate it, for example a: int.",
        ),
        (
            InvalidJobError,
            f"{at(Wrong.unknown)}: Thing cannot be stored (msgspec does not know Thing).\n"
            f"  Hint: {custom_type_hint('Thing')}.",
        ),
        (
            InvalidJobError,
            f"{at(Wrong.secret)}: SecretStr cannot be stored (it would be stored in plain text).\n"
            "  Hint: store an id, and read the secret in the job.",
        ),
        (
            InvalidJobError,
            f"{at(Wrong.service)}: AsyncSession is a service, which cannot be stored.\n"
            "  Hint: take it in the constructor of Wrong.",
        ),
        (
            InvalidJobError,
            f"{at(Wrong.taken, 'delay')}: delay= is an option of JobQueue.add().\n"
            "  Hint: give the parameter another name.",
        ),
        (
            InvalidDefaultError,
            f"{at(Wrong.default)}: its default 'x' does not fit its type (Expected `int`, got `str`).\n"
            "  Hint: give a default that fits, or a type that admits it.",
        ),
        (
            InvalidJobError,
            f"{at(Wrong.position)}: it can only be given by position.\n  Hint: leave out the / of the signature.",
        ),
        (
            InvalidHandlerError,
            f"Wrong.rest ({place(Wrong.rest)}): nothing fills *args.\n"
            "  Hint: name the parameters one by one; a decorator around a handler needs functools.wraps.",
        ),
    ]


def test_methods_that_are_no_jobs() -> None:
    """Generators, static methods, classes without jobs, what is no class of jobs."""

    class Odd(Jobs):
        @job
        async def generates(self):  # type: ignore[no-untyped-def]  # the mistake
            yield 1

        @job
        @staticmethod
        def static() -> None: ...

    class Nothing(Jobs):
        """It has no job."""

    found = mistakes(Odd, Nothing, Thing)
    where = f"Odd.generates ({place(Odd.generates)})"
    assert [text for _, text in found][:3] == [
        f"{where}: it is a generator.\n  Hint: write async def or def, and no yield.",
        "Odd.static: a staticmethod is not a job.\n  Hint: write a plain method with self.",
        f"Nothing ({place(Nothing)}): none of its methods is a job.\n  Hint: write @job above a method.",
    ]
    assert in_app([Odd()], container_of()) == [
        "App: an instance of Odd stands in jobs= and is not a subclass of Jobs.\n"
        "  Hint: give the class itself, without calling it."
    ]
    assert in_app([Thing], container_of()) == [
        "App: the class Thing stands in jobs= and is not a subclass of Jobs.\n  Hint: write class Mail(Jobs)."
    ]
    with pytest.raises(InvalidJobError, match="3 cannot be a job"):
        job(3)  # type: ignore[call-overload]  # the mistake


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"retrys": 3}, "no job has an option retrys=", "write retries= instead"),
        ({"max_retries": 3}, "no job has an option max_retries=", "write retries= instead"),
        ({"schedule": 3}, "no job has an option schedule=", 'write cron="0 3 * * *" or every=60'),
        ({"retries": -1}, "retries=-1 is not a number", "write it as retries=5"),
        (
            {"timeout": None},
            "timeout=None is not a positive number of seconds or a timedelta",
            "write it as timeout=300",
        ),
        (
            {"queue": "x" * 65},
            f"queue={'x' * 65!r} is not a name of at most 64 characters",
            'write it as queue="mails"',
        ),
        ({"priority": 1.5}, "priority=1.5 is not a number from -32767 to 32767", "write it as priority=5"),
        ({"backoff": "x"}, "backoff='x' is not a positive number of seconds or a function", "write it as backoff=2.5"),
        ({"unique": 3}, "unique=3 is not True or a function", "write it as unique=True"),
        ({"concurrency": 0}, "concurrency=0 is not a positive number", "write it as concurrency=1"),
        (
            {"cron": "x"},
            "cron='x' is not a schedule (Wrong number of fields)",
            'write minute, hour, day, month, weekday: cron="30 3 * * mon-fri"',
        ),
        (
            {"cron": "0 0 30 2 *"},
            "cron='0 0 30 2 *' is not a schedule (Bad day-of-month)",
            'write minute, hour, day, month, weekday: cron="30 3 * * mon-fri"',
        ),
        (
            {"cron": "0 0 * * *", "timezone": "Mars/X"},
            "timezone='Mars/X' is not a known time zone",
            'write a name such as timezone="Europe/Berlin"; a machine without time zones requires the package tzdata',
        ),
        ({"cron": "0 0 * * *", "every": 3}, "it has cron= and every=", "keep one of them, or write a second job"),
        (
            {"every": 3},
            "it is scheduled, and nothing gives it a",
            "give the parameters defaults, or take them out",
        ),
        ({"timezone": "UTC"}, "timezone= has no effect without cron=", "add cron=, or drop it"),
        ({"overlap": True}, "overlap= has no effect without cron= or every=", "drop overlap="),
        ({"result": True}, "it stores a result and returns none", "annotate what it returns"),
        (
            {"unique": lambda b: b},
            "unique=<lambda> cannot be called with the arguments of the job (missing a required argument: 'b')",
            "write a function with the same parameters: lambda a: …",
        ),
    ],
)
def test_options(options: dict[str, Any], what: str, hint: str) -> None:
    """Unknown options, wrong values and contradictions have hints."""

    async def run(self, a: int) -> None: ...  # type: ignore[no-untyped-def]  # the mistake

    decorated = job(**options)(run)
    cls = type("Wrong", (Jobs,), {"run": decorated})
    assert mistakes(cls) == [(InvalidJobError, f"Wrong.run ({place(run)}): {what}.\n  Hint: {hint}.")]


def test_transactional_jobs_have_a_session() -> None:
    """They are async, and each scope has a session of the database of the jobs."""

    class Threaded(Jobs):
        @job(transactional=True)
        def run(self) -> None: ...

    class Alone(Jobs):
        @job(transactional=True)
        async def run(self) -> None: ...

    where = f"Threaded.run ({place(Threaded.run)})"
    assert mistakes(Threaded) == [
        (InvalidJobError, f"{where}: it is transactional and runs in a thread.\n  Hint: write it as async def.")
    ]
    assert mistakes(Alone, session=False) == [
        (
            InvalidJobError,
            f"Alone.run ({place(Alone.run)}): it is transactional, and no scope has a session of the database of the "
            "jobs.\n  Hint: container.add_scoped(AsyncSession, open_session), and leave JobSettings(url=) out.",
        )
    ]


def test_two_jobs_with_one_name() -> None:
    """Names and aliases are of one job; so is a function, which add() looks up."""

    class Twice(Jobs):
        @job(name="x")
        async def one(self) -> None: ...
        @job(aliases=("x",))
        async def two(self) -> None: ...

    class Base(Jobs):
        @job
        async def run(self) -> None: ...

    class Left(Base): ...

    class Right(Base): ...

    one, two, run = (place(function) for function in (Twice.one, Twice.two, Base.run))
    assert [text for _, text in mistakes(Twice, Left, Right)] == [
        f"Twice.two ({two}): the name 'x' is also that of Twice.one ({one}).\n"
        '  Hint: give one of them another one: @job(name="other").',
        f"Right.run ({run}): it is the same function as Left.run ({run}), and JobQueue.add() could not tell which is "
        "meant.\n  Hint: override it in each of the classes.",
    ]


class Good(Jobs):
    """A job."""

    @job
    async def run(self) -> None:
        """Do nothing."""


class Sends(Controller):
    """Adds a job."""

    @get("/")
    async def send(self, queue: JobQueue) -> None:
        """Do nothing."""


def test_where_jobs_are_stored() -> None:
    """A database of the container, or a URL of a supported kind; those that use the queue are not reported as well."""
    assert len(told(App([Sends], jobs=[Good], openapi=None))) == 1
    schemes = "jobs are stored by sqlite+aiosqlite and postgresql+asyncpg"
    assert in_app([Good]) == [
        "App: its jobs are stored in its database, and the container provides no AsyncEngine.\n"
        "  Hint: container.add_singleton(AsyncEngine, open_engine), or "
        'App(jobs=JobSettings([Mail], url="sqlite+aiosqlite:///jobs.db")).'
    ]
    assert in_app(JobSettings([Good], url="nats://host")) == [
        f"App: JobSettings(url=) has the scheme 'nats', and {schemes}.\n"
        '  Hint: write broker="nats://…"; jobs are stored in a database all the same, by default in that of the app.'
    ]
    assert in_app(JobSettings([Good], url="mysql://host")) == [
        f"App: JobSettings(url=) has the scheme 'mysql', and {schemes}.\n"
        '  Hint: write url="sqlite+aiosqlite:///jobs.db" or url="postgresql+asyncpg://host/name".'
    ]
    assert in_app(JobSettings([Good], url="sqlite+aiosqlite:///jobs.db")) == []
    assert in_app(JobSettings([Good], url=SecretStr("sqlite+aiosqlite:///jobs.db"))) == []


def test_brokers_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme that is not known, and a package that is not installed; its extra is named."""
    schemes = "nats://, tls://, redis://, rediss://, amqp://, amqps://, kafka://, sqs://"
    for url in ("mqtt://host", "host:4222"):
        assert in_app(JobSettings([Good], url="sqlite+aiosqlite:///jobs.db", broker=url)) == [
            f"App: JobSettings(broker=) begins with none of {schemes}.\n"
            '  Hint: write broker="nats://localhost:4222" or broker="redis://localhost:6379/0".'
        ]
    monkeypatch.setattr(brokers, "find_spec", lambda _: None)
    for url, package, extra in (
        ("nats://host", "nats-py", "nats"),
        ("rediss://host", "redis", "redis"),
        ("amqp://host", "taskiq-aio-pika", "rabbitmq"),
        ("kafka://host:9092", "taskiq-aio-kafka", "kafka"),
        ("sqs://eu-central-1", "taskiq-aio-sqs", "sqs"),
    ):
        scheme = url.partition("://")[0]
        assert in_app(JobSettings([Good], url="sqlite+aiosqlite:///jobs.db", broker=url)) == [
            f"App: a broker at {scheme}:// requires the package {package}.\n"
            f"  Hint: pip install 'framework-aiohttp[jobs,{extra}]'."
        ]


def test_settings_of_the_wrong_type() -> None:
    """One error is enough to begin with."""
    wrong: Any = "3"
    assert in_app(JobSettings([Good], lease=wrong), container_of()) == [
        "App: JobSettings(lease='3') is not a positive number of seconds.\n  Hint: write it as lease=30."
    ]
    assert in_app(JobSettings([Good], lease=3), container_of()) == [
        "App: a heartbeat of 10 s is more than half of the lease of 3 s.\n"
        "  Hint: give a longer lease=, or a shorter heartbeat=."
    ]
    assert in_app(JobSettings([Good], observers=[3]), container_of()) == [
        "App: 3 is among the observers of jobs and has no begin_job() and end_job().\n"
        "  Hint: write both, as framework.job_observers.JobObserver has them."
    ]
    assert in_app(3, container_of()) == [
        "App: jobs=3 is not a sequence of Jobs classes or a JobSettings.\n  Hint: write it as jobs=[Mail]."
    ]
    unknown: Any = {"leese": 3}
    with pytest.raises(InvalidOptionError, match=r"it has no option leese=\.\n  Hint: write lease= instead"):
        JobSettings([Good], **unknown)


def test_services_of_jobs() -> None:
    """The constructor is injected; the queue of a request is scoped, and one that is not exists too."""

    class Needs(Jobs):
        def __init__(self, thing: Thing) -> None: ...
        @job
        async def run(self) -> None: ...

    class Keeps:
        def __init__(self, queue: JobQueue) -> None: ...

    class KeepsDurable:
        def __init__(self, queue: Annotated[JobQueue, Inject("durable")]) -> None: ...

    assert mistakes(Needs) == [
        (
            MissingProviderError,
            f"Needs.__init__ ({place(Needs.__init__)}), parameter 'thing': no provider for Thing.\n"
            "  Needed by: Needs\n"
            "  Hint: container.add_scoped(Thing), or give the parameter a default.",
        )
    ]
    container = container_of()
    container.add_singleton(Keeps)
    container.add_singleton(KeepsDurable)
    assert told(App(jobs=[Good], container=container)) == [
        (
            CaptiveProviderError,
            f"Keeps.__init__ ({place(Keeps.__init__)}), parameter 'queue': Keeps lives as long as the process, and "
            "JobQueue is scoped.\n"
            "  Needed by: Keeps -> JobQueue\n"
            '  Hint: take Annotated[JobQueue, Inject("durable")], or register Keeps as scoped.',
        )
    ]


def test_a_queue_without_jobs() -> None:
    """The hint names the option of the app."""
    ((kind, text),) = told(App([Sends], openapi=None))
    assert kind is MissingProviderError
    assert text.endswith("Hint: give the classes of the jobs to the app: App(jobs=[Mail]).")


def test_the_page_of_the_jobs_is_guarded() -> None:
    """Everybody could discard jobs otherwise."""

    async def staff(request: Any) -> None: ...

    class Guarded(JobsController):
        guards = (staff,)

    settings: Any = {"jobs": [Good], "container": container_of(), "openapi": None}
    ((kind, text),) = told(App([JobsController], **settings))
    assert kind is InvalidControllerError
    assert text.endswith(
        "it has no guard, so everybody could use it.\n"
        "  Hint: set guards = (...) in a subclass, or give the app a default_guard=."
    )
    assert told(App([Guarded], **settings)) == []
    assert told(App([JobsController], default_guard=staff, **settings)) == []
