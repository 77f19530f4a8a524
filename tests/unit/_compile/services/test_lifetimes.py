"""How long services live: singletons, scoped ones, transients and instances."""

from collections.abc import AsyncIterator, Iterator
from typing import Self

import pytest
from aiohttp.test_utils import TestClient, TestServer

from framework import App, Container, Controller, get
from tests.unit._compile.services.asking import Asking


class Clock:
    """A service without needs."""


class Engine:
    """Another one."""


class Repository:
    """A service that needs two."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock


class Service:
    """A service that needs another and shares its needs."""

    def __init__(self, repository: Repository, clock: Clock) -> None:
        self.repository = repository
        self.clock = clock


async def test_a_singleton_is_one_for_all() -> None:
    """All consumers of all requests are given the same object."""
    container = Container()
    for one in (Clock, Engine, Repository):
        container.add_singleton(one)
    container.add_scoped(Service)
    async with Asking(container, service=Service, clock=Clock) as app:
        first, second = await app.ask(), await app.ask()
    assert first["service"] is not second["service"]
    assert first["service"].repository is second["service"].repository
    assert {id(one["clock"]) for one in (first, second)} == {id(first["service"].repository.clock)}


async def test_a_scoped_service_is_one_for_a_request() -> None:
    """All consumers of one request share it, and the next request has its own."""
    container = Container()
    for one in (Clock, Engine, Repository, Service):
        container.add_scoped(one)
    async with Asking(container, service=Service, clock=Clock) as app:
        first, second = await app.ask(), await app.ask()
    for given in (first, second):
        assert given["service"].clock is given["service"].repository.clock is given["clock"]
    assert first["clock"] is not second["clock"]


async def test_a_transient_is_made_for_each_consumer() -> None:
    """Nobody shares a transient, not even within one request."""
    container = Container()
    container.add_transient(Clock)
    container.add_singleton(Engine)
    container.add_scoped(Repository)
    container.add_scoped(Service)
    async with Asking(container, service=Service, clock=Clock, other=Clock) as app:
        given = await app.ask()
    clocks = [given["service"].clock, given["service"].repository.clock, given["clock"], given["other"]]
    assert len(set(clocks)) == len(clocks)


async def test_a_transient_of_a_singleton_lives_with_it() -> None:
    """What a singleton was given at start it keeps."""
    container = Container()
    container.add_transient(Clock)
    container.add_singleton(Engine)
    container.add_singleton(Repository)
    async with Asking(container, repository=Repository, clock=Clock) as app:
        first, second = await app.ask(), await app.ask()
    assert first["repository"].clock is second["repository"].clock
    assert first["clock"] is not second["clock"] is not first["repository"].clock


async def test_an_instance_is_given_as_it_is() -> None:
    """An instance is neither copied nor entered nor closed, even a context manager."""

    class Managed(Clock):
        entered = False

        def __enter__(self) -> Self:
            self.entered = True
            return self

        def __exit__(self, *_: object) -> None:
            self.entered = True

    clock = Managed()
    container = Container()
    container.add_instance(Clock, clock)
    container.add_singleton(Engine)
    container.add_scoped(Repository)
    async with Asking(container, repository=Repository, clock=Clock) as app:
        given = await app.ask()
    assert given["clock"] is given["repository"].clock is clock
    assert not clock.entered


async def test_singletons_open_by_need_and_close_in_reverse() -> None:
    """What is needed is opened first and closed last, whatever the order of registration, used or not."""
    events: list[str] = []

    def open_repository(engine: Engine, clock: Clock) -> Iterator[Repository]:
        events.append("open repository")
        yield Repository(engine, clock)
        events.append("close repository")

    async def open_engine(clock: Clock) -> AsyncIterator[Engine]:
        events.append(f"open engine of {type(clock).__name__}")
        yield Engine()
        events.append("close engine")

    def open_clock() -> Iterator[Clock]:
        events.append("open clock")
        yield Clock()
        events.append("close clock")

    container = Container()
    container.add_singleton(Repository, open_repository)
    container.add_singleton(Engine, open_engine)
    container.add_singleton(Clock, open_clock)
    async with Asking(container):
        assert events == ["open clock", "open engine of Clock", "open repository"]
        events.clear()
    assert events == ["close repository", "close engine", "close clock"]


async def test_a_singleton_that_fails_to_open_closes_those_before() -> None:
    """The error is raised at start, and what was open sees it and is closed."""
    seen: list[BaseException] = []

    def open_clock() -> Iterator[Clock]:
        try:
            yield Clock()
        except ValueError as error:
            seen.append(error)
            raise

    def fail(clock: Clock) -> Engine:
        raise ValueError(f"no engine at {type(clock).__name__}")

    container = Container()
    container.add_singleton(Engine, fail)
    container.add_singleton(Clock, open_clock)
    with pytest.raises(ValueError, match=r"\Ano engine at Clock\nThe service Engine cannot be opened; ") as caught:
        async with Asking(container):
            pass
    assert seen == [caught.value]


async def test_a_singleton_that_fails_to_close_stops_no_other() -> None:
    """The others are closed and see the error, which is raised at the stop."""
    seen: list[BaseException] = []

    def open_clock() -> Iterator[Clock]:
        try:
            yield Clock()
        except OSError as error:
            seen.append(error)
            raise

    def open_engine(clock: Clock) -> Iterator[Engine]:
        yield Engine()
        raise OSError(f"engine of {type(clock).__name__}")

    container = Container()
    container.add_singleton(Engine, open_engine)
    container.add_singleton(Clock, open_clock)
    with pytest.raises(OSError, match=r"\Aengine of Clock\Z") as caught:
        async with Asking(container):
            assert seen == []
    assert seen == [caught.value]


async def test_a_generator_that_yields_nothing() -> None:
    """A generator that ends before its yield is told by its name at start, and is a 500 of a request."""

    def open_clock() -> Iterator[Clock]:
        if not events:
            return
        yield Clock()

    async def open_engine() -> AsyncIterator[Engine]:
        if not events:
            return
        yield Engine()

    events: list[str] = []
    for key, factory in ((Clock, open_clock), (Engine, open_engine)):
        container = Container()
        container.add_singleton(key, factory)
        with pytest.raises(
            RuntimeError, match=rf"\AThe provider {factory.__name__} yielded nothing\nThe service {key.__name__} "
        ):
            async with Asking(container):
                pass
        container = Container()
        container.add_scoped(key, factory)
        async with Asking(container, service=key) as app:
            assert await app.ask(status=500) == {}
            events.append("now")
            assert isinstance((await app.ask())["service"], key)
            events.clear()


async def test_two_builds_of_one_app_share_nothing() -> None:
    """Each application opens its own singletons, and both serve at the same time."""
    given: list[Clock] = []

    class Orders(Controller):
        def __init__(self, clock: Clock) -> None:
            self.clock = clock

        @get("/")
        async def show(self) -> None:
            given.append(self.clock)

    container = Container()
    container.add_singleton(Clock)
    app = App([Orders], container=container, openapi=None)
    async with TestClient(TestServer(app.build())) as first, TestClient(TestServer(app.build())) as second:
        for client in (first, second, first, second):
            async with client.get("/") as response:
                assert response.status == 204
    assert given[0] is given[2] is not given[1]
    assert given[1] is given[3]


async def test_a_registration_after_the_build_is_for_the_next() -> None:
    """A built application keeps what it was built from."""
    container = Container()
    container.add_singleton(Clock)
    async with Asking(container, clock=Clock) as app:
        container.add_singleton(Engine)
        assert [*await app.ask()] == ["clock"]
    async with Asking(container, engine=Engine) as app:
        assert [*await app.ask()] == ["engine"]


async def test_a_controller_lives_as_long_as_its_needs_let_it() -> None:
    """Built once for the process where all that it needs is singleton, and by each request otherwise."""
    built: list[str] = []

    class Once(Controller):
        path = "/once"

        def __init__(self, clock: Clock, clocks: list[Clock], missing: Engine | None = None) -> None:
            built.append(f"once with {len(clocks)} of {type(clock).__name__} and {missing}")

        @get()
        async def show(self) -> None:
            """Answer."""

    class Each(Controller):
        path = "/each"

        def __init__(self, repository: Repository) -> None:
            built.append(f"each with {type(repository).__name__}")

        @get()
        async def show(self) -> None:
            """Answer."""

    class Transient(Controller):
        path = "/transient"

        def __init__(self, transients: list[Service]) -> None:
            built.append(f"transient with {len(transients)}")

        @get()
        async def show(self) -> None:
            """Answer."""

    container = Container()
    container.add_singleton(Clock)
    container.add_scoped(Repository, lambda: Repository(Engine(), Clock()))
    container.add_transient(Service)
    app = App([Once, Each, Transient], container=container, openapi=None)
    async with TestClient(TestServer(app.build())) as client:
        assert built == ["once with 1 of Clock and None"]
        built.clear()
        for path in ("/once", "/each", "/transient", "/once", "/each", "/transient"):
            async with client.get(path) as response:
                assert response.status == 204
    assert built == ["each with Repository", "transient with 1"] * 2
