"""RequestInSingletonError: what lives as long as the process reads a request."""

from typing import Annotated

from aiohttp import web

from framework import Body, Container, Controller, Header, Request, get
from framework.errors import RequestInSingletonError
from tests.startup.expected import mistakes, mistakes_of, place


class Clock:
    """Something to provide."""


class Calendar:
    """Something that needs it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Answer."""
        return ""


def test_by_a_marker_or_whole() -> None:
    """A singleton's factory reads neither a header nor a body nor the request itself."""

    def make(zone: Annotated[str, Header()], body: Annotated[str, Body()], request: Request) -> Clock:
        raise NotImplementedError(zone, body, request)

    where = f"make ({place(make)})"
    assert mistakes_of(lambda container: container.add_singleton(Clock, make)) == [
        (
            RequestInSingletonError,
            f"{where}, parameter '{name}': Clock lives as long as the process and cannot read a request.\n"
            "  Hint: register Clock with add_scoped, or take the parameter out.",
        )
        for name in ("zone", "body", "request")
    ]


def test_through_a_transient() -> None:
    """A transient below a singleton is made with it; who must become scoped is the singleton."""

    def make(request: Request) -> Clock:
        raise NotImplementedError(request)

    def register(container: Container) -> None:
        container.add_transient(Clock, make)
        container.add_singleton(Calendar)

    assert mistakes_of(register) == [
        (
            RequestInSingletonError,
            f"make ({place(make)}), parameter 'request': "
            "Calendar lives as long as the process and cannot read a request.\n"
            "  Hint: register Calendar with add_scoped, or take the parameter out.",
        )
    ]


def test_a_guard() -> None:
    """A guard is given the request when it is called."""

    class RequireUser:
        def __init__(self, request: Request) -> None:
            self.request = request

        async def __call__(self, request: web.Request) -> None:
            """Admit everybody."""

    assert mistakes(Orders, guards=(RequireUser,)) == [
        (
            RequestInSingletonError,
            f"RequireUser.__init__ ({place(RequireUser.__init__)}), parameter 'request': "
            "RequireUser lives as long as the process and cannot read a request.\n"
            "  Hint: take the parameter out; the request is given to __call__.",
        )
    ]


def test_a_controller_may() -> None:
    """A controller that reads the request is built by each request."""

    class Items(Controller):
        def __init__(self, request: Request, zone: Annotated[str, Header()]) -> None:
            self.request, self.zone = request, zone

        @get("/items")
        async def search(self) -> str:
            return ""

    assert mistakes(Items) == []
