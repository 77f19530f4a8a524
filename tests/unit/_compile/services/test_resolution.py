"""Which registration a type, a qualifier, a list, an optional or a generic is given."""

from typing import Annotated, Generic, NewType, Protocol, TypeVar

import pytest

from framework import Container, Inject
from tests.unit._compile.services.asking import Asking, ask

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


class Clock:
    """A service."""


class FastClock(Clock):
    """A kind of it."""


class Order:
    """What a generic is of."""


class Item:
    """Another."""


class Repository(Generic[T]):
    """An open generic that knows what it was made for."""

    def __init__(self, model: type[T], clock: Clock) -> None:
        self.model = model
        self.clock = clock


class Storage(Protocol[T_co]):
    """A generic protocol."""

    def kind(self) -> str:
        """Say what it is."""
        ...


class MemoryStorage(Generic[T]):
    """What implements it."""

    def __init__(self, repository: Repository[T]) -> None:
        self.repository = repository

    def kind(self) -> str:
        """Say what it is."""
        return "memory"


class OrderStorage(MemoryStorage[Order]):
    """A generic that is filled in by inheritance, with the inherited constructor."""


class Pair(Generic[T, U]):
    """A generic of two."""

    def __init__(self, first: Repository[T], second: Repository[U]) -> None:
        self.models = first.model, second.model


class Swapped(Pair[U, T], Generic[T, U]):
    """A generic whose base has its variables in another order."""


def filled() -> Container:
    """Return a container with a clock and an open repository."""
    container = Container()
    container.add_singleton(Clock)
    container.add_scoped(Repository)
    return container


async def test_by_the_registered_type_alone() -> None:
    """A subclass is given where it is registered for the base, and a base is never looked for."""
    container = Container()
    container.add_scoped(Clock, FastClock)
    assert type(await ask(container, Clock)) is FastClock
    with pytest.raises(ExceptionGroup, match="1 error"):
        Asking(container, clock=FastClock)
    container.add_scoped(FastClock)
    with pytest.raises(ExceptionGroup, match="1 error"):
        Asking(container, clock=Item)


async def test_qualifiers() -> None:
    """A qualifier chooses, none chooses the plain registration, and Inject() is as good as none."""
    container = Container()
    container.add_singleton(Clock)
    container.add_singleton(Clock, FastClock, qualifier="fast")
    async with Asking(
        container,
        plain=Clock,
        marked=Annotated[Clock, Inject()],
        bare=Annotated[Clock, Inject],
        fast=Annotated[Clock, Inject("fast")],
    ) as app:
        given = await app.ask()
    assert given["plain"] is given["marked"] is given["bare"]
    assert [type(given[name]) for name in ("plain", "fast")] == [Clock, FastClock]


async def test_a_list_is_all_of_them() -> None:
    """list[T] holds every registration of T in their order, each with its own lifetime."""
    container = Container()
    container.add_scoped(Clock, FastClock, qualifier="first")
    container.add_singleton(Clock)
    container.add_transient(Clock, FastClock, qualifier="last")
    async with Asking(container, clocks=list[Clock], plain=Clock, optional=list[Clock] | None) as app:
        given, other = await app.ask(), await app.ask()
    assert [type(one) for one in given["clocks"]] == [FastClock, Clock, FastClock]
    assert given["clocks"][1] is given["plain"]
    assert [one is another for one, another in zip(given["clocks"], other["clocks"], strict=True)] == [
        False,
        True,
        False,
    ]
    assert given["clocks"] is not given["optional"]
    assert given["clocks"][:2] == given["optional"][:2]


async def test_a_list_may_be_registered_itself() -> None:
    """A registration of list[T] comes before a collection of T."""
    clocks = [FastClock()]
    container = Container()
    container.add_singleton(Clock)
    container.add_instance(list[Clock], clocks)
    assert await ask(container, list[Clock]) is clocks


async def test_an_optional_service_is_given_where_it_is_registered() -> None:
    """T | None is T where somebody provides it, and the default where nobody does."""

    class Group:
        def __init__(self, clock: Clock | None = None, item: Item | None = None, *, size: int = 3) -> None:
            self.given = clock, item, size

    container = Container()
    container.add_singleton(Clock)
    container.add_scoped(Group)
    async with Asking(container, group=Group, clock=Clock | None) as app:
        given = await app.ask()
    assert given["group"].given == (given["clock"], None, 3)


async def test_a_factory_may_make_none() -> None:
    """Who asks for an optional service is given the None that its factory made."""

    def maybe() -> Clock | None:
        return None

    container = Container()
    container.add_scoped(Clock, maybe)
    assert await ask(container, Clock | None) is None


async def test_a_new_type_is_a_type_of_its_own() -> None:
    """Two NewTypes of one class are two services."""
    Zone = NewType("Zone", str)
    Place = NewType("Place", str)
    container = Container()
    container.add_instance(Zone, Zone("UTC"))
    container.add_instance(Place, Place("here"))

    class Group:
        def __init__(self, zone: Zone, place: Place) -> None:
            self.given = zone, place

    container.add_scoped(Group)
    assert (await ask(container, Group)).given == ("UTC", "here")


async def test_an_open_generic_is_made_for_each_type() -> None:
    """Repository[Order] is a service of its own, which is told its type by type[T]."""
    async with Asking(filled(), orders=Repository[Order], items=Repository[Item], again=Repository[Order]) as app:
        given = await app.ask()
    assert (given["orders"].model, given["items"].model) == (Order, Item)
    assert given["orders"] is given["again"] is not given["items"]
    assert given["orders"].clock is given["items"].clock


async def test_an_exact_generic_comes_first() -> None:
    """A registration of one type of a generic replaces the open one for that type."""

    class OrderRepository(Repository[Order]):
        """The special one."""

    container = filled()
    container.add_scoped(Repository[Order], OrderRepository)
    async with Asking(container, orders=Repository[Order], items=Repository[Item]) as app:
        given = await app.ask()
    assert [(type(one), one.model) for one in given.values()] == [(OrderRepository, Order), (Repository, Item)]


async def test_generics_inside_generics() -> None:
    """Type variables are filled in through constructors, inherited and reordered ones among them."""
    container = filled()
    container.add_scoped(Storage, MemoryStorage)
    container.add_scoped(OrderStorage)
    container.add_scoped(Pair)
    container.add_scoped(Swapped)
    async with Asking(
        container,
        items=Storage[Item],
        orders=OrderStorage,
        pair=Pair[Order, Item],
        swapped=Swapped[Order, Item],
    ) as app:
        given = await app.ask()
    assert given["items"].kind() == "memory"
    assert given["items"].repository.model is Item
    assert given["orders"].repository.model is Order
    assert given["pair"].models == (Order, Item)
    assert given["swapped"].models == (Item, Order)


async def test_a_generic_by_a_factory() -> None:
    """One type of a generic may have a factory, as any type."""

    def make(clock: Clock) -> Repository[Order]:
        return Repository(Order, clock)

    container = Container()
    container.add_singleton(Clock)
    container.add_singleton(Repository[Order], make)
    assert (await ask(container, Repository[Order])).model is Order


async def test_an_open_generic_as_singleton() -> None:
    """Each type of an open generic that somebody needs is opened when the app starts."""
    made: list[type] = []

    class Cache(Generic[T]):
        def __init__(self, model: type[T]) -> None:
            made.append(model)

    container = Container()
    container.add_singleton(Cache)
    async with Asking(container, orders=Cache[Order], items=Cache[Item]) as app:
        assert sorted(one.__name__ for one in made) == ["Item", "Order"]
        assert (await app.ask())["orders"] is (await app.ask())["orders"]
    assert len(made) == 2
