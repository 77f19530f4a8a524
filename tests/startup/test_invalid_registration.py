"""InvalidProviderError: a registration whose type, instance or override is none."""

from typing import Annotated, Any, Generic, Protocol, TypeVar

from framework import Container, Inject
from framework.errors import InvalidProviderError
from tests.startup.expected import Told, after, mistakes_of

T = TypeVar("T")
NOTHING: Any = None


class Clock:
    """Something to provide."""


class FastClock(Clock):
    """A kind of it."""


class Calendar:
    """Something else."""


class Store(Generic[T]):
    """An open generic."""


class Runner(Protocol):
    """A protocol of methods that cannot be asked for its subclasses."""

    def run(self) -> None:
        """Run."""


def make_clock() -> Clock:
    """Make one."""
    return Clock()


def wrong(where: str, what: str, hint: str) -> Told:
    """Return the one mistake as it is told."""
    return [(InvalidProviderError, f"{where}: {what}.\n  Hint: {hint}.")]


def test_an_instance_of_something_else() -> None:
    """An instance is one of its type; the class itself and None are not."""

    def register(container: Container) -> None:
        container.add_instance(Clock, Calendar())
        container.add_instance(FastClock, FastClock)
        container.add_instance(Calendar, None)

    assert mistakes_of(register) == [
        *wrong(after(register, 1), "the instance of Clock is a Calendar", "give an instance of Clock"),
        *wrong(
            after(register, 2),
            "the instance of FastClock is the class FastClock itself",
            "give an instance of FastClock",
        ),
        *wrong(after(register, 3), "the instance of Calendar is None", "give an instance, or a factory"),
    ]


def test_an_override_with_nothing() -> None:
    """An override gives a factory or an instance; the instance may be any fake."""
    container = Container()
    container.add_scoped(Clock)
    fakes = Container()
    fakes.add_scoped(Clock)

    def register(_: Container) -> None:
        """Leave the container as it is."""

    override = container.override(Clock)
    with override, fakes.override(Clock, instance=object()):
        assert [(one.instance, one.replaces) for one in container.registrations()] == [(None, True)]
        assert mistakes_of(register) == []


def test_what_is_no_type() -> None:
    """A service is registered for a type, bare: not for a name, a function, an optional or a marked type."""
    unhashable: Any = [Clock]
    optional: Any = Clock | None
    marked: Any = Annotated[Clock, Inject("slow")]
    unhashable_mark: Any = Annotated[Clock, []]
    partly_open: Any = Store[T]  # type: ignore[valid-type]  # the mistake

    def register(container: Container) -> None:
        container.add_scoped("Clock", make_clock)
        container.add_scoped(make_clock)
        container.add_scoped(Clock())
        container.add_scoped(NOTHING, make_clock)
        container.add_scoped(optional, make_clock)
        container.add_scoped(marked, make_clock)
        container.add_scoped(unhashable, make_clock)
        container.add_scoped(unhashable_mark, make_clock)
        container.add_scoped(partly_open)

    hint = "give the type itself; add_instance takes it and then the instance"
    assert mistakes_of(register) == [
        *wrong(after(register, 1), "'Clock' is registered as a type", hint),
        *wrong(
            after(register, 2),
            "the function make_clock is registered as a type",
            "give the type first, then its factory",
        ),
        *wrong(after(register, 3), "an instance of Clock is registered as a type", hint),
        *wrong(after(register, 4), "None is registered as a type", hint),
        *wrong(
            after(register, 5),
            "Clock | None is registered as an optional",
            "register Clock; who asks for Clock | None is given it",
        ),
        *wrong(
            after(register, 6), "Clock is registered with metadata", "register Clock; qualifier= tells several apart"
        ),
        *wrong(after(register, 7), "[Clock] is registered as a type", hint),
        *wrong(
            after(register, 8), "Clock is registered with metadata", "register Clock; qualifier= tells several apart"
        ),
        *wrong(
            after(register, 9),
            "Store[T] is registered with a type variable",
            "register Store, which stands for all of it",
        ),
    ]


def test_what_is_no_mistake() -> None:
    """Subclasses, protocols, optionals of a factory, Any, lambdas and partly typed generics are taken on trust."""

    def maybe() -> Clock | None:
        return None

    def anything() -> Any:
        return Clock()

    class Run:
        def run(self) -> None:
            """Run."""

    def register(container: Container) -> None:
        container.add_scoped(Clock, FastClock)
        container.add_scoped(Runner, Run)
        container.add_scoped(Clock, maybe, qualifier="maybe")
        container.add_scoped(Clock, anything, qualifier="any")
        container.add_scoped(Clock, lambda: Clock(), qualifier="lambda")
        container.add_scoped(list[Clock], lambda: [Clock()], qualifier="list")
        container.add_instance(Runner, Run(), qualifier="instance")
        container.add_instance(type[Clock], FastClock)

    assert mistakes_of(register) == []
