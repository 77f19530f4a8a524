"""All mistakes of an application arrive together, each once."""

import pytest
from msgspec import Struct

from framework import App, Container, Controller, get
from framework.errors import (
    BodyNotAllowedError,
    CaptiveProviderError,
    DuplicateProviderError,
    DuplicateRouteError,
    InvalidControllerError,
    InvalidLayerError,
    InvalidOptionError,
    InvalidPathError,
    MissingAnnotationError,
    MissingProviderError,
    MissingReturnAnnotationError,
    UnboundPlaceholderError,
)
from tests.startup.expected import after, mistakes, place


class Database:
    """A service that nobody registers."""


class Session:
    """A scoped service."""


class Repository:
    """A singleton that keeps a session."""

    def __init__(self, session: Session, database: Database) -> None:
        self.session, self.database = session, database


class Order(Struct):
    """A body."""

    sku: str


def test_mistakes_of_every_kind_arrive_in_one_group() -> None:
    """Registrations first, then layers, controllers, routes: the exact list."""

    class Empty(Controller):
        """Nothing."""

    class Orders(Controller):
        path = "/orders"

        def __init__(self, repository: Repository) -> None:
            self.repository = repository

        @get("/{order_id}", status="201")  # type: ignore[arg-type]  # the mistake
        async def show(self, order: Order):  # type: ignore[no-untyped-def]  # the mistake
            return order

        @get("/{")
        async def broken(self) -> str:
            return ""

        @get("/same")
        async def first(self, limit) -> str:  # type: ignore[no-untyped-def]  # the mistake
            return str(limit)

        @get("/same")
        async def second(self) -> str:
            return ""

        @get("/same")
        async def third(self) -> str:
            return ""

    def register(container: Container) -> None:
        container.add_singleton(Repository)
        container.add_scoped(Session)
        container.add_scoped(Session)

    container = Container()
    register(container)
    show, repository = f"Orders.show ({place(Orders.show)})", f"Repository.__init__ ({place(Repository.__init__)})"
    assert mistakes(Orders, Empty, container=container, guards=(print,)) == [
        (
            DuplicateProviderError,
            f"{after(register, 3)}: Session is registered more than once (first at {after(register, 2)}).\n"
            "  Hint: drop one of the registrations, or tell them apart with qualifier=.",
        ),
        (
            CaptiveProviderError,
            f"{repository}, parameter 'session': Repository lives as long as the process, and Session is scoped.\n"
            "  Needed by: Repository -> Session\n"
            "  Hint: register Session as a singleton, or Repository as scoped.",
        ),
        (
            MissingProviderError,
            f"{repository}, parameter 'database': no provider for Database.\n"
            "  Needed by: Repository\n"
            "  Hint: container.add_singleton(Database), or give the parameter a default.",
        ),
        (
            InvalidLayerError,
            "print (module builtins): print is given as a guard of app and cannot be called as one.\n"
            "  Hint: write it as async def guard(request) -> None, with every other parameter annotated, "
            "or as a class with such a __call__.",
        ),
        (InvalidOptionError, f"{show}: status='201' is not a number.\n  Hint: write it as status=201."),
        (
            InvalidPathError,
            f"Orders.broken ({place(Orders.broken)}): the path '/orders/{{' has a brace without its partner.\n"
            "  Hint: write placeholders as {name}.",
        ),
        (
            InvalidControllerError,
            f"Empty ({place(Empty)}): it has no handler.\n"
            "  Hint: decorate a method with @get(), @post() or another route.",
        ),
        (
            BodyNotAllowedError,
            f"{show}, parameter 'order': Order would be the request body, and GET has none.\n"
            "  Hint: spread its fields over the query with Annotated[Order, Query()], "
            "or register the type in the container.",
        ),
        (
            UnboundPlaceholderError,
            f"{show}: no parameter takes the placeholder {{order_id}} of the path '/orders/{{order_id}}'.\n"
            "  Hint: add a parameter named 'order_id', or take the placeholder out of the path.",
        ),
        (
            MissingReturnAnnotationError,
            f"{show}: it has no return annotation.\n"
            "  Hint: annotate the return type, for example -> Order, or -> None for 204 No Content.",
        ),
        (
            MissingAnnotationError,
            f"Orders.first ({place(Orders.first)}), parameter 'limit': it has no type annotation.\n"
            "  Hint: annotate it, for example limit: int.",
        ),
        (
            DuplicateRouteError,
            f"Orders.second ({place(Orders.second)}): GET /orders/same is also handled by "
            f"Orders.first ({place(Orders.first)}).\n"
            "  Hint: change the path or the method of one of them.",
        ),
        (
            DuplicateRouteError,
            f"Orders.third ({place(Orders.third)}): GET /orders/same is also handled by "
            f"Orders.first ({place(Orders.first)}).\n"
            "  Hint: change the path or the method of one of them.",
        ),
    ]


def test_a_single_mistake_is_in_a_group_too() -> None:
    """Who catches mistakes catches one kind of exception."""

    class Empty(Controller):
        """Nothing."""

    with pytest.raises(ExceptionGroup) as caught:
        App([Empty], openapi=None).build()
    assert caught.value.message == "1 error in the application"
    assert [type(one) for one in caught.value.exceptions] == [InvalidControllerError]


def test_the_group_counts_its_mistakes() -> None:
    """The message of the group says how many there are."""

    class Orders(Controller):
        @get("/a")
        async def first(self, limit) -> str:  # type: ignore[no-untyped-def]  # the mistake
            return str(limit)

        @get("/b")
        async def second(self, limit) -> str:  # type: ignore[no-untyped-def]  # the mistake
            return str(limit)

    with pytest.raises(ExceptionGroup, match=r"\A2 errors in the application") as caught:
        App([Orders], openapi=None).build()
    assert len(caught.value.exceptions) == 2


def test_a_mistake_that_several_routes_meet_is_told_once() -> None:
    """A provider's mistake is the provider's, whoever asks for it and by how many routes."""

    def open_session(zone) -> Session:  # type: ignore[no-untyped-def]  # the mistake
        raise NotImplementedError(zone)

    class Orders(Controller):
        def __init__(self, session: Session) -> None:
            self.session = session

        @get("/a")
        async def first(self, session: Session) -> str:
            return str(session)

        @get("/b", "/c")
        async def second(self, session: Session) -> str:
            return str(session)

    class Items(Controller):
        def __init__(self, session: Session) -> None:
            self.session = session

        @get("/items")
        async def search(self) -> str:
            return ""

    container = Container()
    container.add_scoped(Session, open_session)
    assert mistakes(Orders, Items, container=container) == [
        (
            MissingAnnotationError,
            f"open_session ({place(open_session)}), parameter 'zone': it has no type annotation.\n"
            "  Hint: annotate it, for example zone: int.",
        )
    ]


def test_a_registration_that_nobody_uses_is_looked_at() -> None:
    """What is registered for tomorrow must be right today."""
    container = Container()
    container.add_transient(Repository)
    container.add_scoped(Session)
    assert mistakes(container=container) == [
        (
            MissingProviderError,
            f"Repository.__init__ ({place(Repository.__init__)}), parameter 'database': no provider for Database.\n"
            "  Needed by: Repository\n"
            "  Hint: container.add_scoped(Database), or give the parameter a default.",
        )
    ]


def test_building_again_tells_the_same() -> None:
    """Nothing of a failed build is kept: the mistakes are found again, and not once they are corrected."""

    class Orders(Controller):
        @get()
        async def search(self, session: Session) -> str:
            return str(session)

    container = Container()
    app = App([Orders], container=container, openapi=None)
    for _ in range(2):
        with pytest.raises(ExceptionGroup, match="1 error"):
            app.build()
    container.add_scoped(Session)
    assert app.build() is not app.build()
