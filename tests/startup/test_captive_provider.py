"""CaptiveProviderError: what lives as long as the process would keep what lives as long as a request."""

from aiohttp import web

from framework import Container, Controller, get
from framework.errors import CaptiveProviderError
from tests.startup.expected import mistakes, mistakes_of, place


class Session:
    """A service of one request."""


class Repository:
    """What needs a session."""

    def __init__(self, session: Session) -> None:
        self.session = session


class Cache:
    """What needs a repository."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Answer."""
        return ""


def test_a_singleton_that_needs_a_scoped_one() -> None:
    """The first request's session would serve all that follow."""

    def register(container: Container) -> None:
        container.add_singleton(Repository)
        container.add_scoped(Session)

    assert mistakes_of(register) == [
        (
            CaptiveProviderError,
            f"Repository.__init__ ({place(Repository.__init__)}), parameter 'session': "
            "Repository lives as long as the process, and Session is scoped.\n"
            "  Needed by: Repository -> Session\n"
            "  Hint: register Session as a singleton, or Repository as scoped.",
        )
    ]


def test_through_a_transient() -> None:
    """A transient lives as long as who asked for it."""

    def register(container: Container) -> None:
        container.add_singleton(Cache)
        container.add_transient(Repository)
        container.add_scoped(Session)

    assert mistakes_of(register) == [
        (
            CaptiveProviderError,
            f"Repository.__init__ ({place(Repository.__init__)}), parameter 'session': "
            "Cache lives as long as the process, and Session is scoped.\n"
            "  Needed by: Cache -> Repository -> Session\n"
            "  Hint: register Session as a singleton, or Cache as scoped.",
        )
    ]


def test_in_a_list() -> None:
    """One scoped member makes a list captive."""

    class Group:
        def __init__(self, sessions: list[Session]) -> None:
            self.sessions = sessions

    def register(container: Container) -> None:
        container.add_singleton(Group)
        container.add_singleton(Session)
        container.add_scoped(Session, qualifier="slow")

    assert mistakes_of(register) == [
        (
            CaptiveProviderError,
            f"Group.__init__ ({place(Group.__init__)}), parameter 'sessions': "
            "Group lives as long as the process, and Session is scoped.\n"
            "  Needed by: Group -> Session\n"
            "  Hint: register Session as a singleton, or Group as scoped.",
        )
    ]


def test_a_guard() -> None:
    """Guards, middlewares and exception handlers live as long as the process and have no other lifetime."""

    class RequireSession:
        def __init__(self, session: Session) -> None:
            self.session = session

        async def __call__(self, request: web.Request) -> None:
            """Admit everybody."""

    container = Container()
    container.add_scoped(Session)
    assert mistakes(Orders, container=container, guards=(RequireSession,)) == [
        (
            CaptiveProviderError,
            f"RequireSession.__init__ ({place(RequireSession.__init__)}), parameter 'session': "
            "RequireSession lives as long as the process, and Session is scoped.\n"
            "  Needed by: RequireSession -> Session\n"
            "  Hint: register Session as a singleton, or take it in __call__ of a guard or an exception handler.",
        )
    ]


def test_a_controller_never_is() -> None:
    """A controller lives as long as what it needs lets it."""

    class Items(Controller):
        def __init__(self, session: Session) -> None:
            self.session = session

        @get("/items")
        async def search(self) -> str:
            return ""

    assert mistakes_of(lambda container: container.add_scoped(Session), Items) == []
