"""Overrides for tests: what they replace, for how long, and what they leave alone."""

from collections.abc import Iterator
from typing import Annotated, Generic, TypeVar

import pytest

from framework import Container, Inject, Lifetime
from tests.unit._compile.services.asking import Asking, ask

T = TypeVar("T")


class Clock:
    """A service."""

    zone = "UTC"


class FakeClock(Clock):
    """What stands in for it."""

    zone = "fake"


class Service:
    """A service that needs another."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Store(Generic[T]):
    """An open generic."""


class FakeStore(Store[int]):
    """What stands in for one of its types."""


def container_of(lifetime: Lifetime) -> Container:
    """Return a container whose clock has a lifetime."""
    container = Container()
    getattr(container, f"add_{lifetime}")(Clock)
    container.add_scoped(Service)
    return container


@pytest.mark.parametrize("lifetime", Lifetime)
async def test_an_instance_stands_in_everywhere(lifetime: Lifetime) -> None:
    """A fake is given to handlers and to services, whatever the lifetime of what it replaces."""
    container = container_of(lifetime)
    fake = FakeClock()
    with container.override(Clock, instance=fake):
        replaced = Asking(container, clock=Clock, service=Service)
    async with replaced as app:
        given = await app.ask()
    assert given["clock"] is given["service"].clock is fake
    assert type(await ask(container, Clock)) is Clock


async def test_any_object_stands_in() -> None:
    """A fake need not be of the type that it stands in for."""
    container = container_of(Lifetime.SINGLETON)
    fake = object()
    with container.override(Clock, instance=fake):
        assert await ask(container, Clock) is fake


@pytest.mark.parametrize("lifetime", Lifetime)
async def test_a_factory_keeps_the_lifetime(lifetime: Lifetime) -> None:
    """The replacement lives as long as what it replaces."""
    container = container_of(lifetime)
    with container.override(Clock, FakeClock):
        replaced = Asking(container, clock=Clock, other=Clock)
    async with replaced as app:
        first, second = await app.ask(), await app.ask()
    assert type(first["clock"]) is FakeClock
    assert (first["clock"] is first["other"]) is (lifetime is not Lifetime.TRANSIENT)
    assert (first["clock"] is second["clock"]) is (lifetime is Lifetime.SINGLETON)


async def test_a_factory_may_need_other_services_and_clean_up() -> None:
    """A replacement is a provider as any other."""
    events: list[str] = []

    def open_service(clock: Clock) -> Iterator[Service]:
        yield Service(clock)
        events.append("closed")

    container = container_of(Lifetime.SINGLETON)
    with container.override(Service, open_service), container.override(Clock, FakeClock):
        assert type((await ask(container, Service)).clock) is FakeClock
    assert events == ["closed"]


async def test_the_inner_one_counts() -> None:
    """Overrides nest, and each undoes itself alone, whatever the fakes are equal to."""

    class Equal(FakeClock):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Equal)

        def __hash__(self) -> int:
            return 1

    container = container_of(Lifetime.SCOPED)
    outer, inner = Equal(), Equal()
    with container.override(Clock, instance=outer):
        with container.override(Clock, instance=inner), container.override(Service, Service):
            assert await ask(container, Clock) is inner
        assert await ask(container, Clock) is outer
    assert type(await ask(container, Clock)) is Clock


async def test_an_override_is_undone_after_an_error() -> None:
    """A test that fails leaves no fake behind."""
    container = container_of(Lifetime.SINGLETON)
    with pytest.raises(KeyError), container.override(Clock, instance=FakeClock()):
        raise KeyError
    assert type(await ask(container, Clock)) is Clock


async def test_what_was_built_before_keeps_what_it_has() -> None:
    """An override is for what is built inside it."""
    container = container_of(Lifetime.SCOPED)
    before = Asking(container, clock=Clock)
    with container.override(Clock, instance=FakeClock()):
        async with before as app:
            assert type((await app.ask())["clock"]) is Clock


async def test_one_qualifier_of_several() -> None:
    """An override is for one qualifier, in its place among the others."""
    container = container_of(Lifetime.SINGLETON)
    container.add_singleton(Clock, qualifier="slow")
    with container.override(Clock, FakeClock, qualifier="slow"):
        clocks = await ask(container, list[Clock])
        slow = await ask(container, Annotated[Clock, Inject("slow")])
    assert [one.zone for one in clocks] == ["UTC", "fake"]
    assert slow.zone == "fake"


async def test_one_type_of_an_open_generic() -> None:
    """An override for one type leaves the others open, and keeps the lifetime of the generic."""
    container = Container()
    container.add_singleton(Store)
    with container.override(Store[int], FakeStore):
        replaced = Asking(container, numbers=Store[int], texts=Store[str])
    async with replaced as app:
        first, second = await app.ask(), await app.ask()
    assert [type(one) for one in first.values()] == [FakeStore, Store]
    assert first == second
