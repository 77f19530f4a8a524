"""Background tasks: when they run, in what scope, and what happens when they fail."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

import pytest
from aiohttp import web

from framework import BackgroundTasks, Container, Controller, Header, HTTPError, Request, get, post
from framework.background import REQUEST_ID
from framework.errors import InvalidTaskError, MissingProviderError, NoRequestError
from framework.typedefs import CallNext
from tests.http.events import EVENTS, seen
from tests.http.raw import connect, make_request
from tests.http.shapes import Serve, app_of, logged, problem

pytestmark = pytest.mark.usefixtures("no_events")
T = TypeVar("T")
ID: ContextVar[str] = ContextVar("ID", default="none")


class Session:
    """A scoped service."""


async def open_session() -> AsyncIterator[Session]:
    """Tell when it is opened, and how it ends."""
    EVENTS.append("open")
    try:
        yield Session()
    except BaseException as error:
        EVENTS.append(f"rollback {type(error).__name__}")
        raise
    EVENTS.append("commit")


class Mailer:
    """A singleton."""


def container_of(*scoped: type) -> Container:
    """Return a container with a session, a mailer and what else is wanted."""
    container = Container()
    container.add_scoped(Session, open_session)
    container.add_singleton(Mailer)
    for one in scoped:
        container.add_scoped(one)
    return container


async def send(to: str, session: Session, mailer: Mailer, *, subject: str = "Hello") -> None:
    """Take what is given and what is injected."""
    assert isinstance(session, Session)
    assert isinstance(mailer, Mailer)
    EVENTS.append(f"{subject} {to}")


def note(text: str) -> None:
    """Run in a worker thread."""
    EVENTS.append(f"{text} {threading.current_thread() is threading.main_thread()}")


class Orders(Controller):
    """Leaves tasks behind."""

    @post("/orders", status=201)
    async def create(self, tasks: BackgroundTasks, session: Session) -> str:
        """Leave three."""
        tasks.add(send, "ada")
        tasks.add(note, text="in a thread")
        tasks.add(partial(send, subject="Bye"), to="bob")
        EVENTS.append("handler")
        assert [one.function for one in tasks][:2] == [send, note]
        assert session is not None
        return ""

    @get("/fails")
    async def fail(self, tasks: BackgroundTasks) -> str:
        """Fail after a task was left."""
        tasks.add(note, "never")
        raise HTTPError("no")


async def test_they_run_in_order_after_the_cleanup_each_in_a_scope_of_its_own(serve: Serve) -> None:
    """The request's own scope is closed first; each task opens and closes what it needs."""
    server = await serve(app_of(Orders, container=container_of()))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("POST", "/orders"))).status == 201
    assert await seen(10) == [
        "open", "handler", "commit",
        "open", "Hello ada", "commit",
        "in a thread False",
        "open", "Bye bob", "commit",
    ]  # fmt: skip


async def test_the_answer_is_on_its_way_before_they_run(serve: Serve) -> None:
    """A client does not wait for a task."""
    release = asyncio.Event()

    async def wait() -> None:
        await release.wait()
        EVENTS.append("ran")

    class Slow(Controller):
        @get("/slow")
        async def slow(self, tasks: BackgroundTasks) -> str:
            tasks.add(wait)
            return "answered"

    server = await serve(app_of(Slow))
    async with connect(server) as connection:
        for _ in range(2):
            assert (await connection.exchange(make_request("GET", "/slow"))).body == b"answered"
        assert EVENTS == []
        release.set()
        assert await seen(2) == ["ran", "ran"]


async def test_a_task_sees_the_response_written(serve: Serve) -> None:
    """When the first task starts, the server has given the whole answer to the transport."""
    written: list[int] = []

    class Watched(Controller):
        @get("/watched")
        async def watch(self, tasks: BackgroundTasks, request: Request) -> str:
            async def look(protocol: Any) -> None:
                EVENTS.append("looked")
                written.append(protocol.transport.written)

            transport: Any = request.transport
            counting = Counting(transport)
            request.protocol.transport = counting  # type: ignore[assignment]  # counts what is written
            tasks.add(look, request.protocol)
            return "x" * 1000

    server = await serve(app_of(Watched))
    async with connect(server) as connection:
        assert len((await connection.exchange(make_request("GET", "/watched"))).body) == 1000
        await seen(1)
    assert written[0] > 1000


class Counting:
    """A transport that counts what is written."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.written = 0

    def write(self, data: bytes) -> None:
        """Count, and pass on."""
        self.written += len(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_they_are_dropped_with_a_handler_that_fails(serve: Serve) -> None:
    """What was left by a handler that answers an error never happens."""
    server = await serve(app_of(Orders, container=container_of()))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/fails"))).status == 500
        assert (await connection.exchange(make_request("POST", "/orders"))).status == 201
    assert "never True" not in await seen(10)
    assert "never False" not in EVENTS


async def test_they_are_dropped_with_a_cleanup_that_fails(serve: Serve) -> None:
    """A commit that fails takes the tasks with it, whichever was asked for first."""

    async def broken() -> AsyncIterator[Session]:
        yield Session()
        raise HTTPError("The commit failed")

    class Placed(Controller):
        @get("/session-first")
        async def first(self, session: Session, tasks: BackgroundTasks) -> str:
            tasks.add(note, str(session))
            return ""

        @get("/tasks-first")
        async def second(self, tasks: BackgroundTasks, session: Session) -> str:
            tasks.add(note, str(session))
            return ""

        @get("/fine")
        async def fine(self, tasks: BackgroundTasks) -> str:
            tasks.add(note, "fine")
            return ""

    container = Container()
    container.add_scoped(Session, broken)
    server = await serve(app_of(Placed, container=container))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/session-first"))).problem == problem(
            500, "/session-first", "The commit failed"
        )
        assert (await connection.exchange(make_request("GET", "/tasks-first"))).status == 500
        assert (await connection.exchange(make_request("GET", "/fine"))).status == 200
    assert await seen(1) == ["fine False"]


async def test_one_object_for_handler_controller_and_services(serve: Serve) -> None:
    """Whoever asks within one request is given the same tasks."""

    class Service:
        def __init__(self, tasks: BackgroundTasks) -> None:
            self.tasks = tasks

    class Shared(Controller):
        def __init__(self, service: Service) -> None:
            self.service = service

        @get("/shared")
        async def share(self, tasks: BackgroundTasks) -> str:
            tasks.add(note, "one")
            self.service.tasks.add(note, "two")
            return str(tasks is self.service.tasks)

    server = await serve(app_of(Shared, container=container_of(Service)))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/shared"))).body == b"True"
    assert await seen(2) == ["one False", "two False"]


async def test_a_failure_is_logged_once_with_its_request(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Method, path and the request's id stand in the log; the tasks after it run."""

    async def fail() -> None:
        raise ValueError("broken")

    async def give_id(request: web.Request, call_next: CallNext) -> web.StreamResponse:
        request[REQUEST_ID] = "f3a1"
        return await call_next(request)

    class Failing(Controller):
        @get("/fail/{number}")
        async def fail(self, number: int, tasks: BackgroundTasks) -> str:
            tasks.add(fail)
            tasks.add(note, str(number))
            return ""

    server = await serve(app_of(Failing, middlewares=[give_id]))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/fail/7"))).status == 200
    assert await seen(1) == ["7 False"]
    (line,) = logged(caplog)
    assert line == f"The background task fail ({line_of(fail)}), of GET /fail/7 [f3a1] failed"
    assert caplog.records[-1].exc_info is not None


async def test_the_context_of_the_request_stays(serve: Serve) -> None:
    """Context variables that a middleware has set are seen by tasks, though the middleware has reset them."""

    async def identify(request: web.Request, call_next: CallNext) -> web.StreamResponse:
        token = ID.set(request.headers["X-Id"])
        try:
            return await call_next(request)
        finally:
            ID.reset(token)

    async def tell() -> None:
        EVENTS.append(ID.get())

    class Context(Controller):
        @get("/context")
        async def context(self, tasks: BackgroundTasks) -> str:
            tasks.add(tell)
            return ""

    server = await serve(app_of(Context, middlewares=[identify]))
    async with connect(server) as connection:
        for one in ("a", "b"):
            await connection.exchange(make_request("GET", "/context", headers={"X-Id": one}))
    assert sorted(await seen(2)) == ["a", "b"]


async def test_a_client_that_goes_stops_nothing(serve: Serve) -> None:
    """A task that runs while its client disconnects runs to its end, though handlers are cancelled then."""

    async def work() -> None:
        EVENTS.append("started")
        await asyncio.sleep(0.05)
        EVENTS.append("ended")

    class Leaving(Controller):
        @get("/leaving")
        async def leave(self, tasks: BackgroundTasks) -> str:
            tasks.add(work)
            return ""

    server = await serve(app_of(Leaving))
    async with connect(server) as connection:
        await connection.exchange(make_request("GET", "/leaving"))
        await seen(1)
    assert await seen(2) == ["started", "ended"]


async def test_tasks_of_tasks(serve: Serve) -> None:
    """A service of a task leaves tasks of its own, which run when the task has succeeded."""

    class Service:
        def __init__(self, tasks: BackgroundTasks) -> None:
            self.tasks = tasks

    async def outer(service: Service) -> None:
        service.tasks.add(note, "inner")
        EVENTS.append("outer")

    async def failing(tasks: BackgroundTasks) -> None:
        tasks.add(note, "never")
        EVENTS.append("failing")
        raise ValueError

    class Nesting(Controller):
        @get("/nested")
        async def nest(self, tasks: BackgroundTasks) -> str:
            tasks.add(failing)
            tasks.add(outer)
            return ""

    server = await serve(app_of(Nesting, container=container_of(Service)))
    async with connect(server) as connection:
        await connection.exchange(make_request("GET", "/nested"))
    assert await seen(3) == ["failing", "outer", "inner False"]


class Auditor:
    """A service whose method is a task, and an object that is one itself."""

    async def audit(self, what: str, mailer: Mailer) -> None:
        """Be a method."""
        EVENTS.append(f"{what} {type(mailer).__name__}")

    async def __call__(self, what: str, mailer: Mailer | None = None) -> None:
        """Be called."""
        EVENTS.append(f"called {what} {type(mailer).__name__}")


def positional(first: str, mailer: Mailer, /, *rest: str, **more: str) -> None:
    """Take some by position alone."""
    EVENTS.append(f"{first} {type(mailer).__name__} {rest} {more}")


async def for_both(request: Request | None, session: Session) -> None:
    """Ask for the request where there is one."""
    EVENTS.append(f"{request} {type(session).__name__}")


async def test_what_may_be_a_task(serve: Serve) -> None:
    """Methods, objects, functions with parameters of all kinds, and what asks for a request if there is one."""

    class Kinds(Controller):
        @get("/kinds")
        def kinds(self, tasks: BackgroundTasks) -> str:
            for _ in range(2):
                tasks.add(Auditor().audit, "a")
                tasks.add(Auditor(), what="b")
                tasks.add(positional, "c", more="d")
            tasks.add(for_both)
            return str(len(tasks))

    server = await serve(app_of(Kinds, container=container_of()))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/kinds"))).body == b"7"
    three = ["a Mailer", "called b Mailer", "c Mailer () {'more': 'd'}"]
    assert await seen(9) == [*three, *three, "open", "None Session", "commit"]


async def current_user(authorization: Annotated[str, Header()]) -> str:
    """Read the request."""
    return authorization


class User:
    """Who asks."""

    def __init__(self, name: str) -> None:
        self.name = name


def find_user(authorization: Annotated[str, Header()]) -> User:
    """Read the request."""
    return User(authorization)


async def needs_user(user: User) -> None:
    """Need what reads a request."""


async def needs_much(session: Session, number: int, unknown: Auditor) -> None:
    """Need what nobody gives."""


def generator() -> Iterator[int]:
    """Be no task."""
    yield 1


@pytest.fixture
async def refused(serve: Serve) -> Any:
    """Return what adding a task raises in a handler."""
    caught: list[Exception] = []
    given: list[Any] = []

    class Adding(Controller):
        @get("/add")
        async def add(self, tasks: BackgroundTasks) -> str:
            try:
                tasks.add(*given)
            except (Exception, ExceptionGroup) as error:  # noqa: BLE001  looked at
                caught.append(error)
            return ""

    container = container_of()
    container.add_scoped(User, find_user)
    server = await serve(app_of(Adding, container=container))

    async def ask(*what: Any) -> Exception:
        given[:] = what
        async with connect(server) as connection:
            assert (await connection.exchange(make_request("GET", "/add"))).status == 200
        return caught.pop()

    return ask


def line_of(function: Any) -> str:
    """Return where a function stands."""
    return f"tests/http/test_background_tasks.py:{function.__code__.co_firstlineno}"


async def test_a_mistake_is_told_when_it_is_added(refused: Any) -> None:
    """What cannot be injected is told with place and hint, each time."""
    for _ in range(2):
        error = await refused(needs_user)
        assert type(error) is NoRequestError
        assert str(error) == (
            f"find_user ({line_of(find_user)}), parameter 'authorization': "
            "it is read from a request, and needs_user runs outside of one.\n"
            "  Needed by: needs_user -> User\n"
            "  Hint: pass what is needed of the request as an argument, or write Request | None where the request "
            "itself is asked for."
        )
    group = await refused(needs_much)
    assert isinstance(group, ExceptionGroup)
    assert [str(one) for one in group.exceptions] == [
        f"needs_much ({line_of(needs_much)}), parameter 'number': no provider for int.\n"
        "  Needed by: needs_much\n"
        "  Hint: pass it as an argument, or give the parameter a default.",
        f"needs_much ({line_of(needs_much)}), parameter 'unknown': no provider for Auditor.\n"
        "  Needed by: needs_much\n"
        "  Hint: container.add_scoped(Auditor), or give the parameter a default.",
    ]
    assert all(isinstance(one, MissingProviderError) for one in group.exceptions)
    assert str(await refused(generator)) == (
        f"generator ({line_of(generator)}): it is to be called with injected services and is a generator.\n"
        "  Hint: write it as a plain function; services that are closed after it are injected."
    )
    assert str(await refused("send")) == (
        "'send': it is to be called with injected services and is not a function.\n  Hint: give a function or a method."
    )
    assert type(await refused(Session)) is InvalidTaskError


class Repository(Generic[T]):
    """An open generic."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind


async def needs_opened(repository: Repository[Session]) -> None:
    """Need what a handler needs too."""
    EVENTS.append(f"opened {repository.kind.__name__}")


async def needs_unopened(repository: Repository[Mailer]) -> None:
    """Need a singleton that was not opened."""


async def test_a_singleton_that_was_not_opened(serve: Serve) -> None:
    """Which types of an open generic there are is known by who asks when the app is built."""
    caught: list[str] = []

    class Asking(Controller):
        @get("/ask")
        async def ask(self, repository: Repository[Session], tasks: BackgroundTasks) -> str:
            tasks.add(needs_opened)
            with pytest.raises(InvalidTaskError) as error:
                tasks.add(needs_unopened)
            caught.append(str(error.value))
            return repository.kind.__name__

    container = Container()
    container.add_singleton(Repository)
    server = await serve(app_of(Asking, container=container))
    async with connect(server) as connection:
        for _ in range(2):
            assert (await connection.exchange(make_request("GET", "/ask"))).body == b"Session"
    assert await seen(2) == ["opened Session", "opened Session"]
    assert (
        caught
        == [
            f"needs_unopened ({line_of(needs_unopened)}): "
            "it needs Repository[Mailer], a singleton that nothing asked for when the app was built.\n"
            "  Hint: register Repository[Mailer] by itself, or ask for it in a controller."
        ]
        * 2
    )


async def test_plans_are_kept_as_long_as_their_functions(serve: Serve) -> None:
    """A function made by each request is planned by each, and forgotten with it."""
    alive: list[weakref.ref[Any]] = []

    class Making(Controller):
        @get("/make")
        async def make(self, tasks: BackgroundTasks) -> str:
            async def work(mailer: Mailer) -> None:
                EVENTS.append(type(mailer).__name__)

            alive.append(weakref.ref(work))
            tasks.add(work)
            tasks.add(print)
            return ""

    server = await serve(app_of(Making, container=container_of()))
    async with connect(server) as connection:
        for _ in range(3):
            await connection.exchange(make_request("GET", "/make"))
        await seen(3)
    async with asyncio.timeout(10):
        while any(one() is not None for one in alive):
            await asyncio.sleep(0.01)
            gc.collect()


async def test_arguments_that_do_not_fit_are_told_when_they_are_given(refused: Any) -> None:
    """As calling the function would."""
    error = await refused(note, "a", "b")
    assert type(error) is TypeError
    assert str(error) == f"note ({line_of(note)}): too many positional arguments"


def test_a_unit_test_makes_its_own() -> None:
    """Without an app nothing runs, and what was added can be looked at."""
    tasks = BackgroundTasks()
    tasks.add(send, "ada", subject="Hi")
    assert [(one.function, one.args, one.keywords) for one in tasks] == [(send, ("ada",), {"subject": "Hi"})]
