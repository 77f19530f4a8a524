"""``App.services()``: the same graph in scripts, tests, workers and interactive sessions."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest

from framework import App, BackgroundTasks, Container, Controller, DefinitionError, Header, Inject, Request, get
from framework.services import Services

LOG: list[str] = []


class Engine:
    """A singleton."""


class Pool:
    """A singleton that needs the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


class Session:
    """A scoped service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool


class Orders:
    """A transient service."""

    def __init__(self, session: Session) -> None:
        self.session = session


class Ghost:
    """What nothing provides."""


class Caller:
    """What only a request can provide."""


async def open_engine() -> AsyncIterator[Engine]:
    """Open the first singleton."""
    LOG.append("engine opened")
    yield Engine()
    LOG.append("engine closed")


def open_pool(engine: Engine) -> Iterator[Pool]:
    """Open the second singleton."""
    LOG.append("pool opened")
    try:
        yield Pool(engine)
    finally:
        LOG.append("pool closed")


async def open_session(pool: Pool) -> AsyncIterator[Session]:
    """Open a session and report how its scope ended."""
    LOG.append("session opened")
    try:
        yield Session(pool)
    except BaseException as error:
        LOG.append(f"session saw {type(error).__name__}")
        raise
    finally:
        LOG.append("session closed")


async def read_caller(request: Request, x_user: Annotated[str, Header()] = "") -> Caller:
    """Read a request."""
    raise AssertionError(request, x_user)


async def lifespan(engine: Engine) -> AsyncIterator[None]:
    """Run around serving only."""
    LOG.append(f"serving {type(engine).__name__}")
    yield


@pytest.fixture
def app() -> App:
    """Return an application with services of all lifetimes."""
    LOG.clear()
    container = Container()
    container.add_singleton(Engine, open_engine)
    container.add_singleton(Pool, open_pool)
    container.add_scoped(Session, open_session)
    container.add_transient(Orders)
    container.add_scoped(Caller, read_caller)
    container.add_instance(str, "north", qualifier="shop")
    return App(container=container, lifespan=[lifespan])


async def place(number: int, orders: Orders, pool: Pool, *, urgent: bool = False) -> tuple[int, bool, bool]:
    """Use services beside given arguments."""
    LOG.append(f"order {number}")
    return number, urgent, orders.session.pool is pool


async def test_a_script_calls_functions_with_services(app: App) -> None:
    """Singletons are opened in order around the block; each call has a scope; lifespan functions do not run."""
    async with app.services() as services:
        assert await services.call(place, 7) == (7, False, True)
        assert await services.call(place, number=8, urgent=True) == (8, True, True)

    assert LOG == [
        "engine opened",
        "pool opened",
        "session opened",
        "order 7",
        "session closed",
        "session opened",
        "order 8",
        "session closed",
        "pool closed",
        "engine closed",
    ]


async def test_a_plain_function_runs_in_a_thread(app: App) -> None:
    """It receives services like an async one, and does not hold the loop."""

    def count(session: Session, shop: Annotated[str, Inject("shop")]) -> str:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return f"{type(session).__name__} of {shop}"

    async with app.services() as services:
        assert await services.call(count) == "Session of north"


async def test_a_service_is_asked_for_by_its_type(app: App) -> None:
    """Singletons are shared; a scoped service is opened for the call and closed with the block, before them."""
    async with app.services() as services:
        pool = await services.get(Pool)
        orders = await services.get(Orders)
        other = await services.get(Session)

        assert await services.get(Pool) is pool
        assert orders.session.pool is pool
        assert orders.session is not other
        assert await services.get(list[Pool]) == [pool]
        assert await services.get(str, qualifier="shop") == "north"

    assert LOG[-4:] == ["session closed", "session closed", "pool closed", "engine closed"]


async def test_a_scope_sees_what_the_function_raises(app: App) -> None:
    """The error comes out of the call; the singletons stay open."""

    async def fail(session: Session) -> None:
        raise LookupError(session.pool)

    async with app.services() as services:
        with pytest.raises(LookupError):
            await services.call(fail)
        await services.get(Pool)

    assert LOG[2:] == ["session opened", "session saw LookupError", "session closed", "pool closed", "engine closed"]


async def test_everything_is_closed_when_the_block_fails(app: App) -> None:
    """What was opened by get() sees the error, then the singletons are closed; the error comes out."""

    async def script() -> None:
        async with app.services() as services:
            await services.get(Session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await script()

    assert LOG[2:] == ["session opened", "session saw ZeroDivisionError", "session closed", "pool closed"]


async def test_cancellation_closes_everything(app: App) -> None:
    """A cancelled script closes its scopes and singletons."""
    running = asyncio.Event()

    async def wait(session: Session) -> None:
        running.set()
        await asyncio.sleep(3600)
        raise AssertionError(session)

    async def script() -> None:
        async with app.services() as services:
            await services.call(wait)

    task = asyncio.create_task(script())
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert LOG[2:] == ["session opened", "session saw CancelledError", "session closed", "pool closed"]


async def test_an_error_of_a_cleanup_comes_out() -> None:
    """A singleton that fails to close is an error of the block."""

    async def open_badly() -> AsyncIterator[Engine]:
        yield Engine()
        raise OSError("the disk is full")

    container = Container()
    container.add_singleton(Engine, open_badly)

    async def script(*, failing: bool) -> None:
        async with App(container=container).services():
            if failing:
                raise KeyError("first")

    with pytest.raises(OSError, match="the disk is full"):
        await script(failing=False)
    with pytest.raises(KeyError, match="first"):
        await script(failing=True)


async def test_background_tasks_run_before_the_services_are_closed(app: App) -> None:
    """What a call adds runs after it, and the block waits for it."""

    async def confirm(number: int, session: Session) -> None:
        await asyncio.sleep(0)
        LOG.append(f"confirmed {number} with {type(session).__name__}")

    async def order(tasks: BackgroundTasks) -> None:
        tasks.add(confirm, 7)
        LOG.append("ordered")

    async with app.services() as services:
        await services.call(order)

    assert LOG[2:] == [
        "ordered",
        "session opened",
        "confirmed 7 with Session",
        "session closed",
        "pool closed",
        "engine closed",
    ]


class Mailer:
    """A scoped service that adds tasks."""

    def __init__(self, tasks: BackgroundTasks) -> None:
        self.tasks = tasks


async def test_background_tasks_of_a_service_run_when_the_block_ends() -> None:
    """A service that is asked for by its type may add tasks, as one of a request or of a call may."""

    async def send(number: int) -> None:
        LOG.append(f"sent {number}")

    LOG.clear()
    container = Container()
    container.add_scoped(Mailer)
    async with App(container=container).services() as services:
        (await services.get(Mailer)).tasks.add(send, 7)
        (await services.get(BackgroundTasks)).add(send, 8)
        assert LOG == []

    assert sorted(LOG) == ["sent 7", "sent 8"]


async def test_overrides_apply() -> None:
    """An override around services() replaces the service, as around build()."""
    container = Container()
    container.add_singleton(Engine, open_engine)
    fake = Engine()
    with container.override(Engine, instance=fake):
        async with App(container=container).services() as services:
            assert await services.get(Engine) is fake


async def test_what_cannot_be_provided_is_reported(app: App) -> None:
    """By get() and by call(), with a hint; what needs a request cannot be asked for outside of one."""

    async def haunt(ghost: Ghost) -> None:
        raise AssertionError(ghost)

    async with app.services() as services:
        with pytest.raises(DefinitionError) as missing:
            await services.get(Ghost)
        with pytest.raises(DefinitionError) as forgotten:
            await services.call(haunt)
        with pytest.raises(ExceptionGroup, match=r"2 errors in services\.get\(Caller\)"):
            await services.get(Caller)
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            await services.call(place, 7, colour="red")

    assert str(missing.value) == (
        "services.get(Ghost), parameter 'key': no provider for Ghost.\n  Hint: container.add_scoped(Ghost)."
    )
    assert "no provider for Ghost" in str(forgotten.value)


async def test_closed_services_are_not_used(app: App) -> None:
    """After the block, calls are refused with a message."""
    async with app.services() as services:
        pass

    for use in (services.call(place, 7), services.get(Pool)):
        with pytest.raises(RuntimeError, match=r"inside `async with app\.services\(\)"):
            await use


def test_errors_of_the_application_are_reported_first() -> None:
    """services() reports every DefinitionError of the application, as build() does."""

    class Broken(Controller):
        @get()
        async def show(self, ghost: Ghost) -> str:
            return str(ghost)

    with pytest.raises(ExceptionGroup, match="1 error in the application"):
        App(controllers=[Broken]).services()


async def test_nothing_stays_open_whatever_happens() -> None:
    """2 000 calls at once that return, raise or are cancelled: each scope is closed once, before the singletons."""
    opened, closed = set[int](), list[int]()
    choose = random.Random(20)  # noqa: S311  no secret

    async def counted() -> AsyncIterator[Session]:
        session = Session(Pool(Engine()))
        opened.add(id(session))
        alive.append(session)
        try:
            await asyncio.sleep(0)
            yield session
        finally:
            await asyncio.sleep(0)
            closed.append(id(session))

    alive: list[Session] = []
    container = Container()
    container.add_scoped(Session, counted)

    async def work(number: int, session: Session) -> int:
        await asyncio.sleep(choose.random() / 100)
        if number % 3 == 1:
            raise ValueError(session)
        return number

    async with App(container=container).services() as services:
        tasks = [asyncio.ensure_future(services.call(work, number)) for number in range(2_000)]
        await asyncio.sleep(0.005)
        for task in tasks[::5]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)

    assert len(opened) == len(closed) == len(set(closed))
    assert set(closed) == opened
    assert {type(one) for one in results} <= {int, ValueError, asyncio.CancelledError}
    assert results[3] == 3


def test_services_are_typed(app: App) -> None:
    """Type checkers know the result of a call and of get(): this function is checked by them."""

    async def typed(services: Services) -> tuple[tuple[int, bool, bool], Pool, list[Pool]]:
        return await services.call(place, 7), await services.get(Pool), await services.get(list[Pool])

    async def script() -> tuple[tuple[int, bool, bool], Pool, list[Pool]]:
        async with app.services() as services:
            return await typed(services)

    result, pool, pools = asyncio.run(script())

    assert (result, pools) == ((7, False, True), [pool])
