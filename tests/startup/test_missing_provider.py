"""MissingProviderError: something is asked for that nobody provides."""

from abc import ABC, abstractmethod
from typing import Annotated, Protocol

from msgspec import Struct

from framework import Container, Controller, Inject, get
from framework.errors import MissingProviderError
from tests.startup.expected import mistakes, mistakes_of, place


class Database:
    """A service."""


class Repository:
    """A service that needs another."""

    def __init__(self, database: Database) -> None:
        self.database = database


class Service:
    """A service that needs one that needs another."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository


def missing(where: str, name: str, needed_by: str, hint: str, *, parameter: str = "database") -> tuple[type, str]:
    """Return the mistake as it is told."""
    return (
        MissingProviderError,
        f"{where}, parameter '{parameter}': no provider for {name}.\n  Needed by: {needed_by}\n  Hint: {hint}.",
    )


def test_a_controllers_constructor() -> None:
    """The example of the documentation, word by word."""

    class Orders(Controller):
        def __init__(self, database: Database) -> None:
            self.database = database

        @get()
        async def search(self) -> str:
            return ""

    assert mistakes(Orders) == [
        missing(
            f"Orders.__init__ ({place(Orders.__init__)})",
            "Database",
            "Orders",
            "pass container= to App, with container.add_scoped(Database), or give the parameter a default",
        )
    ]


def test_the_whole_path_is_told() -> None:
    """What is missing deep in the graph is told where it is asked for, with all that led there."""

    class Orders(Controller):
        def __init__(self, service: Service) -> None:
            self.service = service

        @get()
        async def search(self) -> str:
            return ""

    def register(container: Container) -> None:
        container.add_scoped(Service)
        container.add_scoped(Repository)

    hint = "container.add_scoped(Database), or give the parameter a default"
    where = f"Repository.__init__ ({place(Repository.__init__)})"
    # The registration is looked at before the controller; who meets the mistake first tells it.
    assert mistakes_of(register, Orders) == [missing(where, "Database", "Service -> Repository", hint)]


def test_a_handler() -> None:
    """A class that no payload can be is asked of the container."""

    class Orders(Controller):
        @get()
        async def search(self, database: Database) -> str:
            return str(database)

    assert mistakes(Orders) == [
        missing(
            f"Orders.search ({place(Orders.search)})",
            "Database",
            "Orders.search",
            "pass container= to App, with container.add_scoped(Database), or give the parameter a default"
            "; if it is a value, describe it with App(types=[CustomType(Database, decode=…, encode=…, schema=…)])",
        )
    ]


def test_an_optional_service_without_default() -> None:
    """An optional service is none by its default, not by its type alone."""

    class Orders(Controller):
        @get()
        async def search(self, database: Database | None) -> str:
            return str(database)

    assert mistakes(Orders) == [
        missing(
            f"Orders.search ({place(Orders.search)})",
            "Database | None",
            "Orders.search",
            "pass container= to App, with container.add_scoped(Database), or give the parameter a default"
            "; if it is a value, describe it with App(types=[CustomType(Database, decode=…, encode=…, schema=…)])",
        )
    ]


def test_of_a_singleton() -> None:
    """What lives as long as the process needs what does so too, and the hint says so."""
    assert mistakes_of(lambda container: container.add_singleton(Repository)) == [
        missing(
            f"Repository.__init__ ({place(Repository.__init__)})",
            "Database",
            "Repository",
            "container.add_singleton(Database), or give the parameter a default",
        )
    ]


def test_of_what_cannot_be_made() -> None:
    """An abstract class or a protocol needs a factory."""

    class Abstract(ABC):
        @abstractmethod
        def run(self) -> None: ...

    class Runner(Protocol):
        def run(self) -> None: ...

    def make(database: Abstract, runner: Runner) -> Service:
        raise NotImplementedError(database, runner)

    where = f"make ({place(make)})"
    assert mistakes_of(lambda container: container.add_scoped(Service, make)) == [
        missing(where, "Abstract", "Service", "container.add_scoped(Abstract, …), or give the parameter a default"),
        missing(
            where,
            "Runner",
            "Service",
            "container.add_scoped(Runner, …), or give the parameter a default",
            parameter="runner",
        ),
    ]


def test_data_that_a_provider_asks_for() -> None:
    """A provider's parameter is a service unless a marker says otherwise."""

    class Page(Struct):
        number: int = 1

    def make(database: int, page: Page) -> Service:
        raise NotImplementedError(database, page)

    def make_once(database: int) -> Repository:
        raise NotImplementedError(database)

    def register(container: Container) -> None:
        container.add_scoped(Service, make)
        container.add_singleton(Repository, make_once)

    assert mistakes_of(register) == [
        missing(
            f"make ({place(make)})",
            "int",
            "Service",
            "name its source, for example Annotated[int, Query()], or give the parameter a default",
        ),
        missing(
            f"make ({place(make)})",
            "Page",
            "Service",
            "name its source, for example Annotated[Page, Body()], or give the parameter a default",
            parameter="page",
        ),
        missing(
            f"make_once ({place(make_once)})",
            "int",
            "Repository",
            "register a function that passes the int, or give the parameter a default",
        ),
    ]


def test_another_qualifier() -> None:
    """What is registered under other qualifiers, or without one, is told with them."""

    class Orders(Controller):
        @get()
        async def search(
            self,
            unqualified: Database,
            misspelt: Annotated[Database, Inject("replcia")],
            needless: Annotated[Service, Inject("slow")],
            unknown: Annotated[Repository, Inject("slow")],
        ) -> str:
            return f"{unqualified} {misspelt} {needless} {unknown}"

    def register(container: Container) -> None:
        container.add_singleton(Database, qualifier="primary")
        container.add_singleton(Database, qualifier="replica")
        container.add_singleton(Service, lambda: Service(Repository(Database())))

    where = f"Orders.search ({place(Orders.search)})"
    assert mistakes_of(register, Orders) == [
        missing(
            where,
            "Database",
            "Orders.search",
            "choose one with Annotated[Database, Inject('primary')]; registered are 'primary', 'replica'",
            parameter="unqualified",
        ),
        missing(
            where,
            "Database",
            "Orders.search",
            "container.add_scoped(Database, qualifier='replcia'); registered are 'primary', 'replica'",
            parameter="misspelt",
        ),
        missing(
            where,
            "Service",
            "Orders.search",
            "container.add_scoped(Service, qualifier='slow'); it is registered without a qualifier",
            parameter="needless",
        ),
        missing(
            where,
            "Repository",
            "Orders.search",
            "container.add_scoped(Repository, qualifier='slow')",
            parameter="unknown",
        ),
    ]


def test_a_list_of_nothing() -> None:
    """A list of services needs at least one registration of their type."""

    class Group:
        def __init__(self, database: list[Database]) -> None:
            self.database = database

    assert mistakes_of(lambda container: container.add_scoped(Group)) == [
        missing(
            f"Group.__init__ ({place(Group.__init__)})",
            "list[Database]",
            "Group",
            "container.add_scoped(Database), or give the parameter a default",
        )
    ]


def test_a_default_will_do() -> None:
    """A parameter with a default may be missing, in a handler, a constructor and a factory."""

    class Orders(Controller):
        def __init__(self, database: Database | None = None) -> None:
            self.database = database

        @get()
        async def search(self, service: Service | None = None) -> str:
            return str(service)

    def make(database: Database | None = None) -> Service:
        return Service(Repository(database or Database()))

    assert mistakes_of(lambda container: container.add_scoped(Service, make), Orders) == []
